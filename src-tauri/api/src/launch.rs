//! Starts the engine as a background process, on demand.

use crate::paths::Paths;
use crate::schema::ApiError;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::Instant;

/// How long a fresh engine may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Between two looks for a fresh engine.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// The engine's own log is begun anew at this size.
const LOG_LIMIT: u64 = 4 * 1024 * 1024;

/// The `benchtop` program: beside the running program, or in PATH.
#[must_use]
pub fn find_program() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join("benchtop")));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from("benchtop"))
}

/// Starts an engine and waits until it answers. Two faces may do this at once:
/// the engine that comes second finds the lock taken and ends.
///
/// # Errors
/// Why it does not answer, with the end of its log.
pub async fn start_engine(paths: &Paths, program: &Path) -> Result<(), ApiError> {
    paths
        .prepare()
        .map_err(|e| ApiError::unavailable(format!("the data folder cannot be used: {e}")))?;
    let log = open_log(paths).map_err(|e| {
        ApiError::unavailable(format!(
            "cannot write {}: {e}",
            paths.engine_log().display()
        ))
    })?;
    let mut child = spawn(program, &log)?;
    let deadline = Instant::now() + START_LIMIT;
    let mut wait = Duration::from_millis(5);
    while UnixStream::connect(paths.socket()).await.is_err() {
        let ended = child.try_wait().ok().flatten();
        if ended.is_some_and(|status| !status.success()) || Instant::now() > deadline {
            return Err(did_not_start(paths));
        }
        if ended.is_some() && wait == LONGEST_WAIT {
            // Gone with success: another engine had the lock. It will answer soon, or it
            // was killed a moment ago and held the lock until it was gone.
            child = spawn(program, &log)?;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    // Reaped where we outlive it.
    std::thread::spawn(move || child.wait());
    Ok(())
}

fn spawn(program: &Path, log: &File) -> Result<Child, ApiError> {
    let run = || {
        let mut command = Command::new(program);
        command
            .args(["engine", "run"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.try_clone()?)
            .current_dir("/");
        // A group of its own: a Ctrl-C in this terminal is not for it. It leads a
        // session of its own as soon as it runs.
        command.process_group(0).spawn()
    };
    run().map_err(|e| ApiError::unavailable(format!("cannot run {}: {e}", program.display())))
}

fn open_log(paths: &Paths) -> std::io::Result<File> {
    let path = paths.engine_log();
    let long = std::fs::metadata(&path).is_ok_and(|found| found.len() > LOG_LIMIT);
    File::options()
        .create(true)
        .append(!long)
        .write(true)
        .truncate(long)
        .open(path)
}

fn did_not_start(paths: &Paths) -> ApiError {
    let log = std::fs::read_to_string(paths.engine_log()).unwrap_or_default();
    let last = log.lines().last().unwrap_or("it said nothing");
    ApiError {
        hint: Some(format!("its log is {}", paths.engine_log().display())),
        ..ApiError::unavailable(format!("the engine did not start: {last}"))
    }
}
