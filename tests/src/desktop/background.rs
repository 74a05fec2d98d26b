//! Processes that a test needs, ended by their id.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// A process; it ends when this goes.
#[derive(Debug)]
pub(super) struct Background {
    child: Child,
}

impl Background {
    pub(super) fn start(what: &str, mut command: Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {what}: {e}"));
        Self { child }
    }

    /// Starts it and waits for its first line, which says where it can be found.
    pub(super) fn start_and_read(what: &str, mut command: Command) -> (Self, String) {
        let mut started = Self::start(what, {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
            command
        });
        let output = started.child.stdout.take().expect("its output is piped");
        let (sender, receiver) = sync_channel(1);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines();
            // Nobody listens any more where the test has given up.
            _ = sender.send(lines.next());
            // Read on, so that it never waits for a reader.
            lines.for_each(drop);
        });
        match receiver.recv_timeout(Duration::from_secs(20)) {
            Ok(Some(Ok(line))) => (started, line),
            other => panic!("{what} did not say where it is: {other:?}"),
        }
    }

    pub(super) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// How it ended, once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        end(self.pid(), Duration::from_secs(5));
        // Reaped, or killed and reaped.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Ends a process: asks, waits so long, then kills.
pub(super) fn end(pid: i32, patience: Duration) {
    _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    let deadline = Instant::now() + patience;
    while lives(pid) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    if lives(pid) {
        _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Whether a process runs; one that waits to be reaped does not.
#[must_use]
pub fn lives(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| stat.state != "Z")
}

/// The youngest child of a process whose name, of which the kernel keeps 15
/// letters, is this.
pub(super) fn child_of(parent: i32, name: &str) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        stat(*pid).is_some_and(|s| s.parent == parent && s.name == name && s.state != "Z")
    })
    .max()
}

struct Stat {
    name: String,
    state: String,
    parent: i32,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain anything, brackets and blanks included.
    let (name, rest) = text.split_once('(')?.1.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some(Stat {
        name: name.to_owned(),
        state: words.next()?.to_owned(),
        parent: words.next()?.parse().ok()?,
    })
}
