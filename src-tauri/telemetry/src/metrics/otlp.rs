//! From OTLP's metrics to points, all five kinds.
//!
//! What a point says of itself is checked here, so that all behind it can rely upon it:
//! a histogram has a count more than bounds, the powers of an exponential one lie within
//! f64. Such points are refused with a reason, the others of the request are kept.

use super::book::MetricBook;
use super::point::{
    Descriptor, Exponential, Histogram, Point, Powers, Sample, SeriesKey, Summary, Value,
};
use super::powers::FINEST;
use super::query::{Exemplar, MetricKind, MetricSource, Temporality};
use crate::otlp::attribution;
use crate::otlp::metrics::{MetricSink, MetricsBusy, MetricsTaken};
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{self as proto, exemplar, number_data_point};
use std::sync::Arc;

/// Single observations of one point.
const MOST_EXEMPLARS: usize = 5;

/// Attributes of one series; more are a mistake.
const MOST_ATTRIBUTES: usize = 64;

/// Bytes of one attribute.
const LONGEST: usize = 1024;

/// Buckets of one point.
const MOST_BUCKETS: usize = 10_000;

/// The flag of a point that says that there is nothing to say.
const NO_VALUE: u32 = 1;

/// What keeps instances of one service apart that run side by side.
const INSTANCE: &str = "service.instance.id";

/// What a request has.
#[derive(Debug, Default)]
pub struct Read {
    /// Points that can be kept.
    pub samples: Vec<Sample>,
    /// Points that cannot.
    pub rejected: u64,
    /// Why, of one of them.
    pub reason: Option<&'static str>,
}

/// Reads the points of a request. `now` stands for times that are absent.
#[must_use]
pub fn read(request: ExportMetricsServiceRequest, now: Timestamp) -> Read {
    let mut read = Read::default();
    for resource_metrics in request.resource_metrics {
        let resource = resource_metrics.resource.unwrap_or_default();
        let service = attribution(&resource.attributes).service;
        let instance = resource
            .attributes
            .into_iter()
            .find(|pair| pair.key == INSTANCE);
        let whose = Whose {
            service,
            instance: instance.map(pair),
            now: now.0,
        };
        let scopes = resource_metrics.scope_metrics.into_iter();
        for metric in scopes.flat_map(|scope| scope.metrics) {
            whose.metric(metric, &mut read);
        }
    }
    read
}

impl MetricSink for MetricBook {
    fn points(&self, request: ExportMetricsServiceRequest) -> Result<MetricsTaken, MetricsBusy> {
        let Read {
            samples,
            mut rejected,
            reason,
        } = read(request, super::now());
        let count = samples.len() as u64;
        let refused = self.push(samples);
        rejected += refused;
        let too_many =
            "there is no run, or there are too many series: does an attribute have an id?";
        Ok(MetricsTaken {
            accepted: count - refused.min(count),
            rejected,
            message: reason
                .or((refused > 0).then_some(too_many))
                .map(str::to_owned),
        })
    }

    fn spans(&self, request: &ExportTraceServiceRequest) {
        self.red.request(request);
    }
}

/// Who has sent a metric.
struct Whose {
    service: String,
    instance: Option<(String, String)>,
    now: i64,
}

/// What all kinds of point have.
struct Common {
    attributes: Vec<KeyValue>,
    start: u64,
    at: u64,
    flags: u32,
    exemplars: Vec<proto::Exemplar>,
}

