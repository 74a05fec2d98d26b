//! The engine's side of a shim: starts one, or finds one that still lives, and
//! follows it to its end.

use super::protocol::{Ended, InstanceDir, Notice, Request, Spec, State};
use super::stray;
use super::tail::Tail;
use crate::failpoint::reach;
use crate::json_file::{Survives, read_json, write_json};
use crate::sink::LogLine;
use benchtop_model::exit::Exit;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::Command;
use tokio::sync::mpsc;

/// How long a shim may take until it says that its program runs.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long somebody may hold the lock of a service without saying what runs: longer than
/// a shim waits for the one before it.
const SETTLE_LIMIT: Duration = Duration::from_secs(8);

/// Portions of output that are passed on before anything else is looked at.
const PORTIONS: usize = 8;

/// How often is looked whether a log file is not needed any more.
const RELEASE_TURN: Duration = Duration::from_millis(20);

/// A process instance that lives, as the engine sees it.
#[derive(Debug)]
pub struct ProcessInstance {
    /// Who runs.
    pub state: State,
    dir: InstanceDir,
    notices: Lines<BufReader<OwnedReadHalf>>,
    requests: OwnedWriteHalf,
}

/// What was found of an instance that an earlier engine had started.
#[derive(Debug)]
pub enum Found {
    /// It lives, and its shim answers.
    Alive(Box<ProcessInstance>),
    /// It ended.
    Ended(Exit),
    /// Nothing is known of it, or it went down with the machine.
    Nothing {
        /// The machine was restarted since.
        rebooted: bool,
    },
}

/// Starts a program under a shim.
///
/// # Errors
/// One sentence that says why there is no instance.
pub async fn start(shim: &Path, dir: InstanceDir, spec: &Spec) -> Result<ProcessInstance, String> {
    prepare(&dir, spec).map_err(|e| format!("cannot write {}: {e}", dir.0.display()))?;
    reach("shim.start");
    let mut child = Command::new(shim)
        .arg("shim")
        .arg(&dir.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot run the shim {}: {e}", shim.display()))?;
    reach("shim.started");
    let stdout = child
        .stdout
        .take()
        .ok_or("the shim has no standard output")?;
    // Reaps the shim when it ends; what it has to say comes through its socket.
    tokio::spawn(async move { child.wait().await });
    let mut lines = BufReader::new(stdout).lines();
    let Ok(line) = tokio::time::timeout(START_LIMIT, lines.next_line()).await else {
        // It finds no order any more, should it ever go on.
        _ = std::fs::rename(dir.spec(), dir.void());
        stray::end(&dir, None).await;
        return Err("the shim did not answer".to_owned());
    };
    let word = line.ok().flatten();
    let outcome = match word.and_then(|line| serde_json::from_str(&line).ok()) {
        Some(Notice::Running(_)) => connect(dir.clone(), &spec.socket).await,
        Some(Notice::Failed { cause }) => Err(cause),
        _ => Err("the shim ended before it said what runs".to_owned()),
    };
    if outcome.is_err() {
        // It may have started the program all the same: a start that has failed leaves
        // nothing behind.
        let state: Option<State> = read_json(&dir.state());
        stray::end(&dir, state.as_ref()).await;
    }
    outcome
}

fn prepare(dir: &InstanceDir, spec: &Spec) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir.0)?;
    write_json(&dir.spec(), spec, Survives::PowerCut)
}

async fn connect(dir: InstanceDir, socket: &Path) -> Result<ProcessInstance, String> {
    let gone = |e: std::io::Error| {
        format!(
            "the shim's socket {} does not answer: {e}",
            socket.display()
        )
    };
    match UnixStream::connect(socket).await {
        Ok(stream) => {
            let (read, requests) = stream.into_split();
            let mut notices = BufReader::new(read).lines();
            let hello = tokio::time::timeout(START_LIMIT, notices.next_line()).await;
            let hello = hello.map_err(|_| "the shim does not answer".to_owned())?;
            let Some(line) = hello.ok().flatten() else {
                // It ended before it had taken us in.
                let ended = ended_meanwhile(dir).await;
                return ended.ok_or_else(|| "the shim is gone, and left no word".to_owned());
            };
            match serde_json::from_str(&line).ok() {
                Some(Notice::Running(state)) => Ok(ProcessInstance {
                    state,
                    dir,
                    notices,
                    requests,
                }),
                _ => Err("the shim said something else than expected".to_owned()),
            }
        }
        // It may have ended between its first word and now: that is a start
        // followed by an end, told by `follow` from the files.
        Err(e) => ended_meanwhile(dir).await.ok_or_else(|| gone(e)),
    }
}

/// An instance whose shim is already gone, but which did run.
async fn ended_meanwhile(dir: InstanceDir) -> Option<ProcessInstance> {
    let state: State = read_json(&dir.state())?;
    read_json::<Ended>(&dir.exit())?;
    let (read, requests) = UnixStream::pair().ok()?.0.into_split();
    Some(ProcessInstance {
        state,
        dir,
        notices: BufReader::new(read).lines(),
        requests,
    })
}

