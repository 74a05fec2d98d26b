//! One open environment with all that belongs to it.

use super::alerts::Alerts;
use super::claim::Claim;
use super::scenarios::Scenarios;
use super::secrets::Secrets;
use super::telemetry::Telemetry;
use super::turns::Turns;
use crate::definition::{Definition, Source};
use crate::schema::{ApiError, Empty, ErrorCode};
use crate::view::DefinitionChanges;
use benchtop_engine::environment::EnvironmentHandle;
use benchtop_engine::environment::snapshot::EnvironmentSnapshot;
use benchtop_model::plan::Plan;
use benchtop_model::plan::diff::{Doing, diff};
use benchtop_model::problem::nearest;
use benchtop_model::status::Lifecycle;
use benchtop_telemetry::book::LogBook;
use benchtop_telemetry::metrics::book::MetricBook;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An open environment.
pub(super) struct OpenEnvironment {
    pub(super) id: String,
    pub(super) handle: EnvironmentHandle,
    pub(super) logs: Arc<LogBook>,
    pub(super) metrics: Arc<MetricBook>,
    /// The spans, and the receiver of everything that services send.
    pub(super) telemetry: Telemetry,
    pub(super) alerts: Arc<Alerts>,
    /// Who flaps.
    pub(super) turns: Arc<Turns>,
    /// The scenario that goes on.
    pub(super) scenarios: Scenarios,
    /// What must not be seen in exports.
    pub(super) secrets: Secrets,
    /// No other engine supervises it.
    _claim: Claim,
    disk: Mutex<OnDisk>,
    /// Changes of the file are applied at once.
    watching: AtomicBool,
}

/// What is kept of an environment, and who keeps it.
pub(super) struct Kept {
    pub(super) logs: Arc<LogBook>,
    pub(super) metrics: Arc<MetricBook>,
    pub(super) telemetry: Telemetry,
    pub(super) alerts: Arc<Alerts>,
    pub(super) turns: Arc<Turns>,
    pub(super) scenarios: Scenarios,
    pub(super) secrets: Secrets,
    pub(super) claim: Claim,
}

/// The definition as it lies on disk.
struct OnDisk {
    source: Source,
    definition: Definition,
}

impl OpenEnvironment {
    pub(super) fn new(id: String, source: Source, handle: EnvironmentHandle, kept: Kept) -> Self {
        let Kept {
            logs,
            metrics,
            telemetry,
            alerts,
            turns,
            scenarios,
            secrets,
            claim,
        } = kept;
        let definition = source.read();
        Self {
            id,
            handle,
            logs,
            metrics,
            telemetry,
            alerts,
            turns,
            scenarios,
            secrets,
            _claim: claim,
            disk: Mutex::new(OnDisk { source, definition }),
            watching: AtomicBool::new(false),
        }
    }

    /// Somebody opens it again: the definition and the variables may be others.
    /// What runs is not disturbed; `up` applies the difference.
    pub(super) fn reopen(&self, source: Source, plan: Plan) {
        let definition = source.read();
        if self.handle.snapshot().run.is_none() {
            self.learn_secrets(&plan, &source, &definition);
            self.handle.replan(plan, source.variables.clone());
        }
        *self.lock() = OnDisk { source, definition };
    }

    /// Starts services, after the definition on disk was taken over.
    pub(super) fn up(&self, services: Vec<String>) -> Result<(), ApiError> {
        let (source, definition) = self.definition();
        let plan = definition.plan()?;
        self.learn_secrets(plan, &source, &definition);
        if *plan != *self.handle.snapshot().plan {
            self.handle.replan(plan.clone(), source.variables);
        }
        for service in &services {
            known(plan, service)?;
        }
        self.telemetry.on_start();
        self.handle.up(services);
        Ok(())
    }

