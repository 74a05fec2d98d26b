//! Requests about traces and about the receiver of telemetry.

use benchtop_model::time::Timestamp;
pub use benchtop_telemetry::otlp::status::{ForwardStatus, SignalCounts, TelemetryStatus};
pub use benchtop_telemetry::trace::{ServiceMap, Trace, TracePage, TraceQuery};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `traces.list`: a page of traces, and numbers of all that match.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TracesListRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which traces.
    pub query: TraceQuery,
}

/// `traces.get`: one trace with its spans.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TraceGetRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run; absent: the present one, or the newest that is kept.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// The trace, 32 hexadecimal digits.
    pub trace_id: String,
}

/// `traces.map`: who calls whom, as spans tell and as the definition says.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TracesMapRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run; absent: the present one, or the newest that is kept.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// Only traces that began at this time or later.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub since: Option<Timestamp>,
    /// Only traces that began before this time.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub until: Option<Timestamp>,
}

/// `telemetry.status`: where services send telemetry to, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TelemetryStatusRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `telemetry.export`: all telemetry of a run as a file, one request of OTLP in JSON on each
/// line.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TelemetryExportRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run; absent: the present one, or the newest that is kept.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// The file, as an absolute path.
    pub path: String,
    /// Replace the file where it exists; otherwise that is an error.
    #[serde(default)]
    pub overwrite: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TelemetryExported {
    /// How much of each.
    pub counts: SignalCounts,
    /// Size of the file.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The file.
    pub path: String,
}

/// `telemetry.import`: makes a run of such a file. It is found among the runs by the name
/// of the file.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TelemetryImportRequest {
    /// The environment's identity.
    pub environment: String,
    /// The file, as an absolute path.
    pub path: String,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TelemetryImported {
    /// The run that was made.
    pub run: String,
    /// How much of each it has.
    pub counts: SignalCounts,
    /// What was left out, because it is not valid.
    pub rejected: SignalCounts,
}

/// `telemetry.forward`: where a copy of all telemetry is sent on to. Kept in the settings.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct TelemetryForwardRequest {
    /// For this environment; absent: for all that have no address of their own.
    pub environment: Option<String>,
    /// A backend of OTLP/HTTP, such as `http://localhost:14318` or
    /// `https://otlp.example.com`; absent: none.
    pub address: Option<String>,
    /// What every request to it carries, each as `name: value`; in place of those of before.
    /// They are kept in the settings and not shown.
    #[serde(default)]
    pub headers: Vec<String>,
}
