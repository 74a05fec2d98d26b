//! OTLP's five kinds of metrics: what is kept of them, and what is refused.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::metrics::book::{MetricBook, MetricLimits};
use benchtop_telemetry::metrics::otlp::{Read, read};
use benchtop_telemetry::metrics::point::Value;
use benchtop_telemetry::metrics::query::{
    MetricKind, MetricQuery, MetricRange, MetricShow, Temporality,
};
use benchtop_telemetry::otlp::metrics::MetricSink as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    self as proto, Exemplar, exemplar, number_data_point, summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// 2026-11-22T07:00:00Z in nanoseconds.
const AT: u64 = 1_795_330_800_000_000_000;

const CUMULATIVE: i32 = 2;

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn request(metrics: Vec<(&str, Data)>) -> ExportMetricsServiceRequest {
    let metric = |(name, data): (&str, Data)| proto::Metric {
        name: name.to_owned(),
        unit: "s".to_owned(),
        description: "What it is".to_owned(),
        data: Some(data),
        ..proto::Metric::default()
    };
    let name = any_value::Value::StringValue("shop".to_owned());
    ExportMetricsServiceRequest {
        resource_metrics: vec![proto::ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", name)],
                ..Resource::default()
            }),
            scope_metrics: vec![proto::ScopeMetrics {
                metrics: metrics.into_iter().map(metric).collect(),
                ..proto::ScopeMetrics::default()
            }],
            ..proto::ResourceMetrics::default()
        }],
    }
}

fn number(value: number_data_point::Value) -> proto::NumberDataPoint {
    proto::NumberDataPoint {
        attributes: vec![attribute("tries", any_value::Value::IntValue(3))],
        start_time_unix_nano: AT - 5_000_000_000,
        time_unix_nano: AT,
        value: Some(value),
        ..proto::NumberDataPoint::default()
    }
}

fn histogram(count: u64, bounds: &[f64], counts: &[u64]) -> proto::HistogramDataPoint {
    proto::HistogramDataPoint {
        time_unix_nano: AT,
        count,
        sum: Some(7.5),
        explicit_bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        exemplars: vec![Exemplar {
            time_unix_nano: AT,
            value: Some(exemplar::Value::AsDouble(0.25)),
            trace_id: vec![0xab; 16],
            span_id: vec![0xcd; 8],
            ..Exemplar::default()
        }],
        ..proto::HistogramDataPoint::default()
    }
}

fn exponential(scale: i32, offset: i32, counts: &[u64]) -> proto::ExponentialHistogramDataPoint {
    proto::ExponentialHistogramDataPoint {
        time_unix_nano: AT,
        count: counts.iter().sum::<u64>() + 1,
        sum: Some(3.0),
        scale,
        zero_count: 1,
        positive: Some(Buckets {
            offset,
            bucket_counts: counts.to_vec(),
        }),
        ..proto::ExponentialHistogramDataPoint::default()
    }
}

fn sum(points: Vec<proto::NumberDataPoint>, temporality: i32) -> Data {
    Data::Sum(proto::Sum {
        data_points: points,
        aggregation_temporality: temporality,
        is_monotonic: true,
    })
}

fn histograms(point: proto::HistogramDataPoint) -> Data {
    Data::Histogram(proto::Histogram {
        data_points: vec![point],
        aggregation_temporality: CUMULATIVE,
    })
}

fn exponentials(point: proto::ExponentialHistogramDataPoint) -> Data {
    Data::ExponentialHistogram(proto::ExponentialHistogram {
        data_points: vec![point],
        aggregation_temporality: CUMULATIVE,
    })
}

fn summary(quantile: f64) -> Data {
    Data::Summary(proto::Summary {
        data_points: vec![proto::SummaryDataPoint {
            time_unix_nano: AT,
            count: 4,
            sum: 8.0,
            quantile_values: vec![ValueAtQuantile {
                quantile,
                value: 2.0,
            }],
            ..proto::SummaryDataPoint::default()
        }],
    })
}

fn gauge(value: f64) -> Data {
    let point = number(number_data_point::Value::AsDouble(value));
    Data::Gauge(proto::Gauge {
        data_points: vec![point],
    })
}