    /// Whether changes of the file are applied at once.
    pub(super) fn is_watching(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    pub(super) fn set_watching(&self, watching: bool) {
        self.watching.store(watching, Ordering::Relaxed);
    }

    /// What lies between the definition that runs and the one on disk.
    pub(super) fn changes(&self) -> DefinitionChanges {
        let (snapshot, (_, definition)) = (self.handle.snapshot(), self.definition());
        let doing = |name: &str| {
            let state = snapshot.services.iter().find(|s| s.name == name);
            state.map_or(Doing::default(), |s| Doing {
                active: !matches!(s.lifecycle, Lifecycle::Stopped | Lifecycle::Completed),
                outdated: s.outdated,
            })
        };
        let changes = definition.plan.as_ref().map(|plan| {
            let running = snapshot.run.is_some();
            diff(&snapshot.plan, plan, running, doing)
        });
        DefinitionChanges {
            changes: changes.unwrap_or_default(),
            problems: definition.problems,
        }
    }

    /// Acts on these changes.
    pub(super) fn apply(&self) -> Result<(), ApiError> {
        let (source, definition) = self.definition();
        let plan = definition.plan()?;
        self.learn_secrets(plan, &source, &definition);
        self.handle.apply(plan.clone(), source.variables);
        Ok(())
    }

    /// Before anything of a definition runs: what it says may come from then on.
    fn learn_secrets(&self, plan: &Plan, source: &Source, definition: &Definition) {
        let snapshot = self.handle.snapshot();
        let outside = [&source.variables, &definition.secrets];
        self.secrets.learn(plan, &outside, &snapshot.ports);
    }

    /// Files of the definition have changed, and are quiet now. A file that
    /// defines nothing any more is taken to be half written.
    pub(super) fn on_files(&self) {
        let (_, definition) = self.definition();
        let whole = |plan: &Plan| !plan.services.is_empty();
        if self.is_watching()
            && self.handle.snapshot().run.is_some()
            && definition.plan.as_ref().is_some_and(whole)
            && !self.changes().changes.is_empty()
            && let Err(error) = self.apply()
        {
            tracing::warn!(%error, "a change of the definition was not applied");
        }
    }

    /// Starts a service with another port in place of a fixed one.
    pub(super) fn use_port(&self, service: &str, port: u16, instead: u16) -> Result<(), ApiError> {
        let snapshot = self.handle.snapshot();
        let mut plan = (*snapshot.plan).clone();
        let invalid = |message: String, hint: &str| ApiError {
            code: ErrorCode::Invalid,
            message,
            hint: Some(hint.to_owned()),
            problems: Vec::new(),
        };
        if !plan.move_port(service, port, instead) {
            let message = format!("`{service}` has no endpoint with the fixed port {port}");
            return Err(invalid(message, "name the port that the file fixes"));
        }
        if !benchtop_engine::ports::is_free(instead) {
            let message = format!("port {instead} is held by another program");
            return Err(invalid(message, "choose a port that is free"));
        }
        let variables = (*snapshot.base_environment).clone();
        self.handle.replan(plan, variables);
        self.handle.restart(service);
        Ok(())
    }

    /// The files that the definition was read from, or looked for.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let (_, definition) = self.definition();
        definition.inputs().map(Path::to_owned).collect()
    }

    /// The answer to a request that changes something, once the change shows.
    pub(super) async fn taken(&self) -> Result<Empty, ApiError> {
        self.handle.sync().await;
        Ok(Empty {})
    }

    /// The definition as it lies on disk now.
    pub(super) fn definition(&self) -> (Source, Definition) {
        let mut disk = self.lock();
        if disk.definition.is_stale() {
            disk.definition = disk.source.read();
        }
        let mut definition = disk.definition.clone();
        let snapshot = self.handle.snapshot();
        // Ports that were moved stay so until the run ends, whatever else changes.
        if let (Some(plan), Some(_)) = (&mut definition.plan, &snapshot.run) {
            plan.move_like(&snapshot.plan);
        }
        (disk.source.clone(), definition)
    }

    pub(super) fn is_sample(&self) -> bool {
        self.lock().source.sample
    }

    /// The present state, for a request about one service.
    pub(super) fn snapshot_with(
        &self,
        service: &str,
    ) -> Result<Arc<EnvironmentSnapshot>, ApiError> {
        let snapshot = self.handle.snapshot();
        known(&snapshot.plan, service)?;
        Ok(snapshot)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OnDisk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says no to a service that does not exist, with the name that may be meant.
fn known(plan: &Plan, service: &str) -> Result<(), ApiError> {
    if plan.services.contains_key(service) {
        return Ok(());
    }
    let names = plan.services.keys().map(String::as_str);
    Err(ApiError {
        code: ErrorCode::NotFound,
        message: format!("there is no service `{service}` in {}", plan.name),
        hint: nearest(service, names).map(|name| format!("did you mean `{name}`?")),
        problems: Vec::new(),
    })
}
