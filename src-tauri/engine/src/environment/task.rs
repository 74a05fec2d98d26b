//! The owner of an environment's state, and its loop.

use super::build::BuildState;
use super::ears::Ears;
use super::effects::Instance;
use super::message::Message;
use super::snapshot::{EnvironmentSnapshot, RuntimeSnapshot, Usage};
use super::watching::Watching;
use super::{EnvironmentConfig, scrape, sleep, stats};
use crate::clock;
use crate::container::instance;
use crate::container::runtime::discover::Surroundings;
use crate::container::runtime::{Runtime, Wish};
use crate::failpoint::reach;
use crate::record::{EnvironmentRecord, RunRecord, ServiceRecord};
use crate::sink::{Changed, EngineEvent, Sink};
use benchtop_model::plan::{Plan, ServiceKind};
use benchtop_model::probe::ProbeRole;
use benchtop_model::status::{Lifecycle, Status};
use benchtop_model::supervisor::{Event, Report, ServiceState, Supervisor};
use benchtop_model::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{mpsc, watch};

/// Everything about one environment.
pub(super) struct Task {
    pub(super) plan: Arc<Plan>,
    pub(super) supervisor: Supervisor,
    pub(super) record: EnvironmentRecord,
    pub(super) dir: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) shim: PathBuf,
    pub(super) sink: Arc<dyn Sink>,
    /// Between the instances and the sink.
    pub(super) ears: Ears,
    pub(super) base_environment: Arc<BTreeMap<String, String>>,
    /// To ourselves, for drivers.
    pub(super) messages: mpsc::UnboundedSender<Message>,
    /// By service.
    pub(super) instances: HashMap<String, Instance>,
    pub(super) runtime: watch::Sender<RuntimeState>,
    /// Address of the runtime that a person chose.
    pub(super) runtime_choice: Option<String>,
    /// The runtime that answers may not be the wanted one any more.
    pub(super) reconsider_runtime: bool,
    /// Where the user's variables lead to.
    pub(super) surroundings: Arc<Surroundings>,
    /// To the monitor of the runtime.
    pub(super) wishes: watch::Sender<Wish>,
    /// When each service took its present status.
    pub(super) since: HashMap<String, Timestamp>,
    /// When each probe last answered.
    pub(super) probed: HashMap<(String, ProbeRole), Timestamp>,
    pub(super) usage: HashMap<String, Usage>,
    /// The last build of each service.
    pub(super) builds: HashMap<String, BuildState>,
    /// The watches on the files of services.
    pub(super) watching: Watching,
    /// Remove containers and network once everything has ended.
    pub(super) remove_when_idle: bool,
    /// The removal is under way.
    pub(super) removing: bool,
    /// Written while containers are removed, read while one is launched.
    pub(super) removal: Arc<tokio::sync::RwLock<()>>,
    /// The record in memory is newer than the one on disk.
    pub(super) unsaved: bool,
    /// What an earlier engine left running was taken over.
    pub(super) adopted: bool,
}

/// What is known of the container runtime.
#[derive(Clone, Debug, Default)]
pub(super) struct RuntimeState {
    /// It answers.
    pub(super) up: Option<Arc<Runtime>>,
    /// For people; `None` until the first attempt has ended.
    pub(super) shown: Option<RuntimeSnapshot>,
}

type Started = (
    mpsc::UnboundedSender<Message>,
    watch::Receiver<Arc<EnvironmentSnapshot>>,
);

/// Starts the task.
pub(super) fn spawn(config: EnvironmentConfig, looked: Arc<AtomicU64>) -> Started {
    // Few and small: a command of a person, or an answer of which every instance
    // has one per probe on its way. Output never comes this way.
    #[allow(
        clippy::disallowed_methods,
        reason = "the task also sends to itself, and must never wait for itself"
    )]
    let (messages, inbox) = mpsc::unbounded_channel();
    let task = Task::new(config, messages.clone());
    let (snapshots, watcher) = watch::channel(Arc::new(task.snapshot()));
    tokio::spawn(stats::sample(
        watcher.clone(),
        task.runtime.subscribe(),
        messages.clone(),
        looked,
        Arc::clone(&task.sink),
    ));
    tokio::spawn(scrape::scrape(watcher.clone(), Arc::clone(&task.sink)));
    tokio::spawn(sleep::watch(messages.clone()));
    tokio::spawn(task.run(inbox, snapshots));
    (messages, watcher)
}

