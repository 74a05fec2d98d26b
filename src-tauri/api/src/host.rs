//! The engine process's answers to the list of [`crate::schema`], and the place
//! where supervision, log book and history meet.

mod alert_requests;
mod alerts;
mod claim;
mod diagnosis;
mod doctor;
mod export;
mod git;
mod handlers;
mod health;
mod logs;
mod marks;
mod measured;
mod metrics;
mod notifier;
mod open;
mod open_file;
mod report;
mod run_facts;
mod run_transfer;
mod runs;
mod runtimes;
mod scenario_spans;
mod scenarios;
mod secrets;
mod settings;
mod sink;
mod systems;
mod telemetry;
mod traces;
mod transfer;
mod turns;
mod updates;
mod views;
mod watch;

use crate::definition::Source;
use crate::paths::{Paths, private_dir};
use crate::schema::{ApiError, Event};
use alerts::Alerts;
use benchtop_engine::environment::{EnvironmentConfig, EnvironmentHandle};
use benchtop_engine::record::EnvironmentRecord;
use benchtop_model::plan::Plan;
use benchtop_store::history::History;
use benchtop_telemetry::book::{Limits, LogBook};
use benchtop_telemetry::metrics::book::{MetricBook, MetricLimits};
use claim::{Claim, Taken};
use notifier::Notifier;
use open::{Kept, OpenEnvironment};
use sink::HostSink;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Events that a slow listener may be behind before it misses some; it pulls
/// everything anew then.
const EVENT_BACKLOG: usize = 256;

/// The engine process.
pub struct Host {
    paths: Paths,
    /// The `benchtop` program: shim and sample.
    program: PathBuf,
    started: benchtop_model::time::Timestamp,
    history: History,
    environments: Mutex<BTreeMap<String, Arc<OpenEnvironment>>>,
    /// Held while an environment is looked for and, where it is not there, made.
    opening: Mutex<()>,
    events: broadcast::Sender<Event>,
    stop: CancellationToken,
}

impl Host {
    /// Opens the history and adopts every environment that an earlier engine
    /// left running.
    #[must_use]
    pub fn start(paths: Paths, program: PathBuf) -> Arc<Self> {
        let opened = History::open(&paths.history());
        for notice in &opened.notices {
            tracing::warn!("{notice}");
        }
        let host = Arc::new(Self {
            paths,
            program,
            started: benchtop_engine::clock::now(),
            history: opened.history,
            environments: Mutex::default(),
            opening: Mutex::default(),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            stop: CancellationToken::new(),
        });
        host.adopt_all();
        host
    }

