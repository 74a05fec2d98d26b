//! The shim: runs one program, keeps its output, records its end.
//!
//! It is started by the engine, leads a session of its own and survives the
//! engine. On Linux it is the sub-reaper of all it starts, so that every
//! descendant is its own, whatever session or group that has moved to, and "the
//! instance has ended" means that nothing of it is left.
//!
//! It uses threads and blocking calls only: a dozen of shims must cost next to
//! nothing.

mod output;
mod server;

use super::cgroup::Group;
use super::identity::ProcessIdentity;
use super::log_file::LogWriter;
use super::protocol::{Ended, InstanceDir, Notice, Spec, State};
use super::{stray, tree};
use crate::clock;
use crate::failpoint::reach;
use crate::json_file::{Survives, read_json, write_json};
use benchtop_model::exit::Exit;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use server::Server;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time that leftovers of an ended program get between SIGTERM and SIGKILL.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);

/// How long a shim waits for the one before it to be gone: half of what the engine waits
/// for the first word.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// State shared between the shim's threads.
struct Shared {
    log: Mutex<LogWriter>,
    /// The engine did not read for as long as the program could be held up.
    reader_is_slow: AtomicBool,
    server: Server,
    /// The grace period ran out and the tree was killed.
    killed: AtomicBool,
    /// The program itself has ended.
    ended: AtomicBool,
}

/// Runs the shim to its end. `dir` holds `spec.json`.
///
/// # Errors
/// One sentence that says why nothing was started; it has also been told to the
/// engine.
pub fn run(dir: std::path::PathBuf) -> Result<(), String> {
    let dir = InstanceDir(dir);
    let (shared, child, state) = match start(&dir) {
        Ok(started) => started,
        Err(cause) => {
            tell_engine(&Notice::Failed {
                cause: cause.clone(),
            });
            return Err(cause);
        }
    };
    let group = state.cgroup.as_deref().map(Group::at);
    tell_engine(&Notice::Running(state));
    let exit = supervise(&shared, child);
    if let Some(group) = group {
        group.remove();
    }
    let ended = Ended {
        exit,
        at_us: clock::micros(),
    };
    // Where the disk is full the engine still learns it from the socket.
    _ = write_json(&dir.exit(), &ended, Survives::PowerCut);
    reach("program.ended");
    shared.server.close(&Notice::Ended(ended));
    Ok(())
}

/// The first word to the engine goes through standard output, which it reads
/// until then; after that the socket is used.
fn tell_engine(notice: &Notice) {
    use std::io::Write as _;
    let line = serde_json::to_string(notice).unwrap_or_default();
    _ = writeln!(std::io::stdout(), "{line}");
    _ = std::io::stdout().flush();
}

type Started = (Arc<Shared>, Child, State);

