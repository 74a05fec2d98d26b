//! Starting other programs: shown before they run, named when they fail, and never
//! waited for longer than their limit.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A program with its arguments.
pub(crate) struct Cmd {
    inner: Command,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut inner = Command::new(program);
        // `cargo xtask` itself runs under cargo, which describes xtask in these. A
        // build script that looks at them would see a change and run again.
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                inner.env_remove(&key);
            }
        }
        Self { inner }
    }

    pub(crate) fn cargo(root: &Path, args: &[&str]) -> Self {
        Self::new("cargo").args(args).dir(root)
    }

    pub(crate) fn npm(root: &Path, args: &[&str]) -> Self {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        Self::new(npm).args(args).dir(&root.join("ui"))
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.inner.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: &[impl AsRef<OsStr>]) -> Self {
        self.inner.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(key, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// The command as a person would type it.
    pub(crate) fn shown(&self) -> String {
        std::iter::once(self.inner.get_program())
            .chain(self.inner.get_args())
            .map(|word| quoted(&word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs it in this terminal and returns how it ended.
    pub(crate) fn status(mut self) -> Result<ExitStatus, String> {
        println!("$ {}", self.shown());
        self.inner.status().map_err(|e| self.cannot_start(&e))
    }

    /// Runs it in this terminal; anything but success is an error.
    pub(crate) fn run(self) -> Result<(), String> {
        let shown = self.shown();
        match self.status()? {
            status if status.success() => Ok(()),
            status => Err(format!("`{shown}` ended with {status}")),
        }
    }

    /// Lets the program take the place of xtask, so that Ctrl-C and the exit code are
    /// its own. Returns only when it could not be started (or, where a process cannot
    /// be replaced, when it has ended).
    pub(crate) fn become_it(mut self) -> Result<std::process::ExitCode, String> {
        println!("$ {}", self.shown());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let error = self.inner.exec();
            Err(self.cannot_start(&error))
        }
        #[cfg(not(unix))]
        {
            let status = self.inner.status().map_err(|e| self.cannot_start(&e))?;
            Ok(exit_code(status))
        }
    }

    /// What it prints, when it succeeds within the limit; nothing of it is shown.
    pub(crate) fn output(self, limit: Duration) -> Option<String> {
        let mut text = String::new();
        let ended = self.stream(limit, |line| {
            text.push_str(line);
            text.push('\n');
        });
        ended.ok().filter(Ended::success).map(|_| text)
    }

    /// Runs it with its standard output in a file, which is made anew.
    pub(crate) fn into_file(mut self, file: &Path) -> Result<(), String> {
        let target = std::fs::File::create(file)
            .map_err(|e| format!("cannot write {}: {e}", file.display()))?;
        self.inner.stdout(target);
        let status = self.inner.status().map_err(|e| self.cannot_start(&e))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("`{}` failed: {status}", self.shown())),
        }
    }

    /// Runs it without a terminal and hands over each line of both its outputs.
    pub(crate) fn stream(
        mut self,
        limit: Duration,
        mut on_line: impl FnMut(&str),
    ) -> Result<Ended, String> {
        let deadline = Instant::now() + limit;
        let (reader, writer) = io::pipe().map_err(|e| format!("cannot make a pipe: {e}"))?;
        let second = writer
            .try_clone()
            .map_err(|e| format!("cannot make a pipe: {e}"))?;
        self.inner
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(second);
        let group = own_group(&mut self.inner);
        let mut child = self.inner.spawn().map_err(|e| self.cannot_start(&e))?;
        drop(self); // it holds the writing ends; without this the reader never ends

        let (sender, lines) = mpsc::sync_channel(1024);
        thread::spawn(move || read_lines(reader, &sender));
        // A grandchild may keep the pipe open after the child is gone; it is not waited
        // for, only given a moment to finish its line.
        let mut gone_at = None;
        loop {
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => on_line(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if gone_at.is_none() && matches!(child.try_wait(), Ok(Some(_))) {
                        gone_at = Some(Instant::now());
                    }
                }
            }
            if gone_at.is_some_and(|at| at.elapsed() > Duration::from_secs(1)) {
                break;
            }
            if Instant::now() > deadline {
                kill(&mut child, group);
                child.wait().ok();
                return Ok(Ended::TooSlow(limit));
            }
        }
        child
            .wait()
            .map(Ended::Exited)
            .map_err(|e| format!("cannot wait for a child: {e}"))
    }

    /// Starts it in the background, in a process group of its own, with its output in a
    /// file.
    pub(crate) fn background(mut self, log: &Path) -> Result<Child, String> {
        let file = std::fs::File::create(log)
            .map_err(|e| format!("cannot write {}: {e}", log.display()))?;
        let second = file
            .try_clone()
            .map_err(|e| format!("cannot write the log: {e}"))?;
        self.inner.stdin(Stdio::null()).stdout(file).stderr(second);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut self.inner, 0);
        println!("$ {} &", self.shown());
        self.inner.spawn().map_err(|e| self.cannot_start(&e))
    }

    fn cannot_start(&self, error: &io::Error) -> String {
        let program = self.inner.get_program().to_string_lossy();
        match error.kind() {
            io::ErrorKind::NotFound => format!("`{program}` is not installed"),
            _ => format!("cannot start `{program}`: {error}"),
        }
    }
}

