//! What is measured, in the one form that every source becomes.

use super::query::{Exemplar, MetricKind, MetricSource, Temporality};
use std::sync::Arc;

/// What all series of a metric have in common. Two that differ in anything are two
/// metrics, even with one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descriptor {
    /// Its name.
    pub name: String,
    /// Its unit by UCUM; empty where it has none.
    pub unit: String,
    /// What it says; empty where nobody has told.
    pub description: String,
    /// What its points are.
    pub kind: MetricKind,
    /// Only grows, apart from resets.
    pub monotonic: bool,
    /// What its points count from; `None` for gauges and summaries.
    pub temporality: Option<Temporality>,
    /// Where it comes from.
    pub source: MetricSource,
}

/// A metric of one service with these attributes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The metric.
    pub metric: Arc<Descriptor>,
    /// Name of the service.
    pub service: String,
    /// What sets it apart, by key.
    pub attributes: Vec<(String, String)>,
}

/// One point of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The series.
    pub series: SeriesKey,
    /// The point.
    pub point: Point,
}

/// What was measured at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What it counts from, in milliseconds since 1970; 0 where that is not known.
    pub start: i64,
    /// What was measured.
    pub value: Value,
    /// Single observations that lead to a trace.
    pub exemplars: Vec<Exemplar>,
}

/// The value of a point.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Gauges and sums. Integers beyond 2^53 lose their last digits.
    Number(f64),
    /// Counts between explicit bounds.
    Histogram(Histogram),
    /// Counts between powers of a base.
    Exponential(Exponential),
    /// Percentiles from the service itself.
    Summary(Summary),
}

/// Observations between explicit bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// All observations.
    pub count: u64,
    /// Their sum, where it is known.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// Upper bounds, rising; each belongs to its bucket.
    pub bounds: Arc<[f64]>,
    /// A count for each bucket: one more than there are bounds.
    pub counts: Vec<u64>,
}

/// Observations between powers of 2^(2^-scale).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exponential {
    /// All observations.
    pub count: u64,
    /// Their sum, where it is known.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// The larger, the finer.
    pub scale: i32,
    /// Observations not further from zero than the threshold.
    pub zero_count: u64,
    /// See there.
    pub zero_threshold: f64,
    /// Observations above zero.
    pub positive: Powers,
    /// Observations below zero, by their distance from it.
    pub negative: Powers,
}

/// Counts of neighbouring powers: the n-th is for values above base^(offset + n), up to
/// base^(offset + n + 1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// Power of the first count.
    pub offset: i32,
    /// The counts.
    pub counts: Vec<u64>,
}

/// Percentiles that the service has computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Observations since the start.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile (0 to 1) and value, by quantile.
    pub quantiles: Vec<(f64, f64)>,
}

impl Value {
    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        let own = std::mem::size_of::<Point>();
        own + match self {
            Self::Number(_) => 0,
            Self::Histogram(histogram) => histogram.counts.len() * 8,
            Self::Exponential(exponential) => {
                (exponential.positive.counts.len() + exponential.negative.counts.len()) * 8
            }
            Self::Summary(summary) => summary.quantiles.len() * 16,
        }
    }
}

impl Point {
    /// A number at a moment.
    #[must_use]
    pub fn number(at: i64, value: f64) -> Self {
        Self {
            at,
            start: 0,
            value: Value::Number(value),
            exemplars: Vec::new(),
        }
    }

    /// The same, counted from a start.
    #[must_use]
    pub fn since(self, start: i64) -> Self {
        Self { start, ..self }
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.value.weight() + self.exemplars.len() * 128
    }
}
