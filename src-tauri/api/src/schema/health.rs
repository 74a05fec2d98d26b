//! Requests about how services have fared.

use benchtop_model::probe::{ProbeRole, Verdict};
use benchtop_model::time::{Millis, Timestamp};
use benchtop_model::vitals::StatusSpan;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `probes.history`: what probes answered and how services fared.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ProbesHistoryRequest {
    /// The environment's identity.
    pub environment: String,
    /// Only this service; absent: all.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub service: Option<String>,
    /// The whole of this run; absent: the last two hours, whatever run they belong to.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
}

/// How services have fared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct HealthHistory {
    /// The run that availability and time to ready are of; absent where there was none.
    pub run: Option<String>,
    /// Begin of what is shown.
    pub from: Timestamp,
    /// End of what is shown.
    pub to: Timestamp,
    /// In the order of the names.
    pub services: Vec<ServiceHistory>,
}

/// How one service has fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ServiceHistory {
    /// Its name.
    pub service: String,
    /// What a person saw, oldest first; the newest 300.
    pub states: Vec<StatusSpan>,
    /// The part of the run, from 0 to 1, in which it was Healthy since it was so first;
    /// time in which it was stopped on purpose does not count. Absent where it never was.
    pub availability: Option<f64>,
    /// From the launch of its last instance in the run to Healthy.
    pub ready_after: Option<Millis>,
    /// The median of the same over earlier runs.
    pub usual: Option<Millis>,
    /// How many earlier runs that is.
    pub usual_of: u32,
    /// Turns between well and ill in the last ten minutes.
    pub flips: u32,
    /// It flaps: at least four such turns.
    pub flapping: bool,
    /// Its probes, in the order startup, live, ready.
    pub probes: Vec<ProbeHistory>,
}

/// What one probe answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ProbeHistory {
    /// Which.
    pub role: ProbeRole,
    /// Equal answers in a row as one, oldest first; the newest 300.
    pub spans: Vec<AnswerSpan>,
    /// Spans that were left out.
    pub omitted: u32,
    /// All answers in the time that is shown.
    #[ts(type = "number")]
    pub answers: u64,
    /// Mean latency in milliseconds in each of equal parts of the time that is shown; null
    /// where nothing is known. Empty where there are no metrics of it.
    pub latency_ms: Vec<Option<f64>>,
}

/// Equal answers in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AnswerSpan {
    /// What they mean.
    pub verdict: Verdict,
    /// What each of them said.
    pub text: String,
    /// When the first of them came.
    pub from: Timestamp,
    /// How long the last of them counted: until the next answer, where one followed in time.
    pub to: Timestamp,
    /// How many they are.
    #[ts(type = "number")]
    pub count: u64,
    /// Mean latency in microseconds.
    #[ts(type = "number")]
    pub mean_us: u64,
    /// The slowest, in microseconds.
    #[ts(type = "number")]
    pub max_us: u64,
}