#[test]
fn all_five_kinds_are_kept_with_all_that_they_say() {
    let counted = sum(
        vec![number(number_data_point::Value::AsInt(-5))],
        CUMULATIVE,
    );
    let Read {
        samples,
        rejected,
        reason,
    } = read(
        request(vec![
            ("gauge", gauge(1.5)),
            ("sum", counted),
            (
                "histogram",
                histograms(histogram(6, &[1.0, 2.0], &[1, 2, 3])),
            ),
            ("exponential", exponentials(exponential(1, -1, &[4, 5]))),
            ("summary", summary(0.5)),
        ]),
        Timestamp(0),
    );
    assert_eq!((rejected, reason), (0, None));
    let kinds: Vec<MetricKind> = samples.iter().map(|s| s.series.metric.kind).collect();
    use MetricKind::*;
    assert_eq!(
        kinds,
        [Gauge, Sum, Histogram, ExponentialHistogram, Summary]
    );
    let at = i64::try_from(AT / 1_000_000).expect("milliseconds");
    for sample in &samples {
        assert_eq!(
            (sample.series.service.as_str(), sample.point.at),
            ("shop", at)
        );
        assert_eq!(sample.series.metric.unit, "s");
        assert_eq!(sample.series.metric.description, "What it is");
    }
    assert_eq!(samples[0].point.value, Value::Number(1.5));
    assert_eq!(
        samples[0].series.attributes,
        [("tries".to_owned(), "3".to_owned())]
    );
    assert_eq!(samples[1].point.value, Value::Number(-5.0));
    assert_eq!(samples[1].point.start, at - 5_000);
    let metric = &samples[1].series.metric;
    assert_eq!(
        (metric.temporality, metric.monotonic),
        (Some(Temporality::Cumulative), true)
    );
    let Value::Histogram(histogram) = &samples[2].point.value else {
        panic!("a histogram");
    };
    assert_eq!((histogram.count, histogram.sum), (6, Some(7.5)));
    assert_eq!(
        (&*histogram.bounds, &*histogram.counts),
        ([1.0, 2.0].as_slice(), [1, 2, 3].as_slice())
    );
    let exemplar = &samples[2].point.exemplars[0];
    assert_eq!(
        (exemplar.trace_id.as_str(), exemplar.value),
        ("ab".repeat(16).as_str(), 0.25)
    );
    assert_eq!(exemplar.span_id, "cd".repeat(8));
    let Value::Exponential(exponential) = &samples[3].point.value else {
        panic!("an exponential histogram");
    };
    assert_eq!(
        (exponential.scale, exponential.zero_count, exponential.count),
        (1, 1, 10)
    );
    assert_eq!(
        (
            exponential.positive.offset,
            exponential.positive.counts.as_slice()
        ),
        (-1, [4, 5].as_slice())
    );
    let Value::Summary(summary) = &samples[4].point.value else {
        panic!("a summary");
    };
    assert_eq!(
        (summary.count, summary.sum, summary.quantiles.as_slice()),
        (4, 8.0, [(0.5, 2.0)].as_slice())
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason_and_the_rest_is_kept() {
    let one = || vec![number(number_data_point::Value::AsInt(1))];
    let wrong: Vec<(Data, &str)> = vec![
        (sum(one(), 0), "temporality"),
        (
            histograms(histogram(6, &[1.0, 2.0], &[1, 2])),
            "count more than bounds",
        ),
        (
            histograms(histogram(6, &[2.0, 1.0], &[1, 2, 3])),
            "do not rise",
        ),
        (
            histograms(histogram(9, &[1.0], &[1, 2])),
            "are not its count",
        ),
        (
            histograms(histogram(0, &[1.0], &[u64::MAX, 1])),
            "are not its count",
        ),
        (
            exponentials(exponential(0, i32::MAX, &[1])),
            "beyond all numbers",
        ),
        (
            exponentials(exponential(i32::MIN, 0, &[1])),
            "beyond all numbers",
        ),
        (
            exponentials(exponential(20, 0, &[1; 20_000])),
            "beyond all numbers",
        ),
        (summary(1.5), "quantile"),
    ];
    for (data, expected) in wrong {
        let said = format!("{data:?}").chars().take(200).collect::<String>();
        let read = read(
            request(vec![("m", data), ("good", gauge(1.0))]),
            Timestamp(0),
        );
        assert_eq!((read.samples.len(), read.rejected), (1, 1), "{said}");
        assert!(
            read.reason.is_some_and(|reason| reason.contains(expected)),
            "{:?} of {said}",
            read.reason
        );
    }
    assert_eq!(
        read(request(vec![("", gauge(1.0))]), Timestamp(0)).rejected,
        1
    );
    // A point that says that there is nothing is no mistake.
    let mut nothing = number(number_data_point::Value::AsInt(1));
    nothing.flags = 1;
    let nothing = read(
        request(vec![("m", sum(vec![nothing], CUMULATIVE))]),
        Timestamp(0),
    );
    assert_eq!((nothing.samples.len(), nothing.rejected), (0, 0));
}

#[test]
fn a_request_is_answered_by_what_became_of_its_points() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = MetricLimits {
        series_of_metric: 2,
        ..MetricLimits::default()
    };
    let book = MetricBook::open(folder.path(), None, limits).expect("the folder can be used");
    let before = book
        .points(request(vec![("m", gauge(1.0))]))
        .expect("taken");
    assert_eq!((before.accepted, before.rejected), (0, 1));
    book.begin_run("r", Timestamp(1));
    let with_id = |id: i64| {
        let mut point = number(number_data_point::Value::AsInt(id));
        point.attributes = vec![attribute("id", any_value::Value::IntValue(id))];
        point
    };
    let many = (0..5).map(with_id).collect();
    let taken = book
        .points(request(vec![("m", sum(many, CUMULATIVE))]))
        .expect("taken");
    assert_eq!((taken.accepted, taken.rejected), (2, 3));
    assert!(
        taken
            .message
            .is_some_and(|message| message.contains("too many series"))
    );
    let taken = book.points(request(vec![(
        "h",
        histograms(histogram(6, &[1.0], &[2, 4])),
    )]));
    assert_eq!(taken.map(|taken| taken.message), Ok(None));
    let query = MetricQuery {
        metric: "m".to_owned(),
        group_by: vec!["id".to_owned()],
        show: MetricShow::Value,
        ..MetricQuery::default()
    };
    let range = MetricRange {
        buckets: 1,
        ..MetricRange::default()
    };
    let frames = book.query(None, &[query], &range).expect("readable");
    assert_eq!(frames.frames[0].series.len(), 2);
}
