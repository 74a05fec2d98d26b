//! What the engine hands over to be kept.

use crate::row::{Instance, ProbeSpan, Run, Transition};
use benchtop_model::alert::Alert;
use benchtop_model::host::HostFacts;
use benchtop_model::probe::{ProbeResult, ProbeRole};
use benchtop_model::scenario::report::ScenarioReport;
use benchtop_model::time::Timestamp;

/// A run that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Unique, sortable by start.
    pub id: String,
    /// The environment's identity.
    pub environment: String,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// When the first service was asked for.
    pub started: Timestamp,
    /// Services in the definition.
    pub services: u32,
    /// Git commit of the folder, shortened, where it is a checkout.
    pub git_commit: Option<String>,
    /// The checkout had uncommitted changes.
    pub git_dirty: bool,
    /// On what it runs.
    pub host: Option<HostFacts>,
    /// The resolved definition as JSON, its secrets already masked by the caller.
    pub definition_json: String,
}

/// One answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeRow {
    /// The run it belongs to.
    pub run: String,
    /// Name of the service.
    pub service: String,
    /// Number of the start that was probed.
    pub generation: u64,
    /// Which probe.
    pub role: ProbeRole,
    /// When it answered.
    pub at: Timestamp,
    /// The answer.
    pub result: ProbeResult,
}

/// An environment that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEnvironment {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// Its file.
    pub file: String,
    /// The built-in sample.
    pub sample: bool,
}

/// An execution of a scenario, as it stands.
#[derive(Clone, Debug)]
pub struct ScenarioRow {
    /// The environment's identity.
    pub environment: String,
    /// All that is known of it.
    pub report: ScenarioReport,
}

/// A run with all that a history knows of it, on its way to another history. The number of
/// the run in it is that of [`WholeRun::run`], whatever its parts say.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeRun {
    /// The run.
    pub run: Run,
    /// The resolved definition as JSON, its secrets masked.
    pub definition: String,
    /// Its instances, oldest first.
    pub instances: Vec<Instance>,
    /// Its changes of state, oldest first.
    pub transitions: Vec<Transition>,
    /// What its probes answered, each probe's oldest first.
    pub probes: Vec<ProbeSpan>,
    /// Its alerts.
    pub alerts: Vec<Alert>,
    /// What scenarios said that were executed in it.
    pub scenarios: Vec<ScenarioReport>,
}
