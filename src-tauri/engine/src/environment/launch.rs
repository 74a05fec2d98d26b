//! Brings up one instance: a process under a shim, a container, or nothing.

use super::build;
use super::hooks::{self, Hooks, Place};
use super::message::{Live, Message};
use super::runtime::RuntimeAccess;
use super::task::{RuntimeState, Task};
use crate::container::instance::Launched;
use crate::container::{self, instance as containers, instance::Step, runtime::Runtime};
use crate::failpoint::reach;
use crate::ports;
use crate::process::instance::{self as processes, News, ProcessInstance};
use crate::process::protocol::{InstanceDir, Request, Spec};
use crate::sink::{LogLine, Origin, Sink};
use benchtop_model::inject::{self, Ports, Viewpoint};
use benchtop_model::plan::{Container, HostPort, Plan, Process, Protocol, Run, Service};
use benchtop_model::signal;
use benchtop_model::supervisor::Report;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{RwLock, mpsc};
use tokio_util::sync::CancellationToken;

/// How long a launch waits for a container runtime that went away in its midst:
/// a restart of Docker takes seconds, and stops containers for up to 10 s first.
const RETURN_LIMIT: Duration = Duration::from_secs(120);

/// A shim's log file is put aside at this size; two are kept.
const LOG_LIMIT: u64 = 32 * 1024 * 1024;

/// Everything that a launch needs, apart from the task.
struct Launch {
    plan: Arc<Plan>,
    service: Service,
    generation: u64,
    ports: Ports,
    base_environment: Arc<BTreeMap<String, String>>,
    /// By which it finds the receiver of telemetry.
    telemetry: BTreeMap<String, String>,
    dir: PathBuf,
    socket_dir: PathBuf,
    shim: PathBuf,
    runtime: RuntimeAccess,
    /// Kept from being written while it is read.
    removal: Arc<RwLock<()>>,
    messages: mpsc::UnboundedSender<Message>,
    sink: Arc<dyn Sink>,
    cancel: CancellationToken,
}

/// The folder of one start of a service.
pub(super) fn instance_dir(dir: &std::path::Path, service: &str, generation: u64) -> InstanceDir {
    InstanceDir(
        dir.join("services")
            .join(service)
            .join(generation.to_string()),
    )
}

/// Starts a launch in the background; it answers with messages.
pub(super) fn spawn(task: &Task, service: &str, generation: u64, cancel: CancellationToken) {
    let Some(spec) = task.plan.services.get(service) else {
        return;
    };
    let launch = Launch {
        plan: Arc::clone(&task.plan),
        service: spec.clone(),
        generation,
        ports: task.record.assigned(),
        base_environment: Arc::clone(&task.base_environment),
        telemetry: telemetry(task, spec, generation),
        dir: task.dir.clone(),
        socket_dir: task.socket_dir.clone(),
        shim: task.shim.clone(),
        runtime: task.runtime_access(),
        removal: Arc::clone(&task.removal),
        messages: task.messages.clone(),
        sink: task.sink(),
        cancel,
    };
    tokio::spawn(launch.run());
}

/// The variables of this start by which a service finds the receiver of telemetry.
fn telemetry(task: &Task, service: &Service, generation: u64) -> BTreeMap<String, String> {
    let run = task.record.run.as_ref().map(|run| run.id.as_str());
    let access = task.record.telemetry.as_ref();
    access.map_or_else(BTreeMap::new, |access| {
        inject::telemetry(service, access, run, generation)
    })
}

impl Launch {
    async fn run(mut self) {
        // What came up although it was called off is stopped by who did so.
        let outcome = Box::pin(self.bring_up()).await;
        let (service, generation) = (self.service.name.clone(), self.generation);
        let message = match outcome {
            Ok(live) => Message::Launched {
                service,
                generation,
                live,
            },
            Err(cause) => Message::Report {
                service,
                generation,
                report: Report::LaunchFailed {
                    cause,
                    retry: false,
                },
            },
        };
        // The environment may have been closed meanwhile.
        _ = self.messages.send(message);
    }

    async fn bring_up(&mut self) -> Result<Live, String> {
        self.claim_ports().await?;
        match self.service.run.clone() {
            Run::Process(process) => self.bring_up_process(&process).await,
            Run::Container(container) => self.bring_up_container(&container).await,
            Run::External => Ok(Live::External),
        }
    }

