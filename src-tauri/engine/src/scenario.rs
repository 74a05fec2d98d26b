//! Runs scenarios: the steps of [`benchtop_model::scenario`], against an environment
//! that is up.
//!
//! [`start`] returns at once; the report is watched while it grows. One task goes through
//! the list, each kind of step has a file of its own in `step`, and none of them decides
//! what its failure means for the rest: that is `course`.

mod board;
mod context;
mod course;
pub(crate) mod leftovers;
mod outcome;
mod step;

/// Flink's client, for who looks into it without a scenario.
pub(crate) mod flink {
    pub(crate) use super::step::flink::{Rest, failures, submit};
}

/// Temporal's client, for the same.
pub(crate) mod temporal {
    pub(crate) use super::step::temporal::{Execution, WorkflowType, ask};
}

use crate::clock;
use crate::environment::EnvironmentHandle;
use benchtop_model::plan::Plan;
use benchtop_model::scenario::Scenario;
use benchtop_model::scenario::report::ScenarioReport;
use board::Board;
use context::Context;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What is to be run.
pub struct Script {
    /// Unique among all executions.
    pub id: String,
    /// The scenario.
    pub scenario: Scenario,
    /// The definition it stems from.
    pub plan: Arc<Plan>,
    /// Variables that this call replaces; each is one of the scenario's.
    pub overrides: BTreeMap<String, String>,
}

/// A scenario that was started.
pub struct Running {
    report: watch::Receiver<Arc<ScenarioReport>>,
    /// Cleanup steps are still run.
    cancel: CancellationToken,
    /// They are not either.
    abort: CancellationToken,
}

impl Running {
    /// As it stands now.
    #[must_use]
    pub fn report(&self) -> Arc<ScenarioReport> {
        self.report.borrow().clone()
    }

    /// Is marked at each change. Closed when the scenario has ended, with the last
    /// report in it.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<ScenarioReport>> {
        self.report.clone()
    }

    /// Ends it: steps that clean up are still run. Asked a second time, it ends those too.
    pub fn cancel(&self) {
        if self.cancel.is_cancelled() {
            self.abort.cancel();
        }
        self.cancel.cancel();
    }
}

/// Begins.
#[must_use]
pub fn start(handle: EnvironmentHandle, script: Script) -> Running {
    let snapshot = handle.snapshot();
    let run = snapshot.run.as_ref().map(|(run, _)| run.clone());
    let (context, report) = Context::new(handle, script, run);
    let (cancel, abort) = (context.cancel.clone(), context.abort.clone());
    tokio::spawn(course::run(context));
    Running {
        report,
        cancel,
        abort,
    }
}

/// A fresh id, sortable by start.
#[must_use]
pub fn new_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed) % 1000;
    format!("{:013}-{number:03}", clock::now().0)
}
