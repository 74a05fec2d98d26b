//! Runs builds: a command under a shim of its own, or the build of an image.
//! Like an instance, a build is a whole tree that can be found again and ended
//! after a death of the engine, and "it has ended" means that nothing is left.

use super::launch;
use super::message::Message;
use super::runtime::RuntimeAccess;
use super::task::Task;
use crate::clock;
use crate::container::instance::Step;
use crate::container::{image, runtime::Runtime};
use crate::failpoint::reach;
use crate::process::instance::{self as processes, Found, News, ProcessInstance};
use crate::process::protocol::{InstanceDir, Request, Spec};
use crate::sink::{LogLine, Origin, Sink};
use benchtop_model::exit::Exit;
use benchtop_model::inject::{self, Viewpoint};
use benchtop_model::plan::{BuildCommand, Container, Run, Service};
use benchtop_model::signal;
use benchtop_model::supervisor::{BuildOutcome, Event};
use benchtop_model::time::{Millis, Timestamp};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Time that a build gets between SIGTERM and SIGKILL.
const GRACE: Millis = Millis::from_secs(5);

/// So many lines of a build that failed are kept beside its cause.
const LAST_LINES: usize = 20;

/// A build's log is put aside at this size; it is also in the service's log.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// The last build of a service, or the one that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSnapshot {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended; `None` while it runs, and where it was called off.
    pub ok: Option<bool>,
    /// What it says: what it does now while it runs, its last lines where it failed.
    pub text: Option<String>,
}

/// A build as far as the task must know it.
#[derive(Debug)]
pub(super) struct BuildState {
    build: u64,
    cancel: CancellationToken,
    pub(super) shown: BuildSnapshot,
}

/// Everything that a build needs, apart from the task.
struct Build {
    service: Service,
    build: u64,
    generation: u64,
    work: Work,
    sink: Arc<dyn Sink>,
    messages: mpsc::UnboundedSender<Message>,
    cancel: CancellationToken,
}

enum Work {
    Command {
        shim: PathBuf,
        dir: InstanceDir,
        spec: Box<Spec>,
    },
    Image {
        container: Box<Container>,
        runtime: RuntimeAccess,
    },
    Nothing,
}

/// The folder of the builds of a service; there is one build at a time.
fn build_dir(dir: &Path, service: &str) -> InstanceDir {
    InstanceDir(dir.join("services").join(service).join("build"))
}

impl Task {
    /// Begins a build in the background; it answers with [`Message::Built`].
    pub(super) fn build(&mut self, service: &str, build: u64) {
        reach("build");
        let Some(state) = self.supervisor.service(service) else {
            return;
        };
        let cancel = CancellationToken::new();
        let work = Build {
            service: state.spec.clone(),
            build,
            generation: state.generation,
            work: self.work(&state.spec),
            sink: self.sink(),
            messages: self.messages.clone(),
            cancel: cancel.clone(),
        };
        let shown = BuildSnapshot {
            started: clock::now(),
            ended: None,
            ok: None,
            text: None,
        };
        let state = BuildState {
            build,
            cancel,
            shown,
        };
        self.builds.insert(service.to_owned(), state);
        self.watching.build_began(service);
        tokio::spawn(work.run());
    }

    fn work(&self, service: &Service) -> Work {
        match (&service.build, &service.run) {
            (Some(command), _) => Work::Command {
                shim: self.shim.clone(),
                dir: build_dir(&self.dir, &service.name),
                spec: Box::new(self.build_spec(service, command)),
            },
            (None, Run::Container(container)) => Work::Image {
                container: Box::new(container.clone()),
                runtime: self.runtime_access(),
            },
            _ => Work::Nothing,
        }
    }

    /// A build starts with the variables of what it builds.
    fn build_spec(&self, service: &Service, build: &BuildCommand) -> Spec {
        let ports = self.record.assigned();
        let mut environment = (*self.base_environment).clone();
        environment.extend(inject::variables(&self.plan, &service.name, &ports));
        let expand = |word: &String| {
            inject::expand(word, &self.plan, &ports, Viewpoint::Host)
                .unwrap_or_else(|_| word.clone())
        };
        let folder = self.dir.join("services").join(&service.name);
        Spec {
            command: build.command.iter().map(expand).collect(),
            cwd: build.cwd.clone(),
            environment,
            lock: folder.join("build.lock"),
            socket: launch::socket(&self.socket_dir, &service.name, "b"),
            log_limit: LOG_LIMIT,
        }
    }

    pub(super) fn cancel_build(&mut self, service: &str, build: u64) {
        if let Some(state) = self.builds.get(service).filter(|b| b.build == build) {
            state.cancel.cancel();
        }
    }

    pub(super) fn on_building(&mut self, service: &str, build: u64, text: String) {
        let state = self.builds.get_mut(service);
        if let Some(state) = state.filter(|b| b.build == build && b.shown.ended.is_none()) {
            state.shown.text = Some(text);
        }
    }

    /// What the build of a service does now.
    pub(super) fn build_step(&self, service: &str) -> Option<String> {
        let shown = &self.builds.get(service)?.shown;
        shown.text.clone().filter(|_| shown.ended.is_none())
    }

    pub(super) fn on_built(
        &mut self,
        service: String,
        build: u64,
        outcome: BuildOutcome,
        text: Option<String>,
    ) {
        reach("built");
        self.watching.build_ended(&service);
        if let Some(state) = self.builds.get_mut(&service).filter(|b| b.build == build) {
            state.shown.ended = Some(clock::now());
            state.shown.ok = match outcome {
                BuildOutcome::Done => Some(true),
                BuildOutcome::Failed { .. } => Some(false),
                BuildOutcome::Cancelled => None,
            };
            state.shown.text = text;
        }
        self.handle(Event::Built {
            service,
            build,
            outcome,
        });
    }
}

