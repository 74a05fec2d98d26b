//! Points as requests of OTLP: the way back from [`crate::metrics::otlp`].

use super::logs::pair;
use crate::metrics::point::{
    Descriptor, Exponential, Histogram, Point, Powers, SeriesKey, Summary, Value,
};
use crate::metrics::query::{Exemplar, MetricKind, Temporality};
use crate::otlp::SERVICE;
use crate::spans::value::unhex;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    self as proto, AggregationTemporality, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// All points of one series.
pub(super) fn request(series: &SeriesKey, points: Vec<Point>) -> ExportMetricsServiceRequest {
    let named = series.attributes.iter();
    let attributes: Vec<KeyValue> = named.map(|(k, v)| pair(k, v.clone())).collect();
    let metric = proto::Metric {
        name: series.metric.name.clone(),
        description: series.metric.description.clone(),
        unit: series.metric.unit.clone(),
        data: Some(data(&series.metric, &attributes, points)),
        ..proto::Metric::default()
    };
    let whose = vec![
        pair("service.name", series.service.clone()),
        pair(SERVICE, series.service.clone()),
    ];
    ExportMetricsServiceRequest {
        resource_metrics: vec![proto::ResourceMetrics {
            resource: Some(Resource {
                attributes: whose,
                ..Resource::default()
            }),
            scope_metrics: vec![proto::ScopeMetrics {
                metrics: vec![metric],
                ..proto::ScopeMetrics::default()
            }],
            ..proto::ResourceMetrics::default()
        }],
    }
}

fn data(metric: &Descriptor, attributes: &[KeyValue], points: Vec<Point>) -> Data {
    let aggregation_temporality = match metric.temporality {
        Some(Temporality::Delta) => AggregationTemporality::Delta,
        Some(Temporality::Cumulative) => AggregationTemporality::Cumulative,
        None => AggregationTemporality::Unspecified,
    } as i32;
    let of = |point: &Point| Of::new(attributes, point);
    let points = points.into_iter();
    match metric.kind {
        MetricKind::Gauge => Data::Gauge(proto::Gauge {
            data_points: points.filter_map(|p| number(of(&p), p)).collect(),
        }),
        MetricKind::Sum => Data::Sum(proto::Sum {
            data_points: points.filter_map(|p| number(of(&p), p)).collect(),
            aggregation_temporality,
            is_monotonic: metric.monotonic,
        }),
        MetricKind::Histogram => Data::Histogram(proto::Histogram {
            data_points: points
                .filter_map(|p| match &p.value {
                    Value::Histogram(value) => Some(histogram(of(&p), value)),
                    _ => None,
                })
                .collect(),
            aggregation_temporality,
        }),
        MetricKind::ExponentialHistogram => {
            Data::ExponentialHistogram(proto::ExponentialHistogram {
                data_points: points
                    .filter_map(|p| match &p.value {
                        Value::Exponential(value) => Some(exponential(of(&p), value)),
                        _ => None,
                    })
                    .collect(),
                aggregation_temporality,
            })
        }
        MetricKind::Summary => Data::Summary(proto::Summary {
            data_points: points
                .filter_map(|p| match &p.value {
                    Value::Summary(value) => Some(summary(of(&p), value)),
                    _ => None,
                })
                .collect(),
        }),
    }
}

/// What points of all kinds have.
struct Of {
    attributes: Vec<KeyValue>,
    start: u64,
    at: u64,
    exemplars: Vec<proto::Exemplar>,
}

impl Of {
    fn new(attributes: &[KeyValue], point: &Point) -> Self {
        Self {
            attributes: attributes.to_vec(),
            start: nanos(point.start),
            at: nanos(point.at),
            exemplars: point.exemplars.iter().map(single).collect(),
        }
    }
}

fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or_default() * 1_000_000
}

fn single(one: &Exemplar) -> proto::Exemplar {
    proto::Exemplar {
        time_unix_nano: nanos(one.at.0),
        trace_id: unhex(&one.trace_id).unwrap_or_default(),
        span_id: unhex(&one.span_id).unwrap_or_default(),
        value: Some(exemplar::Value::AsDouble(one.value)),
        ..proto::Exemplar::default()
    }
}

fn number(of: Of, point: Point) -> Option<proto::NumberDataPoint> {
    let Value::Number(value) = point.value else {
        return None;
    };
    Some(proto::NumberDataPoint {
        attributes: of.attributes,
        start_time_unix_nano: of.start,
        time_unix_nano: of.at,
        exemplars: of.exemplars,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..proto::NumberDataPoint::default()
    })
}

fn histogram(of: Of, value: &Histogram) -> proto::HistogramDataPoint {
    proto::HistogramDataPoint {
        attributes: of.attributes,
        start_time_unix_nano: of.start,
        time_unix_nano: of.at,
        exemplars: of.exemplars,
        count: value.count,
        sum: value.sum,
        min: value.min,
        max: value.max,
        explicit_bounds: value.bounds.to_vec(),
        bucket_counts: value.counts.clone(),
        ..proto::HistogramDataPoint::default()
    }
}

fn exponential(of: Of, value: &Exponential) -> proto::ExponentialHistogramDataPoint {
    let side = |powers: &Powers| Buckets {
        offset: powers.offset,
        bucket_counts: powers.counts.clone(),
    };
    proto::ExponentialHistogramDataPoint {
        attributes: of.attributes,
        start_time_unix_nano: of.start,
        time_unix_nano: of.at,
        exemplars: of.exemplars,
        count: value.count,
        sum: value.sum,
        min: value.min,
        max: value.max,
        scale: value.scale,
        zero_count: value.zero_count,
        zero_threshold: value.zero_threshold,
        positive: Some(side(&value.positive)),
        negative: Some(side(&value.negative)),
        ..proto::ExponentialHistogramDataPoint::default()
    }
}

fn summary(of: Of, value: &Summary) -> proto::SummaryDataPoint {
    let told = value.quantiles.iter();
    proto::SummaryDataPoint {
        attributes: of.attributes,
        start_time_unix_nano: of.start,
        time_unix_nano: of.at,
        count: value.count,
        sum: value.sum,
        quantile_values: told
            .map(|(quantile, value)| ValueAtQuantile {
                quantile: *quantile,
                value: *value,
            })
            .collect(),
        ..proto::SummaryDataPoint::default()
    }
}