impl Task {
    fn new(config: EnvironmentConfig, messages: mpsc::UnboundedSender<Message>) -> Self {
        let plan = Arc::new(config.record.plan.clone());
        let base_environment = config.record.base_environment.clone();
        let ears = Ears::new(&plan);
        let sink = ears.before(config.sink, messages.clone());
        Self {
            supervisor: Supervisor::resumed(&plan, &config.record.former),
            record: config.record,
            dir: config.dir,
            socket_dir: config.socket_dir,
            shim: config.shim,
            sink,
            ears,
            messages,
            instances: HashMap::new(),
            runtime: watch::Sender::new(RuntimeState::default()),
            runtime_choice: config.runtime,
            reconsider_runtime: false,
            surroundings: Arc::new(Surroundings::of(&base_environment)),
            wishes: watch::Sender::new(Wish::default()),
            base_environment: Arc::new(base_environment),
            since: HashMap::new(),
            probed: HashMap::new(),
            usage: HashMap::new(),
            builds: HashMap::new(),
            watching: Watching::default(),
            remove_when_idle: false,
            removing: false,
            removal: Arc::default(),
            unsaved: true,
            adopted: false,
            plan,
        }
    }

    async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Message>,
        snapshots: watch::Sender<Arc<EnvironmentSnapshot>>,
    ) {
        self.watch_runtime();
        reach("adopt");
        self.adopt().await;
        reach("adopted");
        self.adopted = true;
        self.save();
        self.publish(&snapshots, Changed::State);
        loop {
            let message = tokio::select! {
                message = inbox.recv() => message,
                () = sleep_until(self.next_deadline()) => {
                    self.act_on_watches();
                    self.handle(Event::Tick);
                    self.publish(&snapshots, Changed::State);
                    continue;
                }
            };
            let Some(mut message) = message else { return };
            let mut waiting = Vec::new();
            let mut changed = Changed::Usage;
            // Everything that has queued up is taken before anybody is told.
            loop {
                match message {
                    Message::Leave { done } => {
                        self.save();
                        // Whoever asked may be gone.
                        _ = done.send(());
                        return;
                    }
                    Message::Sync { done } => waiting.push(done),
                    Message::Usage(usage) => self.usage = usage,
                    message => {
                        changed = Changed::State;
                        self.take(message);
                    }
                }
                match inbox.try_recv() {
                    Ok(next) => message = next,
                    Err(_) => break,
                }
            }
            self.publish(&snapshots, changed);
            // Whoever asked may be gone.
            waiting.into_iter().for_each(|done| _ = done.send(()));
        }
    }

    /// Receives and delegates.
    fn take(&mut self, message: Message) {
        match message {
            Message::Up { services } => self.command(Event::Up { services }),
            Message::Down { remove } => self.down(remove),
            Message::Start {
                service,
                with_dependencies,
            } => self.command(Event::Start {
                service,
                with_dependencies,
            }),
            Message::Stop { service } => self.command(Event::Stop { service }),
            Message::Restart { service } => self.command(Event::Restart { service }),
            Message::Cancel { service } => self.handle(Event::Cancel { service }),
            Message::Rebuild { service, cause } => {
                self.watching.resume(&service);
                self.command(Event::Rebuild { service, cause });
            }
            Message::Built {
                service,
                build,
                outcome,
                text,
            } => self.on_built(service, build, outcome, text),
            Message::Building {
                service,
                build,
                text,
            } => self.on_building(&service, build, text),
            Message::ProbeNow { service } => self.handle(Event::ProbeNow { service }),
            Message::Said(said) => self.on_said(said),
            Message::Spoke {
                service,
                generation,
            } => self.on_spoke(service, generation),
            Message::ChooseRuntime { address } => self.choose_runtime(address),
            Message::Replan {
                plan,
                base_environment,
                apply,
            } => self.replan(*plan, base_environment, apply),
            Message::Files(files) => self.on_files(&files),
            Message::Launched {
                service,
                generation,
                live,
            } => self.on_launched(&service, generation, live),
            Message::Report {
                service,
                generation,
                report,
            } => self.report(service, generation, report),
            Message::Progress {
                service,
                generation,
                text,
            } => self.on_progress(&service, generation, text),
            Message::Pulling {
                service,
                generation,
                pull,
            } => self.on_pulling(&service, generation, pull),
            Message::PortsAssigned { ports } => {
                self.record.ports.extend(ports);
                self.unsaved = true;
            }
            Message::Runtime(news) => self.on_runtime(news),
            Message::Looked {
                service,
                generation,
                condition,
            } => self.on_looked(service, generation, condition),
            Message::StartedOutside {
                service,
                id,
                definition,
            } => self.on_started_outside(service, id, definition),
            Message::Removed(result) => self.on_removed(result),
            Message::Slept(slept) => self.on_slept(slept),
            // Taken by the loop itself.
            Message::Leave { .. } | Message::Sync { .. } | Message::Usage(_) => {}
        }
    }

    /// An event that a person asked for: it may begin a run.
    fn command(&mut self, event: Event) {
        let starts = !matches!(event, Event::Stop { .. } | Event::Down);
        if starts {
            self.remove_when_idle = false;
            self.unsaved |= std::mem::take(&mut self.record.remove);
            self.begin_run();
        }
        self.handle(event);
    }

    /// Begins a run, unless one is going on.
    pub(super) fn begin_run(&mut self) {
        if self.record.run.is_none() {
            let at = clock::now();
            let run = RunRecord {
                id: format!("{:x}-{}", at.0, &self.plan.id()[..4]),
                started: at,
                ready: false,
            };
            self.sink.record(EngineEvent::RunStarted {
                run: run.id.clone(),
                at,
                plan: Arc::clone(&self.plan),
            });
            self.record.run = Some(run);
            self.unsaved = true;
        }
    }

    fn down(&mut self, remove: bool) {
        self.remove_when_idle = remove;
        // Where no runtime was ever used there is nothing to remove.
        let remove = remove && self.record.runtime.is_some();
        self.unsaved |= remove != self.record.remove;
        self.record.remove = remove;
        self.command(Event::Down);
    }

    fn replan(&mut self, plan: Plan, base_environment: BTreeMap<String, String>, apply: bool) {
        let had_containers = self
            .plan
            .services
            .values()
            .any(|s| s.kind() == ServiceKind::Container);
        self.plan = Arc::new(plan.clone());
        self.ears.learn(&plan);
        self.record.plan = plan.clone();
        let surroundings = Arc::new(Surroundings::of(&base_environment));
        self.reconsider_runtime |= self.surroundings != surroundings;
        self.surroundings = surroundings;
        self.base_environment = Arc::new(base_environment.clone());
        self.record.base_environment = base_environment;
        self.unsaved = true;
        if !had_containers {
            self.watch_runtime();
        }
        let plan = Box::new(plan);
        self.handle(match apply {
            true => Event::Apply(plan),
            false => Event::Replan(plan),
        });
    }

    /// Passes an event to the machine and performs what it asks for.
    pub(super) fn handle(&mut self, event: Event) {
        let effects = self.supervisor.on_event(event, clock::tick());
        self.note_intents();
        self.save();
        for effect in effects {
            self.perform(effect);
        }
        self.note_run();
    }

    /// Copies what must outlive us into the record, before any effect is
    /// performed.
    fn note_intents(&mut self) {
        for service in self.supervisor.services() {
            let record = self
                .record
                .services
                .entry(service.spec.name.clone())
                .or_default();
            let memory = service.memory();
            if memory.generation != record.memory.generation {
                *record = ServiceRecord {
                    kind: Some(service.spec.kind()),
                    asked: Some(clock::now()),
                    ..ServiceRecord::default()
                };
            }
            self.unsaved |= memory != record.memory;
            record.memory = memory;
        }
        let former = self.supervisor.former();
        self.unsaved |= former != self.record.former;
        self.record.former = former;
    }

    pub(super) fn save(&mut self) {
        if !self.unsaved {
            return;
        }
        reach("record.write");
        match self.record.write(&self.dir) {
            Ok(()) => {
                self.unsaved = false;
                reach("record.written");
            }
            Err(error) => {
                tracing::error!(%error, dir = %self.dir.display(), "cannot write the environment's record")
            }
        }
    }

    /// Tells when the run is ready for the first time, and when it has ended.
    fn note_run(&mut self) {
        let Some(run) = &mut self.record.run else {
            return self.remove_if_wanted();
        };
        let all_well =
            |s: &ServiceState| s.lifecycle == Lifecycle::Completed || s.status() == Status::Healthy;
        if !run.ready && self.supervisor.services().all(all_well) {
            run.ready = true;
            self.unsaved = true;
            self.sink.record(EngineEvent::RunReady {
                run: run.id.clone(),
                at: clock::now(),
            });
        }
        if self.supervisor.is_idle() {
            self.sink.record(EngineEvent::RunEnded {
                run: run.id.clone(),
                at: clock::now(),
            });
            self.record.run = None;
            self.unsaved = true;
            self.put_ports_back();
            self.remove_if_wanted();
        }
    }

    /// What took the place of a port that was held counts for one run.
    fn put_ports_back(&mut self) {
        let mut plan = (*self.plan).clone();
        if plan.put_back() {
            self.replan(plan, (*self.base_environment).clone(), false);
        }
    }

    fn remove_if_wanted(&mut self) {
        if !self.remove_when_idle || self.removing || !self.supervisor.is_idle() {
            return;
        }
        self.remove_when_idle = false;
        self.remove();
    }

    /// Removes containers and network; where the runtime is away, it is done when it is
    /// back, by whichever engine runs then.
    pub(super) fn remove(&mut self) {
        let Some(runtime) = self.runtime.borrow().up.clone() else {
            return;
        };
        // Launches wait until it is done: what they make would be removed with the rest.
        let Ok(alone) = Arc::clone(&self.removal).try_write_owned() else {
            return;
        };
        self.removing = true;
        let (messages, plan) = (self.messages.clone(), Arc::clone(&self.plan));
        tokio::spawn(async move {
            let result = instance::remove_all(&runtime, &plan).await;
            drop(alone);
            messages.send(Message::Removed(result))
        });
    }

    fn on_removed(&mut self, result: Result<(), String>) {
        self.removing = false;
        match result {
            Ok(()) => self.unsaved |= std::mem::take(&mut self.record.remove),
            // Tried again with the next runtime that answers.
            Err(cause) => tracing::warn!(%cause, "containers or network were left behind"),
        }
        // Somebody may have said `down` again meanwhile, and waits for it.
        self.remove_if_wanted();
    }

    pub(super) fn report(&mut self, service: String, generation: u64, report: Report) {
        self.note_report(&service, generation, &report);
        self.handle(Event::Reported {
            service,
            generation,
            report,
        });
    }

    fn next_deadline(&self) -> Option<benchtop_model::time::Tick> {
        let deadlines = [
            self.supervisor.next_deadline(),
            self.watching.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn publish(&mut self, snapshots: &watch::Sender<Arc<EnvironmentSnapshot>>, changed: Changed) {
        self.watch_files();
        self.save();
        self.tell_wish();
        snapshots.send_replace(Arc::new(self.snapshot()));
        self.sink.changed(changed);
    }
}

/// Never, where there is nothing to wait for.
async fn sleep_until(deadline: Option<benchtop_model::time::Tick>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock::instant_of(deadline)).await,
        None => std::future::pending().await,
    }
}