impl Whose {
    fn metric(&self, metric: proto::Metric, read: &mut Read) {
        let proto::Metric {
            name,
            description,
            unit,
            data,
            ..
        } = metric;
        let Some(data) = data else { return };
        let (kind, temporality, monotonic) = kind(&data);
        let metric = Arc::new(Descriptor {
            name,
            unit,
            description,
            kind,
            monotonic,
            temporality,
            source: MetricSource::Otlp,
        });
        let unknown =
            !matches!(kind, MetricKind::Gauge | MetricKind::Summary) && temporality.is_none();
        let nameless = metric.name.is_empty();
        let mut keep = |common: Common, value: Result<Option<Value>, &'static str>| {
            let value = match value {
                _ if nameless => Err("a metric has no name"),
                _ if unknown => Err("the temporality of a sum or histogram is not given"),
                _ if common.flags & NO_VALUE != 0 => Ok(None),
                value => value,
            };
            match value {
                Ok(Some(value)) => read.samples.push(self.sample(&metric, common, value)),
                // There is nothing to keep, and nothing wrong.
                Ok(None) => {}
                Err(reason) => {
                    read.rejected += 1;
                    read.reason.get_or_insert(reason);
                }
            }
        };
        match data {
            Data::Gauge(data) => data.data_points.into_iter().for_each(|p| {
                let (common, value) = number(p);
                keep(common, value);
            }),
            Data::Sum(data) => data.data_points.into_iter().for_each(|p| {
                let (common, value) = number(p);
                keep(common, value);
            }),
            Data::Histogram(data) => data.data_points.into_iter().for_each(|p| {
                let (common, value) = histogram(p);
                keep(common, value);
            }),
            Data::ExponentialHistogram(data) => data.data_points.into_iter().for_each(|p| {
                let (common, value) = exponential(p);
                keep(common, value);
            }),
            Data::Summary(data) => data.data_points.into_iter().for_each(|p| {
                let (common, value) = summary(p);
                keep(common, value);
            }),
        }
    }

    fn sample(&self, metric: &Arc<Descriptor>, common: Common, value: Value) -> Sample {
        let own = common
            .attributes
            .into_iter()
            .take(MOST_ATTRIBUTES)
            .map(pair);
        let mut attributes: Vec<_> = own.chain(self.instance.clone()).collect();
        attributes.sort();
        attributes.dedup_by(|one, other| one.0 == other.0);
        let at = if common.at == 0 {
            self.now
        } else {
            millis(common.at)
        };
        let exemplars = common.exemplars.into_iter().filter_map(|e| single(e, at));
        Sample {
            series: SeriesKey {
                metric: Arc::clone(metric),
                service: self.service.clone(),
                attributes,
            },
            point: Point {
                at,
                start: millis(common.start),
                value,
                exemplars: exemplars.take(MOST_EXEMPLARS).collect(),
            },
        }
    }
}

fn kind(data: &Data) -> (MetricKind, Option<Temporality>, bool) {
    match data {
        Data::Gauge(_) => (MetricKind::Gauge, None, false),
        Data::Sum(sum) => {
            let temporality = temporality(sum.aggregation_temporality);
            (MetricKind::Sum, temporality, sum.is_monotonic)
        }
        Data::Histogram(data) => {
            let temporality = temporality(data.aggregation_temporality);
            (MetricKind::Histogram, temporality, false)
        }
        Data::ExponentialHistogram(data) => {
            let temporality = temporality(data.aggregation_temporality);
            (MetricKind::ExponentialHistogram, temporality, false)
        }
        // It counts from the start of the service; the format has no other way.
        Data::Summary(_) => (MetricKind::Summary, None, false),
    }
}

fn temporality(value: i32) -> Option<Temporality> {
    match proto::AggregationTemporality::try_from(value).ok()? {
        proto::AggregationTemporality::Delta => Some(Temporality::Delta),
        proto::AggregationTemporality::Cumulative => Some(Temporality::Cumulative),
        proto::AggregationTemporality::Unspecified => None,
    }
}

