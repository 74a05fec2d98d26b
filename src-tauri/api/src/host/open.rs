//! One open environment with all that belongs to it.

use crate::definition::{Definition, Source};
use crate::schema::{ApiError, Empty, ErrorCode};
use benchtop_engine::environment::EnvironmentHandle;
use benchtop_engine::environment::snapshot::EnvironmentSnapshot;
use benchtop_model::plan::Plan;
use benchtop_model::problem::nearest;
use benchtop_telemetry::book::LogBook;
use std::sync::{Arc, Mutex, PoisonError};

/// An open environment.
pub(super) struct OpenEnvironment {
    pub(super) id: String,
    pub(super) handle: EnvironmentHandle,
    pub(super) logs: Arc<LogBook>,
    disk: Mutex<OnDisk>,
}

/// The definition as it lies on disk.
struct OnDisk {
    source: Source,
    definition: Definition,
}

impl OpenEnvironment {
    pub(super) fn new(
        id: String,
        source: Source,
        handle: EnvironmentHandle,
        logs: Arc<LogBook>,
    ) -> Self {
        let definition = source.read();
        Self {
            id,
            handle,
            logs,
            disk: Mutex::new(OnDisk { source, definition }),
        }
    }

    /// Somebody opens it again: the definition and the variables may be others.
    /// What runs is not disturbed; `up` applies the difference.
    pub(super) fn reopen(&self, source: Source, plan: Plan) {
        if self.handle.snapshot().run.is_none() {
            self.handle.replan(plan, source.variables.clone());
        }
        let definition = source.read();
        *self.lock() = OnDisk { source, definition };
    }

    /// Starts services, after the definition on disk was taken over.
    pub(super) fn up(&self, services: Vec<String>) -> Result<(), ApiError> {
        let (source, definition) = self.definition();
        let plan = definition.plan()?;
        if *plan != *self.handle.snapshot().plan {
            self.handle.replan(plan.clone(), source.variables);
        }
        for service in &services {
            known(plan, service)?;
        }
        self.handle.up(services);
        Ok(())
    }

    /// Whether changes of the file are applied at once.
    pub(super) fn is_watching(&self) -> bool {
        false
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
        (disk.source.clone(), disk.definition.clone())
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
