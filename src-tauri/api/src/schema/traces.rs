//! Requests about traces and about the receiver of telemetry.

use benchtop_model::time::Timestamp;
pub use benchtop_telemetry::otlp::status::TelemetryStatus;
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