/// How a program under a limit ended.
pub(crate) enum Ended {
    Exited(ExitStatus),
    TooSlow(Duration),
}

impl Ended {
    pub(crate) fn success(&self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "ended with {status}"),
            Self::TooSlow(limit) => write!(f, "was ended after its {} s", limit.as_secs()),
        }
    }
}

/// Passes the exit code of a child on.
pub(crate) fn exit_code(status: ExitStatus) -> std::process::ExitCode {
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) => std::process::ExitCode::from(code),
        None => std::process::ExitCode::FAILURE,
    }
}

/// Where a program of this name lies in the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Daemons lie where the search path of an ordinary user does not look.
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(if cfg!(unix) {
            system.to_vec()
        } else {
            Vec::new()
        })
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

/// Whether a person is there to answer a question.
pub(crate) fn interactive() -> bool {
    io::stdin().is_terminal() && std::env::var_os("CI").is_none()
}

/// Ends a child politely: SIGTERM, then SIGKILL once `grace` is over.
pub(crate) fn end(mut child: Child, grace: Duration) {
    #[cfg(unix)]
    signal("-TERM", &child.id().to_string());
    let deadline = Instant::now() + grace;
    while cfg!(unix) && Instant::now() < deadline {
        match child.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(100)),
            Ok(Some(_)) | Err(_) => return,
        }
    }
    child.kill().ok();
    child.wait().ok();
}

fn read_lines(reader: impl io::Read, sender: &mpsc::SyncSender<String>) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(n) if n > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if sender.send(text).is_err() {
            return;
        }
        line.clear();
    }
}

/// Gives the child a process group of its own, so that the limit can end its children
/// too. Not when a person is there: then Ctrl-C must reach it.
fn own_group(command: &mut Command) -> bool {
    let group = cfg!(unix) && !io::stdin().is_terminal();
    #[cfg(unix)]
    if group {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    #[cfg(not(unix))]
    let _unused = command;
    group
}

fn kill(child: &mut Child, group: bool) {
    #[cfg(unix)]
    if group {
        signal("-KILL", &format!("-{}", child.id()));
    }
    #[cfg(not(unix))]
    let _unused = group;
    child.kill().ok();
}

#[cfg(unix)]
fn signal(signal: &str, whom: &str) {
    Command::new("kill")
        .args([signal, "--", whom])
        .stderr(Stdio::null())
        .status()
        .ok();
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let cmd = Cmd::new("npm")
            .args(&["ci", "--prefix", "my ui"])
            .arg("it's");
        assert_eq!(cmd.shown(), r"npm ci --prefix 'my ui' 'it'\''s'");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Cmd::new("no-such-program-here")
            .run()
            .expect_err("it does not exist");
        assert_eq!(error, "`no-such-program-here` is not installed");
    }

    #[cfg(unix)]
    #[test]
    fn both_outputs_arrive_line_by_line() {
        let mut lines = Vec::new();
        let ended = Cmd::new("sh")
            .args(&["-c", "echo out; echo err >&2; exit 3"])
            .stream(Duration::from_secs(10), |line| lines.push(line.to_owned()))
            .expect("sh starts");
        assert_eq!(lines, ["out", "err"]);
        assert!(matches!(ended, Ended::Exited(status) if status.code() == Some(3)));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_is_ended() {
        let started = Instant::now();
        let ended = Cmd::new("sh")
            .args(&["-c", "sleep 30"])
            .stream(Duration::from_millis(200), |_| {})
            .expect("sh starts");
        assert!(matches!(ended, Ended::TooSlow(_)), "{ended}");
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the limit was not kept"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_grandchild_that_keeps_the_pipe_is_not_waited_for() {
        let started = Instant::now();
        let ended = Cmd::new("sh")
            .args(&["-c", "sleep 20 & echo done"])
            .stream(Duration::from_secs(15), |_| {})
            .expect("sh starts");
        assert!(ended.success(), "{ended}");
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "it waited for the grandchild"
        );
    }
}