/// Looks for the instance that lives in this folder.
pub async fn find(dir: InstanceDir) -> Found {
    if let Some(ended) = read_json::<Ended>(&dir.exit()) {
        return Found::Ended(ended.exit);
    }
    let Some(spec) = read_json::<Spec>(&dir.spec()) else {
        return Found::Nothing { rebooted: false };
    };
    let Some(state) = settle(&dir, &spec).await else {
        // A shim that was killed before it wrote who runs may have started it.
        stray::end(&dir, None).await;
        return Found::Nothing { rebooted: false };
    };
    if !state.shim.is_this_boot() {
        return Found::Nothing { rebooted: true };
    }
    match connect(dir.clone(), &spec.socket).await {
        Ok(instance) => Found::Alive(Box::new(instance)),
        // A program whose shim was killed has lost its pipes and its guard: it is
        // ended, so that there is never a second one beside it.
        Err(_) => {
            stray::end(&dir, Some(&state)).await;
            Found::Ended(Exit::unseen())
        }
    }
}

/// The state of an instance; an engine may have died while its shim was still
/// starting, and then it is about to be written. `None`: nothing was started, and
/// nothing will be.
async fn settle(dir: &InstanceDir, spec: &Spec) -> Option<State> {
    let since = std::time::Instant::now();
    loop {
        if let Some(state) = read_json(&dir.state()) {
            return Some(state);
        }
        let Some(_lock) = try_lock(&spec.lock, since.elapsed() > SETTLE_LIMIT) else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Nobody starts it now. A shim that is late finds nothing to start, as it
        // looks for its order once it holds the lock.
        let state = read_json(&dir.state());
        if state.is_none() {
            // Where there is none any more, that is what was wanted.
            _ = std::fs::rename(dir.spec(), dir.void());
        }
        return state;
    }
}

/// The lock of a service, where no shim holds it, or where that does not count any more.
fn try_lock(path: &Path, anyway: bool) -> Option<Option<nix::fcntl::Flock<std::fs::File>>> {
    use nix::fcntl::{Flock, FlockArg};
    // Made where it is not there, or a shim could make it and hold it unseen.
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(path);
    let Ok(file) = file else {
        return Some(None);
    };
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Some(Some(lock)),
        Err(_) => anyway.then_some(None),
    }
}

/// What the follower tells.
#[derive(Debug)]
pub enum News {
    /// It has written, up to this place in its output.
    Lines(Vec<LogLine>, u64),
    /// Nothing of it is left.
    Ended(Exit),
}

impl ProcessInstance {
    /// Follows the instance to its end: all its output after the place, then how it
    /// ended. `kept` answers up to which place the output is kept for good, `stops` takes
    /// requests to end it.
    pub async fn follow(
        mut self,
        after: Option<u64>,
        kept: impl Fn() -> Option<u64>,
        mut stops: mpsc::Receiver<Request>,
        tell: impl FnMut(News),
    ) {
        let mut reader = Reader {
            tail: Tail::new(self.dir.clone(), after),
            tell,
        };
        let mut behind = reader.drain();
        let exit = loop {
            tokio::select! {
                line = self.notices.next_line() => match line.ok().flatten().map(|line| serde_json::from_str(&line)) {
                    Some(Ok(Notice::Ended(ended))) => break ended.exit,
                    Some(_) => behind = true,
                    None => if let Some(exit) = self.after_silence().await { break exit },
                },
                Some(request) = stops.recv() => self.request(&request).await,
                () = tokio::task::yield_now(), if behind => behind = reader.drain(),
                () = tokio::time::sleep(RELEASE_TURN), if reader.tail.holds_old() => {}
            }
            if reader.tail.holds_old()
                && let Some(kept) = kept()
            {
                reader.tail.release(kept);
            }
        };
        behind = true;
        while behind {
            behind = reader.drain();
        }
        (reader.tell)(News::Ended(exit));
    }

    async fn request(&mut self, request: &Request) {
        let mut line = serde_json::to_vec(request).unwrap_or_default();
        line.push(b'\n');
        reach("shim.ask");
        // Where the shim is gone, the end of its notices says so.
        _ = self.requests.write_all(&line).await;
        reach("shim.asked");
    }

    /// The shim's socket is closed without a last word: it is gone, or it let a
    /// slow listener go, and is asked again. `None`: it goes on.
    async fn after_silence(&mut self) -> Option<Exit> {
        if let Some(ended) = read_json::<Ended>(&self.dir.exit()) {
            return Some(ended.exit);
        }
        if !self.state.shim.is_alive() {
            stray::end(&self.dir, Some(&self.state)).await;
            return Some(
                read_json::<Ended>(&self.dir.exit()).map_or_else(Exit::unseen, |ended| ended.exit),
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let spec: Spec = read_json(&self.dir.spec())?;
        if let Ok(again) = connect(self.dir.clone(), &spec.socket).await {
            *self = again;
        }
        None
    }
}

/// Reads the output and passes it on.
struct Reader<F> {
    tail: Tail,
    tell: F,
}

impl<F: FnMut(News)> Reader<F> {
    /// Passes on some of what is there; whether there may be more.
    fn drain(&mut self) -> bool {
        for _ in 0..PORTIONS {
            match self.tail.read() {
                Ok(lines) if lines.is_empty() => return false,
                Ok(lines) => (self.tell)(News::Lines(lines, self.tail.position())),
                Err(error) => {
                    tracing::warn!(%error, "cannot read the log of an instance");
                    return false;
                }
            }
        }
        true
    }
}
