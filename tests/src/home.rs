//! A data folder, a runtime folder and an engine of a test's own.

use crate::programs::program;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A user of Benchtop. Everything that was started is stopped when it goes.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    more: Vec<(&'static str, String)>,
}

/// What a call printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Exit code; -1 for death by a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Demands this exit code.
    ///
    /// # Panics
    /// Where it is another, with all that was printed.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

impl Home {
    /// A fresh user.
    ///
    /// # Panics
    /// Where its folder cannot be made.
    #[must_use]
    pub fn new() -> Self {
        // A short path: socket paths are limited to about 100 bytes.
        Self {
            dir: tempfile::Builder::new()
                .prefix("bt-")
                .tempdir_in("/tmp")
                .expect("a folder"),
            more: Vec::new(),
        }
    }

    /// With another variable in the environment of everything it runs.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Variables that make every program this user's.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.path().join(name).display().to_string();
        let own = [
            ("BENCHTOP_DATA_DIR", below("data")),
            ("BENCHTOP_RUNTIME_DIR", below("run")),
        ];
        own.into_iter().chain(self.more.clone()).collect()
    }

    /// The CLI, ready to be called.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("benchtop"));
        command
            .args(arguments)
            .envs(self.variables())
            .stdin(Stdio::null());
        command
    }

    /// Calls the CLI and waits for it.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn benchtop(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().expect("run benchtop");
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The state of an environment, as `status --json` prints it.
    ///
    /// # Panics
    /// Where that is no JSON.
    pub fn status(&self, which: &[&str]) -> Value {
        let outcome = self.benchtop(&[&["status", "--json"], which].concat());
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {outcome:?}"))
    }

    /// One service of it.
    ///
    /// # Panics
    /// Where there is none of that name.
    pub fn service(&self, which: &[&str], name: &str) -> Value {
        let status = self.status(which);
        let found = status["services"]
            .as_array()
            .and_then(|all| all.iter().find(|s| s["name"] == name).cloned());
        found.unwrap_or_else(|| panic!("no service {name} in {status}"))
    }

    /// Process id of the engine.
    ///
    /// # Panics
    /// Where none runs.
    #[must_use]
    pub fn engine_pid(&self) -> i32 {
        let said = self.benchtop(&["engine", "status"]).expect(0).stdout;
        let pid = said
            .split("pid ")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .and_then(|pid| pid.parse().ok());
        pid.unwrap_or_else(|| panic!("no pid in {said}"))
    }

    /// Kills the engine as a crash would.
    ///
    /// # Panics
    /// Where it cannot be killed.
    pub fn kill_engine(&self) {
        let pid = nix::unistd::Pid::from_raw(self.engine_pid());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("kill the engine");
        crate::eventually("the engine ends", || {
            match nix::sys::signal::kill(pid, None) {
                Err(_) => Ok(()),
                // Dead, but not reaped yet, where its parent is this test.
                Ok(())
                    if std::fs::read_to_string(format!("/proc/{pid}/stat"))
                        .is_ok_and(|stat| stat.contains(") Z ")) =>
                {
                    Ok(())
                }
                Ok(()) => Err("it lives".to_owned()),
            }
        });
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let ended = self.benchtop(&["engine", "stop"]);
        if ended.code != 0 {
            println!("the engine did not end: {ended:?}");
        }
    }
}