fn start(dir: &InstanceDir) -> Result<Started, String> {
    let spec: Spec = read_json(&dir.spec()).ok_or("the shim found no spec.json")?;
    // A session of its own: a Ctrl-C in the engine's terminal is not for it.
    _ = nix::unistd::setsid();
    become_subreaper();
    let lock = hold_lock(&spec.lock, LOCK_PATIENCE)?;
    if !dir.spec().exists() {
        return Err("called off: the engine that asked for it is gone".to_owned());
    }
    let log = LogWriter::open(dir.log(), dir.old_log(), spec.log_limit)
        .map_err(|e| format!("cannot write {}: {e}", dir.log().display()))?;
    let server = Server::bind(&spec.socket)
        .map_err(|e| format!("cannot listen on {}: {e}", spec.socket.display()))?;
    let shared = Arc::new(Shared {
        log: Mutex::new(log),
        reader_is_slow: AtomicBool::new(false),
        server,
        killed: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    reach("program.start");
    let group = Group::enter(&group_name(dir));
    let spawned = spawn(&spec, dir);
    if let Some(group) = &group {
        group.leave();
        if spawned.is_err() {
            group.remove();
        }
    }
    let mut child = spawned?;
    reach("program.started");
    let state = State {
        shim: ProcessIdentity::of(std::process::id()).unwrap_or_default(),
        child: ProcessIdentity::of(child.id()).unwrap_or(ProcessIdentity {
            pid: child.id(),
            ..Default::default()
        }),
        started_us: clock::micros(),
        cgroup: group.map(|group| group.folder().to_owned()),
    };
    write_json(&dir.state(), &state, Survives::PowerCut)
        .map_err(|e| format!("cannot write {}: {e}", dir.state().display()))?;
    output::keep(&shared, &mut child);
    server::serve(&shared, state.clone());
    // Held until this process ends.
    std::mem::forget(lock);
    Ok((shared, child, state))
}

/// Descendants whose parent ends become ours instead of init's.
fn become_subreaper() {
    #[cfg(target_os = "linux")]
    {
        _ = nix::sys::prctl::set_child_subreaper(true);
    }
}

/// The lock says that an instance of the service lives; the kernel drops it with
/// this process, whatever ends it. The shim of the instance before has said its last word
/// a moment before it ends, and an engine that looks whether somebody holds the lock holds
/// it itself for that long, so it is waited for.
fn hold_lock(path: &Path, patience: Duration) -> Result<nix::fcntl::Flock<std::fs::File>, String> {
    let since = Instant::now();
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|e| format!("cannot open {}: {e}", path.display()))?;
    loop {
        match nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err(_) if since.elapsed() > patience => {
                return Err("another instance of this service still runs".to_owned());
            }
            Err((again, _)) => file = again,
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A name that no other instance of this machine has.
fn group_name(dir: &InstanceDir) -> String {
    benchtop_model::plan::environment_id(&dir.0)
}

fn spawn(spec: &Spec, dir: &InstanceDir) -> Result<Child, String> {
    let (program, arguments) = spec.command.split_first().ok_or("the command is empty")?;
    Command::new(program)
        .args(arguments)
        .current_dir(&spec.cwd)
        .env_clear()
        .envs(&spec.environment)
        .env(stray::MARK, &dir.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| describe_spawn_error(program, spec, &e))
}

fn describe_spawn_error(program: &str, spec: &Spec, error: &std::io::Error) -> String {
    if !spec.cwd.is_dir() {
        return format!(
            "the working directory {} does not exist",
            spec.cwd.display()
        );
    }
    match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "program not found: {program} (looked in {} and in PATH)",
            spec.cwd.display()
        ),
        std::io::ErrorKind::PermissionDenied => format!("not executable: {program}"),
        _ => format!("cannot run {program}: {error}"),
    }
}

/// Waits until the program and all its descendants have ended, and reaps them.
fn supervise(shared: &Shared, child: Child) -> Exit {
    let main = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
    let mut exit = Exit::unseen();
    loop {
        match waitpid(None, None) {
            Ok(status) if status.pid() == Some(main) => {
                exit = exit_of(&status);
                break;
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => break,
        }
    }
    shared.ended.store(true, Ordering::Release);
    end_leftovers(main);
    shared.server.wait_for_output();
    exit.killed_after_grace = shared.killed.load(Ordering::Acquire);
    exit
}

fn exit_of(status: &WaitStatus) -> Exit {
    match *status {
        WaitStatus::Exited(_, code) => Exit::with_code(code),
        WaitStatus::Signaled(_, signal, _) => Exit {
            code: Some(128 + signal as i32),
            signal: Some(signal as i32),
            ..Exit::default()
        },
        _ => Exit::unseen(),
    }
}

/// What the program left behind is asked to end, then killed.
fn end_leftovers(main: Pid) {
    let since = Instant::now();
    let mut signal = Signal::SIGTERM;
    _ = kill(Pid::from_raw(-main.as_raw()), signal);
    loop {
        reap();
        let left = tree::descendants(std::process::id());
        if left.is_empty() {
            return;
        }
        if since.elapsed() > LEFTOVER_GRACE {
            signal = Signal::SIGKILL;
        }
        signal_all(&left, signal);
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}

fn signal_all(pids: &[u32], signal: Signal) {
    for pid in pids.iter().filter_map(|pid| i32::try_from(*pid).ok()) {
        _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Asks the program's group to end; kills the whole tree when the grace period
/// has passed. Called on a thread of its own.
fn stop(shared: &Arc<Shared>, child: u32, signal: i32, grace: Duration) {
    let signal = Signal::try_from(signal).unwrap_or(Signal::SIGTERM);
    let group = Pid::from_raw(-i32::try_from(child).unwrap_or(0));
    _ = kill(group, signal);
    let since = Instant::now();
    while since.elapsed() < grace {
        if shared.ended.load(Ordering::Acquire) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10).min(grace));
    }
    if shared.ended.load(Ordering::Acquire) {
        return;
    }
    shared.killed.store(true, Ordering::Release);
    _ = kill(group, Signal::SIGKILL);
    signal_all(&tree::descendants(std::process::id()), Signal::SIGKILL);
}

/// A lock whose holder panicked still guards usable data here.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_an_instance_that_is_about_to_end_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let before = hold_lock(&path, Duration::ZERO).expect("nobody holds it");
        let refused = hold_lock(&path, Duration::ZERO).expect_err("it is held");
        assert_eq!(refused, "another instance of this service still runs");
        let after = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| hold_lock(&path, Duration::from_secs(60)));
            std::thread::sleep(Duration::from_millis(50));
            drop(before);
            waiting.join().expect("it ends")
        });
        after.expect("it is free now");
    }
}
