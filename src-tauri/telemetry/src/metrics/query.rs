//! How a view asks for charts, and what it is answered.

use benchtop_model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the points of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// A number that is what it is at its moment: memory in use.
    Gauge,
    /// A number that adds up: requests served. See [`Metric::monotonic`].
    Sum,
    /// Observations counted between given bounds.
    Histogram,
    /// Observations counted between bounds that are powers of a base.
    ExponentialHistogram,
    /// Percentiles that the service has computed itself.
    Summary,
}

/// What a point of a sum or histogram counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Temporality {
    /// From the point before.
    Delta,
    /// From the start of the service.
    Cumulative,
}

/// Where a metric comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum MetricSource {
    /// The container runtime's counters.
    Container,
    /// The process table of this machine, or what Benchtop knows of a service.
    Process,
    /// Answers of probes.
    Probe,
    /// Made of spans.
    Span,
    /// Sent by the service.
    Otlp,
    /// Fetched from the service.
    Scrape,
}

/// A metric that a run has points of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Metric {
    /// Its name, such as `container.memory.usage`.
    pub name: String,
    /// Its unit by UCUM, such as `By`, `s` or `{request}`.
    pub unit: Option<String>,
    /// What it says, one sentence.
    pub description: Option<String>,
    /// What its points are.
    pub kind: MetricKind,
    /// A sum that only grows, apart from restarts: a counter.
    pub monotonic: bool,
    /// What its points count from; absent where they do not count.
    pub temporality: Option<Temporality>,
    /// Where it comes from.
    pub source: MetricSource,
    /// Which services have it.
    pub services: Vec<String>,
    /// Keys of its attributes.
    pub attributes: Vec<String>,
    /// How many series it has.
    pub series: u32,
    /// Its first point.
    pub first: Timestamp,
    /// Its last point.
    pub last: Timestamp,
}

/// The metrics of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MetricList {
    /// By name.
    pub metrics: Vec<Metric>,
    /// Series that were not kept since the start of the engine, because there are too
    /// many.
    #[ts(type = "number")]
    pub dropped_series: u64,
    /// Points that were not kept since the start of the engine: of such series, or
    /// because of a full disk or the limits of what is kept.
    #[ts(type = "number")]
    pub dropped_points: u64,
}

/// What of a metric is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum MetricShow {
    /// The number itself, the last of each bucket. Of a histogram or summary the mean.
    #[default]
    Value,
    /// How much it grows a second; resets of counters are no falls. Of a histogram or
    /// summary its observations a second.
    Rate,
    /// How much it grew in each bucket.
    Delta,
    /// The median of the observations in each bucket.
    P50,
    /// What nine of ten observations in each bucket stay below.
    P90,
    /// What 99 of 100 observations in each bucket stay below.
    P99,
    /// Observations by value and time; all series together.
    Heatmap,
    /// How many observations each bucket has; points, where the metric is a number.
    Count,
    /// Mean of the observations in each bucket; of the points, where it is a number.
    Mean,
}

/// Only series whose attribute has this value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MetricFilter {
    /// Key of the attribute.
    pub key: String,
    /// Its value as text.
    pub value: String,
}

/// One chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct MetricQuery {
    /// Name of the metric.
    pub metric: String,
    /// Only these services; all where it is empty.
    pub services: Vec<String>,
    /// Only series that have all these attributes.
    pub filter: Vec<MetricFilter>,
    /// Keys of attributes that keep series apart; the service always does. Series that
    /// differ only in others are one: sums add up, of gauges it is the mean.
    pub group_by: Vec<String>,
    /// What is shown.
    pub show: MetricShow,
}

/// What of a run is asked for, for several charts over one axis of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricRange {
    /// Begin of the axis; absent: the first point.
    pub since: Option<Timestamp>,
    /// End of the axis; absent: the last point.
    pub until: Option<Timestamp>,
    /// Into so many buckets.
    pub buckets: u32,
}

/// The answer: charts over one axis of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct MetricFrames {
    /// When the first bucket begins.
    pub from: Timestamp,
    /// When the last bucket ends.
    pub to: Timestamp,
    /// Width of a bucket. A bucket has what was measured from its begin on, and before
    /// its end.
    pub step: Millis,
    /// One for each query, in their order.
    pub frames: Vec<MetricFrame>,
    /// What happened to services in this time, oldest first; at most 500.
    pub marks: Vec<RunMark>,
}

/// One chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct MetricFrame {
    /// Name of the metric.
    pub metric: String,
    /// Unit of what is shown, by UCUM.
    pub unit: Option<String>,
    /// The lines, the largest first; at most 50.
    pub series: Vec<Series>,
    /// With [`MetricShow::Heatmap`].
    pub heatmap: Option<Heatmap>,
    /// Single observations that lead to a trace, oldest first; at most 200.
    pub exemplars: Vec<Exemplar>,
    /// Lines that were left out.
    pub omitted_series: u32,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Series {
    /// Its service.
    pub service: String,
    /// What sets it apart.
    pub attributes: Vec<(String, String)>,
    /// One for each bucket; null where there was nothing. Between two points that are
    /// no further apart than usual, buckets without a point have the earlier one.
    pub points: Vec<Option<f64>>,
    /// The least of each bucket, where more was measured than is shown.
    pub min: Option<Vec<Option<f64>>>,
    /// The most of each bucket, where more was measured than is shown.
    pub max: Option<Vec<Option<f64>>>,
}

/// Observations by value and time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Heatmap {
    /// Upper bounds of the rows, rising; above the last there is one more row.
    pub bounds: Vec<f64>,
    /// For each bucket of time, a count for each row: one more than there are bounds.
    /// Empty where the bucket has no observations.
    #[ts(type = "Array<Array<number>>")]
    pub counts: Vec<Vec<u64>>,
}

/// A single observation that leads to a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Exemplar {
    /// When.
    pub at: Timestamp,
    /// What was observed.
    pub value: f64,
    /// Its trace, 32 hexadecimal digits.
    pub trace_id: String,
    /// Its span, 16 hexadecimal digits.
    pub span_id: String,
}

/// What happened to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RunMarkKind {
    /// It came up for the first time in the run.
    Start,
    /// It came up again.
    Restart,
    /// It was stopped, or has done its work.
    Stop,
    /// It ended by itself, and badly.
    Crash,
    /// It became Unhealthy.
    Alert,
    /// It was built anew.
    Rebuild,
}

/// An event of the run, for every chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunMark {
    /// When.
    pub at: Timestamp,
    /// What kind of event.
    pub kind: RunMarkKind,
    /// The service.
    pub service: String,
    /// What happened, one sentence.
    pub text: String,
}

/// A chart that a person keeps in view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PinnedChart {
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub query: MetricQuery,
}