impl Build {
    async fn run(self) {
        let started = std::time::Instant::now();
        let mut last = VecDeque::new();
        let outcome = match &self.work {
            Work::Command { shim, dir, spec } => {
                self.say(&format!("build: {}", spec.command.join(" ")));
                self.command(shim, dir, spec, &mut last).await
            }
            Work::Image { container, runtime } => {
                self.say(&format!("build: {}", container.image));
                self.image(container, runtime.clone()).await
            }
            Work::Nothing => BuildOutcome::Done,
        };
        let seconds = started.elapsed().as_secs_f64();
        let text = match &outcome {
            BuildOutcome::Done => format!("build succeeded after {seconds:.1} s"),
            BuildOutcome::Failed { cause } => format!("{cause} after {seconds:.1} s"),
            BuildOutcome::Cancelled => "build called off".to_owned(),
        };
        self.say(&text);
        let shown = match (&outcome, last.is_empty()) {
            (BuildOutcome::Failed { .. }, false) => Vec::from(last).join("\n"),
            _ => text,
        };
        // The environment may have been closed meanwhile.
        _ = self.messages.send(Message::Built {
            service: self.service.name.clone(),
            build: self.build,
            outcome,
            text: Some(shown),
        });
    }

    async fn command(
        &self,
        shim: &Path,
        dir: &InstanceDir,
        spec: &Spec,
        last: &mut VecDeque<String>,
    ) -> BuildOutcome {
        // What an earlier build left there would be taken for this one's.
        if let Err(error) = std::fs::remove_dir_all(&dir.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let cause = format!("cannot clear {}: {error}", dir.0.display());
            return BuildOutcome::Failed { cause };
        }
        let instance = match processes::start(shim, dir.clone(), spec).await {
            Ok(instance) => instance,
            Err(cause) => {
                let cause = format!("the build cannot start: {cause}");
                return BuildOutcome::Failed { cause };
            }
        };
        let exit = follow(instance, &self.cancel, STOP, |lines| self.take(lines, last)).await;
        self.outcome(&exit, last)
    }

    fn outcome(&self, exit: &Exit, last: &VecDeque<String>) -> BuildOutcome {
        if self.cancel.is_cancelled() {
            return BuildOutcome::Cancelled;
        }
        if exit.is_success() {
            return BuildOutcome::Done;
        }
        let said = last
            .iter()
            .rev()
            .find(|line| !line.trim().is_empty())
            .map(|line| format!(": {}", line.trim()))
            .unwrap_or_default();
        BuildOutcome::Failed {
            cause: format!("build {}{said}", exit.describe()),
        }
    }

    /// Output of the build, as lines of ours in the service's log.
    fn take(&self, mut lines: Vec<LogLine>, last: &mut VecDeque<String>) {
        for line in &mut lines {
            line.origin = Origin::Benchtop;
            last.push_back(line.text.clone());
        }
        last.drain(..last.len().saturating_sub(LAST_LINES));
        self.sink.logs(&self.service.name, self.generation, lines);
    }

    async fn image(&self, container: &Container, mut runtime: RuntimeAccess) -> BuildOutcome {
        let progress = |step| match step {
            Step::Output(text) => self.say(&text),
            Step::Doing(text) => {
                // Progress that nobody sees is no loss.
                _ = self.messages.send(Message::Building {
                    service: self.service.name.clone(),
                    build: self.build,
                    text,
                });
            }
            Step::Pulling(_) => {}
        };
        let work = async {
            let runtime: Arc<Runtime> = runtime.answering().await?;
            image::rebuild(&runtime, container, &progress).await
        };
        tokio::select! {
            biased;
            // The engine ends a build whose request is dropped.
            () = self.cancel.cancelled() => BuildOutcome::Cancelled,
            built = Box::pin(work) => match built {
                Ok(()) => BuildOutcome::Done,
                Err(cause) => BuildOutcome::Failed { cause },
            },
        }
    }

    fn say(&self, text: &str) {
        let line = LogLine {
            time_us: clock::micros(),
            origin: Origin::Benchtop,
            text: text.to_owned(),
        };
        self.sink
            .logs(&self.service.name, self.generation, vec![line]);
    }
}

/// How a build is asked to end.
const STOP: Request = Request::Stop {
    signal: signal::TERM,
    grace_ms: GRACE.0,
};

/// Follows a process to its end, and asks it to end when it is called off.
pub(super) async fn follow(
    instance: ProcessInstance,
    cancel: &CancellationToken,
    request: Request,
    mut take: impl FnMut(Vec<LogLine>),
) -> Exit {
    let (stops, requests) = mpsc::channel(1);
    let mut exit = Exit::unseen();
    // A build is not gone on with, so nobody asks how far its output was kept.
    let following = instance.follow(
        None,
        || Some(u64::MAX),
        requests,
        |news| match news {
            News::Lines(lines, _) => take(lines),
            News::Ended(how) => exit = how,
        },
    );
    let ending = async {
        cancel.cancelled().await;
        // Where the follower is gone, so is the build.
        _ = stops.send(request).await;
        std::future::pending::<()>().await
    };
    tokio::select! {
        () = following => {}
        () = ending => {}
    }
    exit
}

/// Ends a build that an engine which died had begun: what it has made so far is
/// of no use to anybody, and its outcome is not known.
pub(super) async fn end_leftover(dir: &Path, service: &str) {
    if let Found::Alive(instance) = processes::find(build_dir(dir, service)).await {
        let cancel = CancellationToken::new();
        cancel.cancel();
        follow(*instance, &cancel, STOP, |_| {}).await;
    }
}
