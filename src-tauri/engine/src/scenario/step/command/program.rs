//! A program with all that it starts: a process group of its own, which is gone when the
//! value is.

use crate::lines::Lines;
use crate::scenario::leftovers;
use crate::sink::Origin;
use benchtop_model::exit::Exit;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::Instant;

/// Time between asking and killing.
const GRACE: Duration = Duration::from_secs(5);

/// How long output is read on when the program itself has ended: what it left behind in
/// the pipe comes at once, what its children still write is not waited for.
const LINGER: Duration = Duration::from_millis(500);

pub(super) struct Program {
    child: Child,
    group: i32,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    partial: (Lines, Lines),
    exit: Option<Exit>,
    /// When it is killed.
    deadline: Option<Instant>,
    /// When its output is closed.
    silence: Option<Instant>,
}

impl Program {
    pub(super) fn start(
        command: &[String],
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("the command is empty")?;
        if !folder.is_dir() {
            return Err(format!("the folder {} does not exist", folder.display()));
        }
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            group: group.ok_or("the program has no process id")?,
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            partial: (Lines::default(), Lines::default()),
            exit: None,
            deadline: None,
            silence: None,
        })
    }

    /// The next lines; none when it has ended.
    pub(super) async fn lines(&mut self) -> Vec<(Origin, String)> {
        let mut told = Vec::new();
        let (mut a, mut b) = ([0; 8192], [0; 8192]);
        while told.is_empty() && (self.stdout.is_some() || self.stderr.is_some()) {
            tokio::select! {
                read = read(&mut self.stdout, &mut a) => match read {
                    0 => self.stdout = None,
                    n => self.partial.0.push(&a[..n], |line| told.push((Origin::Stdout, line))),
                },
                read = read(&mut self.stderr, &mut b) => match read {
                    0 => self.stderr = None,
                    n => self.partial.1.push(&b[..n], |line| told.push((Origin::Stderr, line))),
                },
                status = self.child.wait(), if self.exit.is_none() => {
                    self.exit = Some(exit(status));
                    self.silence = Some(Instant::now() + LINGER);
                }
                () = until(self.deadline) => {
                    self.deadline = None;
                    self.kill();
                }
                () = until(self.silence) => (self.stdout, self.stderr) = (None, None),
            }
        }
        if told.is_empty() {
            self.partial.0.end(|line| told.push((Origin::Stdout, line)));
            self.partial.1.end(|line| told.push((Origin::Stderr, line)));
        }
        told
    }

    /// How it ended; its output is closed by now, but it may still be there.
    pub(super) async fn wait(&mut self) -> Result<Exit, String> {
        while self.exit.is_none() {
            tokio::select! {
                status = self.child.wait() => self.exit = Some(exit(status)),
                () = until(self.deadline) => {
                    self.deadline = None;
                    self.kill();
                }
            }
        }
        // Its children do not outlive it.
        self.kill();
        self.exit
            .clone()
            .ok_or_else(|| "its end was not seen".to_owned())
    }

    /// All of it is asked to end, and killed when it does not.
    pub(super) fn ask_to_end(&mut self) {
        // A group that is gone needs no signal.
        _ = kill(Pid::from_raw(-self.group), Signal::SIGTERM);
        self.deadline = Some(Instant::now() + GRACE);
    }

    /// Process id of the program, which leads its group.
    pub(super) fn leader(&self) -> u32 {
        u32::try_from(self.group).unwrap_or(0)
    }

    fn kill(&self) {
        match self.exit {
            // Those that left the group are found by their parents, while these live.
            None => leftovers::end_group(self.leader()),
            // A group that is gone needs no signal.
            Some(_) => _ = kill(Pid::from_raw(-self.group), Signal::SIGKILL),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.exit.is_none() {
            self.kill();
        }
    }
}

fn exit(status: std::io::Result<std::process::ExitStatus>) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::with_code(code),
            (None, signal) => Exit {
                code: None,
                signal,
                ..Exit::with_code(0)
            },
        },
        Err(_) => Exit::with_code(-1),
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The next bytes; 0 at the end. Never, where it is closed.
async fn read<R: tokio::io::AsyncRead + Unpin>(from: &mut Option<R>, into: &mut [u8]) -> usize {
    match from {
        Some(from) => from.read(into).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