    /// Fixed ports must be free; automatic ones are assigned, the same as last
    /// time where possible.
    async fn claim_ports(&mut self) -> Result<(), String> {
        if matches!(self.service.run, Run::External) {
            return Ok(());
        }
        let mut assigned = BTreeMap::new();
        for endpoint in &self.service.endpoints {
            let key = (self.service.name.clone(), endpoint.name.clone());
            let port = match (endpoint.port, endpoint.protocol) {
                (HostPort::Fixed(port), Protocol::Tcp) => {
                    ports::wait_free(port).await.map_err(|taken| {
                        let offer = ports::near(port).map(|free| format!(", such as {free}"));
                        format!(
                            "{taken}; stop that program or give {} another port{}",
                            self.service.name,
                            offer.unwrap_or_default()
                        )
                    })?;
                    port
                }
                // Who holds a UDP port is told by the container runtime.
                (HostPort::Fixed(port), Protocol::Udp) => port,
                (HostPort::Auto, _) => ports::assign(self.ports.get(&key).copied())
                    .ok_or("this host has no free port left")?,
            };
            assigned.insert(format!("{}/{}", key.0, key.1), port);
            self.ports.insert(key, port);
        }
        // We are told to stop where nobody listens.
        _ = self
            .messages
            .send(Message::PortsAssigned { ports: assigned });
        Ok(())
    }

    async fn bring_up_process(&self, process: &Process) -> Result<Live, String> {
        let mut environment = (*self.base_environment).clone();
        environment.extend(inject::variables(
            &self.plan,
            &self.service.name,
            &self.ports,
        ));
        environment.extend(self.telemetry.clone());
        let expand = |word: &String| {
            inject::expand(word, &self.plan, &self.ports, Viewpoint::Host)
                .unwrap_or_else(|_| word.clone())
        };
        let dir = instance_dir(&self.dir, &self.service.name, self.generation);
        let spec = Spec {
            command: process.command.iter().map(expand).collect(),
            cwd: process.cwd.clone(),
            environment,
            lock: self
                .dir
                .join("services")
                .join(&self.service.name)
                .join("lock"),
            socket: socket(
                &self.socket_dir,
                &self.service.name,
                &self.generation.to_string(),
            ),
            log_limit: LOG_LIMIT,
        };
        forget_old_instances(
            &self.dir.join("services").join(&self.service.name),
            self.generation,
        );
        let instance = processes::start(&self.shim, dir, &spec).await?;
        let here = Place::Host(spec.cwd.clone(), spec.environment.clone());
        if let Err(cause) = self.after_start(here).await {
            self.end_process(instance).await;
            return Err(cause);
        }
        Ok(follow_process(
            instance,
            self.service.name.clone(),
            self.generation,
            &self.sink,
            &self.messages,
        ))
    }

    async fn bring_up_container(&mut self, container: &Container) -> Result<Live, String> {
        let runtime = tokio::select! {
            runtime = self.runtime.answering() => runtime?,
            () = self.cancel.cancelled() => return Err("called off".to_owned()),
        };
        // What an earlier `down` still removes goes first.
        let _meanwhile_none_is_removed = tokio::select! {
            turn = Arc::clone(&self.removal).read_owned() => turn,
            () = self.cancel.cancelled() => return Err("called off".to_owned()),
        };
        let (messages, service, generation) = (
            self.messages.clone(),
            self.service.name.clone(),
            self.generation,
        );
        let sink = Arc::clone(&self.sink);
        let progress = move |step| match step {
            Step::Doing(text) => {
                // Progress that nobody sees is no loss.
                _ = messages.send(Message::Progress {
                    service: service.clone(),
                    generation,
                    text,
                });
            }
            Step::Pulling(pull) => {
                // Progress that nobody sees is no loss.
                _ = messages.send(Message::Pulling {
                    service: service.clone(),
                    generation,
                    pull,
                });
            }
            Step::Output(text) => {
                let line = LogLine {
                    time_us: jiff::Timestamp::now().as_microsecond(),
                    origin: Origin::Benchtop,
                    text,
                };
                sink.logs(&service, generation, vec![line]);
            }
        };
        let (runtime, launched) = self.launch_container(runtime, container, progress).await?;
        let (id, started) = (launched.id.clone(), launched.started);
        follow_container(
            &runtime,
            launched,
            self.service.name.clone(),
            self.generation,
            self.sink.clone(),
        );
        let inside = Place::Container(Arc::clone(&runtime), id.clone());
        if let Err(cause) = self.after_start(inside).await {
            let grace = self.service.stop_grace;
            let stopped = containers::stop(&runtime, &id, grace).await;
            return Err(match stopped {
                Ok(_) => cause,
                Err(left) => format!("{cause}; its container still runs: {left}"),
            });
        }
        Ok(Live::Container { id, started })
    }

    /// Runs what is to be run once the instance has started. Where the launch is
    /// called off meanwhile, the rest is left out: the instance is stopped then.
    async fn after_start(&self, place: Place) -> Result<(), String> {
        let hooks = Hooks {
            key: "post_start",
            all: self.service.post_start.clone(),
            place,
            service: self.service.name.clone(),
            generation: self.generation,
            sink: Arc::clone(&self.sink),
        };
        tokio::select! {
            outcome = hooks.run(hooks::AFTER_START) => outcome,
            () = self.cancel.cancelled() => Ok(()),
        }
    }