    /// What happens, for faces.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Is cancelled when somebody has asked the engine to end.
    #[must_use]
    pub fn stopped(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ends the supervision of everything; what runs goes on running.
    pub async fn leave(&self) {
        for environment in self.all() {
            environment.handle.leave().await;
            let logs = Arc::clone(&environment.logs);
            // A panic of the writer was logged where it happened.
            _ = tokio::task::spawn_blocking(move || logs.commit()).await;
            let metrics = Arc::clone(&environment.metrics);
            // The same.
            _ = tokio::task::spawn_blocking(move || metrics.commit()).await;
        }
        let history = self.history.clone();
        // A panic of the writer was logged where it happened.
        _ = tokio::task::spawn_blocking(move || history.flush()).await;
    }

    fn adopt_all(self: &Arc<Self>) {
        let mut going_on = Vec::new();
        let dirs = std::fs::read_dir(self.paths.data.join("environments"))
            .into_iter()
            .flatten()
            .flatten();
        let records: Vec<EnvironmentRecord> = dirs
            .filter_map(|entry| EnvironmentRecord::read(&entry.path()))
            .filter(|r| r.run.is_some() || r.remove)
            .collect();
        going_on.extend(
            records
                .iter()
                .filter_map(|r| r.run.as_ref())
                .map(|run| run.id.clone()),
        );
        self.history.interrupt_runs(&going_on);
        self.history.interrupt_scenarios();
        let deadline = std::time::Instant::now() + claim::PATIENCE;
        for record in records {
            let remembered = self.history.environments().unwrap_or_default();
            let sample = remembered
                .iter()
                .any(|e| e.id == record.plan.id() && e.sample);
            let source = Source {
                path: record.plan.file.clone(),
                profiles: record.profiles.clone(),
                variables: record.base_environment.clone(),
                sample,
            };
            match Claim::take_by(&record.plan.project_dir, deadline) {
                Ok(claim) => {
                    tracing::info!(environment = %record.plan.name, "taking over what an earlier engine left running");
                    self.insert(source, record, claim);
                }
                Err(Taken { pid }) => {
                    tracing::warn!(environment = %record.plan.name, ?pid, "another engine supervises it");
                }
            }
        }
    }

    /// Begins to supervise an environment.
    fn insert(
        self: &Arc<Self>,
        source: Source,
        record: EnvironmentRecord,
        claim: Claim,
    ) -> Arc<OpenEnvironment> {
        let id = record.plan.id();
        let run = record.run.as_ref().map(|run| run.id.clone());
        let run = run.as_deref();
        let folder = self.paths.environment(&id).join("telemetry");
        let logs = LogBook::open(&folder, run, Limits::default()).unwrap_or_else(|error| {
            tracing::error!(%error, folder = %folder.display(), "logs are kept in memory only");
            LogBook::default()
        });
        logs.pin(&self.history.pinned().unwrap_or_default());
        let logs = Arc::new(logs);
        let mut record = record;
        let opened = MetricBook::open(&folder, run, MetricLimits::default());
        let metrics = Arc::new(opened.unwrap_or_else(|error| {
            tracing::error!(%error, folder = %folder.display(), "metrics are kept in memory only");
            MetricBook::default()
        }));
        let notifier = Notifier::new(id.clone(), self.events.clone());
        let alerts = Alerts::new(
            id.clone(),
            &record.plan,
            run,
            self.history.clone(),
            notifier.clone(),
            self.events.clone(),
        );
        let turns = Arc::new(turns::Turns::default());
        let sink = HostSink::new(
            id.clone(),
            self.history.clone(),
            Arc::clone(&logs),
            Arc::clone(&metrics),
            notifier.clone(),
            Arc::clone(&alerts),
            Arc::clone(&turns),
        );
        let current = telemetry::Current::default();
        let telemetry = telemetry::start(&mut record, &logs, &metrics, &notifier, &current);
        telemetry.forward_to(self.forward_of(&id));
        let socket_dir = self.paths.sockets(&id);
        if let Err(error) = private_dir(&socket_dir) {
            tracing::error!(%error, "no folder for sockets");
        }
        let handle = EnvironmentHandle::spawn(EnvironmentConfig {
            record,
            dir: self.paths.environment(&id),
            socket_dir,
            shim: self.program.clone(),
            sink: Arc::new(sink),
            runtime: self.runtime_of(&id),
        });
        current.set(handle.clone());
        let secrets = secrets::Secrets::open(&self.paths.environment(&id));
        let scenarios = scenarios::Scenarios::new(&id, &self.history, &notifier);
        let environment = Arc::new(OpenEnvironment::new(
            id.clone(),
            source,
            handle,
            Kept {
                logs,
                metrics,
                telemetry,
                alerts: Arc::clone(&alerts),
                turns,
                scenarios,
                secrets,
                claim,
            },
        ));
        // Where something goes on from an earlier engine, so does this.
        environment.set_watching(run.is_some() && self.was_watching(&environment.id));
        alerts.start(&environment);
        metrics::announce(&environment.metrics, notifier.clone());
        metrics::count_spans(&environment.metrics);
        watch::spawn(&environment, notifier);
        self.lock().insert(id, Arc::clone(&environment));
        // Nobody listening is fine.
        _ = self.events.send(Event::Environments);
        environment
    }

    /// The environment of this plan: open already, or opened now.
    async fn open(
        self: &Arc<Self>,
        source: Source,
        plan: Plan,
    ) -> Result<Arc<OpenEnvironment>, ApiError> {
        let claim = self.claim(&plan).await?;
        Ok(self.open_claimed(source, plan, claim))
    }

    /// The same, with the right to supervise it. Who comes second without one finds it open.
    fn open_claimed(
        self: &Arc<Self>,
        source: Source,
        plan: Plan,
        claim: Option<Claim>,
    ) -> Arc<OpenEnvironment> {
        let id = plan.id();
        // Two who open the same folder at once must get the same environment: a second
        // task over the same records would be a second owner of everything in it.
        let _one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = self.find(&id) {
            open.reopen(source, plan);
            return open;
        }
        let mut record = EnvironmentRecord::read(&self.paths.environment(&id))
            .unwrap_or_else(|| EnvironmentRecord::new(plan.clone(), BTreeMap::new()));
        record.plan = plan;
        record.profiles.clone_from(&source.profiles);
        record.base_environment = source.variables.clone();
        self.insert(source, record, claim.unwrap_or_default())
    }

    fn find(&self, id: &str) -> Option<Arc<OpenEnvironment>> {
        self.lock().get(id).cloned()
    }

    /// The environment that a request is about, once its state can be relied
    /// upon.
    async fn get(&self, id: &str) -> Result<Arc<OpenEnvironment>, ApiError> {
        let found = self.find(id).ok_or_else(|| ApiError {
            hint: Some("open its folder again".to_owned()),
            ..ApiError::not_found("this environment is not open")
        })?;
        found.handle.wait_adopted().await;
        Ok(found)
    }

    fn all(&self) -> Vec<Arc<OpenEnvironment>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<OpenEnvironment>>> {
        self.environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
