//! The state of an environment at one moment, as plain data.

use benchtop_model::inject::Ports;
use benchtop_model::plan::Plan;
use benchtop_model::probe::{ProbeResult, ProbeRole};
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::time::{Millis, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An environment at one moment.
#[derive(Clone, Debug)]
pub struct EnvironmentSnapshot {
    /// What is run.
    pub plan: Arc<Plan>,
    /// The worst of all services.
    pub status: Status,
    /// What an earlier engine left running is known. Before, nothing else here
    /// can be relied upon.
    pub adopted: bool,
    /// Nothing is on its way any more.
    pub settled: bool,
    /// Nothing runs, nothing is wanted, and nothing is being removed.
    pub idle: bool,
    /// Id and start of the run that is going on.
    pub run: Option<(String, Timestamp)>,
    /// The container runtime; `None` where no service needs one.
    pub runtime: Option<RuntimeSnapshot>,
    /// In the order of the names.
    pub services: Vec<ServiceSnapshot>,
    /// Assigned host ports.
    pub ports: Ports,
    /// What processes start with, before the file's own variables.
    pub base_environment: Arc<BTreeMap<String, String>>,
}

/// The container runtime at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSnapshot {
    /// It answers.
    pub available: bool,
    /// Name and version, once it has answered.
    pub name: Option<String>,
    /// What is wrong.
    pub problem: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// One service at one moment.
#[derive(Clone, Debug)]
pub struct ServiceSnapshot {
    /// Its name.
    pub name: String,
    /// What a person sees.
    pub status: Status,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What its probes say.
    pub health: Health,
    /// Why it is so.
    pub reason: Option<String>,
    /// What goes on right now.
    pub progress: Option<String>,
    /// Since when it has this status.
    pub since: Timestamp,
    /// Number of the current or last start.
    pub generation: u64,
    /// Restarts in this run.
    pub restarts: u32,
    /// When the next start is due.
    pub next_start: Option<Timestamp>,
    /// When the instance was started.
    pub started: Option<Timestamp>,
    /// Process id.
    pub pid: Option<u32>,
    /// Container id.
    pub container_id: Option<String>,
    /// Exit code of the last end.
    pub exit_code: Option<i32>,
    /// CPU and memory.
    pub usage: Option<Usage>,
    /// Its probes.
    pub probes: Vec<ProbeSnapshot>,
    /// The evidence is old.
    pub stale: bool,
    /// What runs stems from another definition.
    pub outdated: bool,
}

/// One probe at one moment.
#[derive(Clone, Debug)]
pub struct ProbeSnapshot {
    /// Which question.
    pub role: ProbeRole,
    /// `http`, `tcp` …
    pub kind: &'static str,
    /// What it asks.
    pub target: String,
    /// Time between attempts.
    pub interval: Millis,
    /// Failures in a row.
    pub failures: u32,
    /// The last answer and when it came.
    pub last: Option<(ProbeResult, Timestamp)>,
}

/// CPU and memory of an instance with everything below it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// In percent of one core.
    pub cpu: f64,
    /// Resident bytes.
    pub memory: u64,
}