    /// Ends a process whose start has failed after all.
    async fn end_process(&self, instance: ProcessInstance) {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let (service, generation) = (&self.service.name, self.generation);
        let request = Request::Stop {
            signal: self.service.stop_signal.unwrap_or(signal::TERM),
            grace_ms: self.service.stop_grace.0,
        };
        let take = |lines| self.sink.logs(service, generation, lines);
        build::follow(instance, &cancel, request, take).await;
    }

    /// Each act is idempotent: where the runtime goes away in between, the whole
    /// is done again once it is back, with what is there already.
    async fn launch_container(
        &self,
        mut runtime: Arc<Runtime>,
        container: &Container,
        progress: impl Fn(Step),
    ) -> Result<(Arc<Runtime>, Launched), String> {
        let mut launch = self.container_launch(container);
        loop {
            let cause = match containers::launch(&runtime, &launch, &progress).await {
                Ok(launched) => {
                    reach("container.started");
                    return Ok((runtime, launched));
                }
                Err(cause) => cause,
            };
            if self.cancel.is_cancelled() || runtime.answers().await {
                return Err(cause);
            }
            progress(Step::Doing(
                "waiting for the container runtime, which went away".to_owned(),
            ));
            // What it was busy with may be half done.
            launch.fresh = true;
            runtime = tokio::select! {
                back = self.wait_for_return(&runtime) => back.ok_or(cause)?,
                () = self.cancel.cancelled() => return Err(cause),
            };
        }
    }

    /// The runtime after a break; `None` where it stays away.
    async fn wait_for_return(&self, lost: &Arc<Runtime>) -> Option<Arc<Runtime>> {
        let mut states = self.runtime.states.clone();
        let back = |state: &RuntimeState| {
            let up = state.up.as_ref();
            up.is_some_and(|up| !Arc::ptr_eq(up, lost))
        };
        let state = tokio::time::timeout(RETURN_LIMIT, states.wait_for(back)).await;
        state.ok()?.ok()?.up.clone()
    }

    fn container_launch<'a>(&'a self, container: &'a Container) -> containers::Launch<'a> {
        containers::Launch {
            plan: &self.plan,
            service: &self.service,
            container,
            ports: &self.ports,
            generation: self.generation,
            telemetry: &self.telemetry,
            fresh: false,
            cancel: &self.cancel,
        }
    }
}

/// The socket of one of a service's shims: a short name, because socket paths are
/// limited to about 100 bytes.
pub(super) fn socket(dir: &std::path::Path, service: &str, which: &str) -> PathBuf {
    let service = benchtop_model::plan::environment_id(std::path::Path::new(service));
    dir.join(format!("{}-{which}.sock", &service[..8]))
}

/// Follows a process to its end in the background.
pub(super) fn follow_process(
    instance: ProcessInstance,
    service: String,
    generation: u64,
    sink: &Arc<dyn Sink>,
    messages: &mpsc::UnboundedSender<Message>,
) -> Live {
    let (stops, requests) = mpsc::channel(4);
    let live = Live::Process {
        pid: instance.state.child.pid,
        started: benchtop_model::time::Timestamp(instance.state.started_us / 1000),
        stops,
    };
    let (sink, messages) = (Arc::clone(sink), messages.clone());
    let kept = {
        let (sink, service) = (Arc::clone(&sink), service.clone());
        move || sink.log_position(&service, generation)?.parse().ok()
    };
    let tell = move |news| match news {
        News::Lines(lines, place) => {
            sink.logs_from(&service, generation, lines, place.to_string());
        }
        News::Ended(exit) => {
            // The environment may have been closed meanwhile.
            _ = messages.send(Message::Report {
                service: service.clone(),
                generation,
                report: Report::Exited(exit),
            });
        }
    };
    let after = kept();
    tokio::spawn(instance.follow(after, kept, requests, tell));
    live
}

/// Follows a container's output in the background.
pub(super) fn follow_container(
    runtime: &Arc<Runtime>,
    container: Launched,
    service: String,
    generation: u64,
    sink: Arc<dyn Sink>,
) {
    let runtime = Arc::clone(runtime);
    tokio::spawn(async move {
        let after = sink
            .log_position(&service, generation)
            .and_then(|position| position.parse().ok());
        container::logs::follow(&runtime, container, after, |lines, place| {
            sink.logs_from(&service, generation, lines, place.to_string());
        })
        .await;
    });
}

/// Keeps the folders of the last few starts, for their logs.
fn forget_old_instances(service_dir: &std::path::Path, generation: u64) {
    let Ok(entries) = std::fs::read_dir(service_dir) else {
        return;
    };
    for entry in entries.flatten() {
        let old = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u64>().ok())
            .is_some_and(|n| n + 3 < generation);
        if old && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::debug!(%error, "an old instance folder stays");
        }
    }
}
