//! The rows of the history as faces see them.

use benchtop_model::exit::Exit;
use benchtop_model::host::HostFacts;
use benchtop_model::probe::{ProbeRole, Verdict};
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// Still going on.
    Running,
    /// Ended on purpose, and no service was ever Unhealthy.
    Clean,
    /// Ended on purpose, but some service was Unhealthy on the way.
    Troubled,
    /// Its end was never recorded: the machine or the engine went down with it.
    Interrupted,
}

/// One run of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Run {
    /// Unique, sortable by start.
    pub id: String,
    /// The environment's identity.
    pub environment: String,
    /// Its name when the run began.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// When the first service was asked for.
    pub started: Timestamp,
    /// When the last instance had ended.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub result: RunResult,
    /// Services in the definition.
    pub services: u32,
    /// Starts that followed an unexpected end.
    pub restarts: u32,
    /// From the start until every service was Healthy or Completed for the first
    /// time; absent where that never happened.
    pub time_to_ready: Option<Millis>,
    /// Git commit of the project folder, shortened, where it is a checkout.
    pub git_commit: Option<String>,
    /// The checkout had uncommitted changes.
    pub git_dirty: bool,
    /// On what it ran; absent where that was not recorded.
    #[serde(default)]
    pub host: Option<HostFacts>,
    /// When it was read from a file; absent where it happened here.
    #[serde(default)]
    pub imported: Option<Timestamp>,
    /// What people say of it.
    pub annotation: Annotation,
}

/// What people say of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Annotation {
    /// A name for it: `before the upgrade`.
    pub label: Option<String>,
    /// A text for whoever looks at it later.
    pub note: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// It is kept, whatever the retention says.
    pub pinned: bool,
}

/// One start of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Instance {
    /// The run it belongs to.
    pub run: String,
    /// Name of the service.
    pub service: String,
    /// Number of the start.
    #[ts(type = "number")]
    pub generation: u64,
    /// Container id, or process id.
    pub identity: String,
    /// Hash of the definition it was started from.
    pub definition: String,
    /// When it was launched.
    pub started: Timestamp,
    /// From launch to the first Healthy.
    pub time_to_ready: Option<Millis>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub exit: Option<Exit>,
}

/// One change of a service's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Transition {
    /// The run it belongs to.
    pub run: String,
    /// Name of the service.
    pub service: String,
    /// Number of the start it happened in.
    #[ts(type = "number")]
    pub generation: u64,
    /// When.
    pub at: Timestamp,
    /// The state entered.
    pub lifecycle: Lifecycle,
    /// The health entered.
    pub health: Health,
    /// What a person saw from then on.
    pub status: Status,
    /// Why, one sentence.
    pub cause: String,
}

/// Equal answers of one probe in a row, as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProbeSpan {
    /// The run they belong to.
    pub run: String,
    /// Name of the service.
    pub service: String,
    /// Number of the start that was probed.
    #[ts(type = "number")]
    pub generation: u64,
    /// Which probe.
    pub role: ProbeRole,
    /// What each of them means.
    pub verdict: Verdict,
    /// What each of them said.
    pub text: String,
    /// Named findings of the last of them.
    pub details: BTreeMap<String, String>,
    /// When the first of them came.
    pub first: Timestamp,
    /// When the last of them came.
    pub last: Timestamp,
    /// How many they are.
    #[ts(type = "number")]
    pub count: u64,
    /// The quickest, in microseconds.
    #[ts(type = "number")]
    pub latency_min_us: u64,
    /// The slowest, in microseconds.
    #[ts(type = "number")]
    pub latency_max_us: u64,
    /// All together, in microseconds; by `count`, the mean.
    #[ts(type = "number")]
    pub latency_sum_us: u64,
}

/// An environment that was opened at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KnownEnvironment {
    /// Its identity.
    pub id: String,
    /// Its name when it was last opened.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// Its file.
    pub file: String,
    /// The built-in sample.
    pub sample: bool,
    /// When it was last opened.
    pub last_opened: Timestamp,
}
