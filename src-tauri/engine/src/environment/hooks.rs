//! The commands beside the start and the end of a service: in its container, or
//! on this host beside its process, with their output in the service's log.

use crate::clock;
use crate::container::{hook, runtime::Runtime};
use crate::lines::Lines;
use crate::sink::{LogLine, Origin, Sink};
use benchtop_model::plan::Hook;
use benchtop_model::time::Millis;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

/// How long all commands after a start may take together.
pub(super) const AFTER_START: Duration = Duration::from_secs(300);

/// The shortest time that the commands before an end get together.
const BEFORE_STOP: Duration = Duration::from_secs(10);

/// They get as long as the service itself to end, but not less than 10 s.
pub(super) fn before_stop(grace: Millis) -> Duration {
    grace.to_duration().max(BEFORE_STOP)
}

/// Where the commands run.
#[derive(Clone)]
pub(super) enum Place {
    /// In a container, by its id.
    Container(Arc<Runtime>, String),
    /// On this host, in this folder and with these variables.
    Host(PathBuf, BTreeMap<String, String>),
}

/// The commands of one occasion, and whose they are.
#[derive(Clone)]
pub(super) struct Hooks {
    /// `post_start` or `pre_stop`.
    pub(super) key: &'static str,
    pub(super) all: Vec<Hook>,
    pub(super) place: Place,
    pub(super) service: String,
    pub(super) generation: u64,
    pub(super) sink: Arc<dyn Sink>,
}

impl Hooks {
    /// Runs one after the other, until one fails.
    ///
    /// # Errors
    /// One sentence that names the command and what became of it.
    pub(super) async fn run(&self, limit: Duration) -> Result<(), String> {
        let deadline = tokio::time::Instant::now() + limit;
        for hook in &self.all {
            let name = format!("{} `{}`", self.key, hook.command.join(" "));
            self.say(&name);
            let outcome = match tokio::time::timeout_at(deadline, self.one(hook)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(format!("it had not ended after {} s", limit.as_secs())),
            };
            if let Err(cause) = outcome {
                let cause = format!("{name} failed: {cause}");
                self.say(&cause);
                return Err(cause);
            }
        }
        Ok(())
    }

    async fn one(&self, hook: &Hook) -> Result<(), String> {
        let line = |text: String| self.say(&text);
        match &self.place {
            Place::Container(runtime, id) => hook::run(runtime, id, hook, line).await,
            Place::Host(folder, environment) => {
                run_here(command(hook, folder, environment)?, line).await
            }
        }
    }

    fn say(&self, text: &str) {
        let line = LogLine {
            time_us: clock::micros(),
            origin: Origin::Benchtop,
            text: text.to_owned(),
        };
        self.sink.logs(&self.service, self.generation, vec![line]);
    }
}

fn command(
    hook: &Hook,
    folder: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<Command, String> {
    let (program, arguments) = hook.command.split_first().ok_or("it has no program")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(hook.working_dir.as_ref().map_or(folder, Path::new))
        .env_clear()
        .envs(environment)
        .envs(&hook.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

/// A program of this host; it is killed when nobody waits for it any more.
async fn run_here(mut command: Command, line: impl Fn(String)) -> Result<(), String> {
    let mut child = command.spawn().map_err(|e| format!("cannot run it: {e}"))?;
    tell(&mut child, &line).await;
    let status = child.wait().await;
    let status = status.map_err(|e| format!("its end was not seen: {e}"))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(format!("it exited with code {code}")),
        None => Err("it was ended by a signal".to_owned()),
    }
}

/// Tells what a program prints, until it has closed both of its outputs.
async fn tell(child: &mut Child, line: impl Fn(String)) {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut out_lines, mut err_lines) = (Lines::default(), Lines::default());
    let (mut a, mut b) = ([0; 4096], [0; 4096]);
    while out.is_some() || err.is_some() {
        tokio::select! {
            read = read(&mut out, &mut a) => match read {
                0 => out = None,
                n => out_lines.push(&a[..n], &line),
            },
            read = read(&mut err, &mut b) => match read {
                0 => err = None,
                n => err_lines.push(&b[..n], &line),
            },
        }
    }
    out_lines.end(&line);
    err_lines.end(&line);
}

/// The next bytes; 0 at the end. Never, where it is closed.
async fn read<R: tokio::io::AsyncRead + Unpin>(from: &mut Option<R>, into: &mut [u8]) -> usize {
    match from {
        Some(from) => from.read(into).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