type Told = (Common, Result<Option<Value>, &'static str>);

fn number(point: proto::NumberDataPoint) -> Told {
    let value = point.value.map(|value| {
        Value::Number(match value {
            number_data_point::Value::AsDouble(value) => value,
            number_data_point::Value::AsInt(value) => value as f64,
        })
    });
    let common = Common {
        attributes: point.attributes,
        start: point.start_time_unix_nano,
        at: point.time_unix_nano,
        flags: point.flags,
        exemplars: point.exemplars,
    };
    (common, Ok(value))
}

fn histogram(point: proto::HistogramDataPoint) -> Told {
    let (bounds, counts) = (point.explicit_bounds, point.bucket_counts);
    let rising = bounds.windows(2).all(|two| two[0] < two[1]) && bounds.iter().all(|b| !b.is_nan());
    let summed = counts
        .iter()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let value = if counts.len() > MOST_BUCKETS {
        Err("a histogram has too many buckets")
    } else if !rising {
        Err("the bounds of a histogram do not rise")
    } else if !counts.is_empty() && counts.len() != bounds.len() + 1 {
        Err("a histogram has not one count more than bounds")
    } else if !counts.is_empty() && summed != Some(point.count) {
        Err("the counts of a histogram are not its count")
    } else {
        // Without counts only the number of observations and their sum are known.
        let (bounds, counts) = match counts.is_empty() {
            true => (Vec::new(), vec![point.count]),
            false => (bounds, counts),
        };
        Ok(Some(Value::Histogram(Histogram {
            count: point.count,
            sum: point.sum,
            min: point.min,
            max: point.max,
            bounds: bounds.into(),
            counts,
        })))
    };
    let common = Common {
        attributes: point.attributes,
        start: point.start_time_unix_nano,
        at: point.time_unix_nano,
        flags: point.flags,
        exemplars: point.exemplars,
    };
    (common, value)
}

fn exponential(point: proto::ExponentialHistogramDataPoint) -> Told {
    let scale = point.scale;
    let sides = [point.positive, point.negative].map(|side| powers(side, scale));
    let value = match sides {
        [Some(positive), Some(negative)] => {
            let counts = positive.counts.iter().chain(&negative.counts);
            let summed = counts
                .chain([&point.zero_count])
                .try_fold(0_u64, |s, c| s.checked_add(*c));
            if summed == Some(point.count) {
                Ok(Some(Value::Exponential(Exponential {
                    count: point.count,
                    sum: point.sum,
                    min: point.min,
                    max: point.max,
                    scale,
                    zero_count: point.zero_count,
                    zero_threshold: point.zero_threshold,
                    positive,
                    negative,
                })))
            } else {
                Err("the counts of an exponential histogram are not its count")
            }
        }
        _ => Err("the buckets of an exponential histogram lie beyond all numbers"),
    };
    let common = Common {
        attributes: point.attributes,
        start: point.start_time_unix_nano,
        at: point.time_unix_nano,
        flags: point.flags,
        exemplars: point.exemplars,
    };
    (common, value)
}

/// The powers of one side; `None` where their values are none of f64.
fn powers(side: Option<Buckets>, scale: i32) -> Option<Powers> {
    let Buckets {
        offset,
        bucket_counts: counts,
    } = side.unwrap_or_default();
    if !(-10..=FINEST).contains(&scale) || counts.len() > MOST_BUCKETS {
        return None;
    }
    // 2^-1075 to 2^1024, in powers of 2^(2^-scale).
    let fits = |power: i64| {
        let exponent = power as f64 * (-f64::from(scale)).exp2();
        (-1100.0..=1100.0).contains(&exponent)
    };
    let last = i64::from(offset) + counts.len() as i64;
    let nothing = counts.iter().all(|count| *count == 0);
    if nothing {
        return Some(Powers::default());
    }
    // At coarse scales the one bucket around everything is wider than f64.
    let coarse = scale < 0 && (-2..=1).contains(&offset);
    (coarse || (fits(offset.into()) && fits(last))).then_some(Powers { offset, counts })
}

fn summary(point: proto::SummaryDataPoint) -> Told {
    let told = point.quantile_values.iter().map(|q| (q.quantile, q.value));
    let mut quantiles: Vec<(f64, f64)> = told.collect();
    quantiles.sort_by(|one, other| one.0.total_cmp(&other.0));
    let sound = quantiles
        .iter()
        .all(|(quantile, _)| (0.0..=1.0).contains(quantile));
    let value = if sound && quantiles.len() <= MOST_BUCKETS {
        Ok(Some(Value::Summary(Summary {
            count: point.count,
            sum: point.sum,
            quantiles,
        })))
    } else {
        Err("a quantile of a summary is not between 0 and 1")
    };
    let common = Common {
        attributes: point.attributes,
        start: point.start_time_unix_nano,
        at: point.time_unix_nano,
        flags: point.flags,
        exemplars: Vec::new(),
    };
    (common, value)
}

/// An observation that leads to a trace; those that do not are none.
fn single(exemplar: proto::Exemplar, at: i64) -> Option<Exemplar> {
    let value = match exemplar.value? {
        exemplar::Value::AsDouble(value) => value,
        exemplar::Value::AsInt(value) => value as f64,
    };
    if exemplar.trace_id.len() != 16 || !value.is_finite() {
        return None;
    }
    let own = millis(exemplar.time_unix_nano);
    Some(Exemplar {
        at: Timestamp(if own == 0 { at } else { own }),
        value,
        trace_id: hex(&exemplar.trace_id),
        span_id: hex(&exemplar.span_id),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn millis(nanos: u64) -> i64 {
    (nanos / 1_000_000).cast_signed()
}

fn pair(pair: KeyValue) -> (String, String) {
    (cut(pair.key), cut(pair.value.map(text).unwrap_or_default()))
}

/// A value as text. Lists and maps set no series apart in practice, so any form will do.
fn text(value: AnyValue) -> String {
    use any_value::Value as V;
    match value.value {
        Some(V::StringValue(text)) => text,
        Some(V::BoolValue(value)) => value.to_string(),
        Some(V::IntValue(value)) => value.to_string(),
        Some(V::DoubleValue(value)) => value.to_string(),
        Some(V::BytesValue(bytes)) => hex(&bytes),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    text
}
