//! Requests about metrics.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::metrics::query::{MetricQuery, PinnedChart};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `metrics.list`: what was measured in a run.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct MetricsListRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run; absent: the present one, or the newest that is kept.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
}

/// `metrics.query`: charts over one axis of time.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct MetricsQueryRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run; absent: the present one, or the newest that is kept.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// At most 16.
    pub queries: Vec<MetricQuery>,
    /// Begin of the axis; absent: the run's first point.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub since: Option<Timestamp>,
    /// End of the axis; absent: the run's last point.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub until: Option<Timestamp>,
    /// Into so many buckets, such as the chart's columns; at most 2000.
    pub buckets: u32,
}

/// `metrics.pins`: the charts that a person keeps in view.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct MetricsPinsRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `metrics.pin`: keep these charts in view, in place of those before.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct MetricsPinRequest {
    /// The environment's identity.
    pub environment: String,
    /// At most 50, in their order.
    pub charts: Vec<PinnedChart>,
}
