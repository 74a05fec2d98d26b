//! Rate, errors and duration of what spans tell of: a histogram for each service, name
//! and status, exported as what was observed since the last time.

use super::point::{Descriptor, Histogram, Point, Sample, SeriesKey, Value};
use super::query::{Exemplar, MetricKind, MetricSource, Temporality};
use crate::otlp::attribution;
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Names of spans that are told apart in one service; others are `other`.
const MOST_NAMES: usize = 200;

/// The name of what is too much to be told apart.
const OTHER: &str = "other";

/// Upper bounds of durations in seconds: those of the collector's span metrics.
const BOUNDS: [f64; 16] = [
    0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.4, 2.0, 5.0, 10.0, 15.0,
];

static DESCRIPTOR: LazyLock<Arc<Descriptor>> = LazyLock::new(|| {
    Arc::new(Descriptor {
        name: "traces.span.duration".to_owned(),
        unit: "s".to_owned(),
        description: "Duration of spans".to_owned(),
        kind: MetricKind::Histogram,
        monotonic: false,
        temporality: Some(Temporality::Delta),
        source: MetricSource::Span,
    })
});

static SHARED_BOUNDS: LazyLock<Arc<[f64]>> = LazyLock::new(|| BOUNDS.into());

/// What is told of a span that has ended.
#[derive(Clone, Copy, Debug)]
pub struct SpanSeen<'a> {
    /// Its service.
    pub service: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it failed.
    pub failed: bool,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// When it ended.
    pub at: Timestamp,
    /// Its trace.
    pub trace_id: &'a [u8],
    /// Its id.
    pub span_id: &'a [u8],
}

/// Counts spans until [`Self::take`].
#[derive(Debug, Default)]
pub struct Red {
    counting: Mutex<Counting>,
}

#[derive(Debug, Default)]
struct Counting {
    /// Since when, in milliseconds.
    since: i64,
    /// By service, then name and whether it failed.
    services: BTreeMap<String, BTreeMap<(String, bool), Observed>>,
}

#[derive(Debug)]
struct Observed {
    histogram: Histogram,
    /// The slowest.
    slowest: Exemplar,
}

impl Red {
    /// A span came in.
    pub fn observe(&self, span: &SpanSeen<'_>) {
        let mut counting = self.lock();
        if !counting.services.contains_key(span.service) {
            counting
                .services
                .insert(span.service.to_owned(), BTreeMap::new());
        }
        let Some(names) = counting.services.get_mut(span.service) else {
            return;
        };
        let key = (span.name.to_owned(), span.failed);
        let full = names.len() >= MOST_NAMES && !names.contains_key(&key);
        let key = if full {
            (OTHER.to_owned(), span.failed)
        } else {
            key
        };
        match names.get_mut(&key) {
            Some(observed) => observed.add(span),
            None => {
                names.insert(key, Observed::new(span));
            }
        }
    }
}

impl Red {
    /// The spans of a request; see [`attribution`] for whose they are.
    pub fn request(&self, request: &ExportTraceServiceRequest) {
        for resource in &request.resource_spans {
            let attributes = resource
                .resource
                .as_ref()
                .map(|resource| &resource.attributes);
            let service = attribution(attributes.map_or(&[][..], Vec::as_slice)).service;
            let scopes = resource.scope_spans.iter();
            for span in scopes.flat_map(|scope| &scope.spans) {
                let status = span.status.as_ref().map(|status| status.code());
                let end = span.end_time_unix_nano;
                self.observe(&SpanSeen {
                    service: &service,
                    name: &span.name,
                    failed: status == Some(StatusCode::Error),
                    duration_ns: end.saturating_sub(span.start_time_unix_nano),
                    at: Timestamp((end / 1_000_000).cast_signed()),
                    trace_id: &span.trace_id,
                    span_id: &span.span_id,
                });
            }
        }
    }

    /// What was observed since the last time.
    #[must_use]
    pub fn take(&self, now: Timestamp) -> Vec<Sample> {
        let mut counting = self.lock();
        let start = std::mem::replace(&mut counting.since, now.0);
        let mut samples = Vec::new();
        for (service, names) in &mut counting.services {
            for ((name, failed), observed) in std::mem::take(names) {
                samples.push(sample(service, name, failed, observed, (start, now.0)));
            }
        }
        counting.services.retain(|_, names| !names.is_empty());
        samples
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counting> {
        self.counting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a text cannot fail.
            _ = write!(text, "{byte:02x}");
            text
        })
}

fn sample(
    service: &str,
    name: String,
    failed: bool,
    observed: Observed,
    (start, at): (i64, i64),
) -> Sample {
    let status = if failed { "error" } else { "ok" };
    let exemplars = Some(observed.slowest).filter(|slowest| !slowest.trace_id.is_empty());
    Sample {
        series: SeriesKey {
            metric: Arc::clone(&DESCRIPTOR),
            service: service.to_owned(),
            attributes: vec![
                ("span.name".to_owned(), name),
                ("status".to_owned(), status.to_owned()),
            ],
        },
        point: Point {
            at,
            start,
            value: Value::Histogram(observed.histogram),
            exemplars: exemplars.into_iter().collect(),
        },
    }
}

impl Observed {
    fn new(span: &SpanSeen<'_>) -> Self {
        let histogram = Histogram {
            bounds: Arc::clone(&SHARED_BOUNDS),
            counts: vec![0; BOUNDS.len() + 1],
            sum: Some(0.0),
            ..Histogram::default()
        };
        let slowest = Exemplar {
            at: span.at,
            value: -1.0,
            trace_id: String::new(),
            span_id: String::new(),
        };
        let mut new = Self { histogram, slowest };
        new.add(span);
        new
    }

    fn add(&mut self, span: &SpanSeen<'_>) {
        let seconds = span.duration_ns as f64 / 1e9;
        let histogram = &mut self.histogram;
        histogram.count += 1;
        histogram.counts[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        histogram.sum = histogram.sum.map(|sum| sum + seconds);
        histogram.min = Some(histogram.min.map_or(seconds, |min| min.min(seconds)));
        histogram.max = Some(histogram.max.map_or(seconds, |max| max.max(seconds)));
        if seconds > self.slowest.value {
            self.slowest = Exemplar {
                at: span.at,
                value: seconds,
                trace_id: hex(span.trace_id),
                span_id: hex(span.span_id),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, millis: u64, failed: bool) -> SpanSeen<'_> {
        SpanSeen {
            service: "api",
            name,
            failed,
            duration_ns: millis * 1_000_000,
            at: Timestamp(500),
            trace_id: &[0xaa; 16],
            span_id: &[0xbb; 8],
        }
    }

    #[test]
    fn each_name_and_status_has_a_histogram_of_what_is_new() {
        let red = Red::default();
        for millis in [1, 2, 3, 20_000] {
            red.observe(&span("GET", millis, false));
        }
        red.observe(&span("GET", 7, true));
        let first = red.take(Timestamp(1000));
        assert_eq!(first.len(), 2);
        let Value::Histogram(good) = &first[0].point.value else {
            panic!("a histogram");
        };
        // An observation that equals a bound belongs below it.
        assert_eq!(
            (good.count, good.counts[0], good.counts[1], good.counts[16]),
            (4, 2, 1, 1)
        );
        let slowest = &first[0].point.exemplars[0];
        assert_eq!(
            (slowest.value, slowest.trace_id.as_str()),
            (20.0, "aa".repeat(16).as_str())
        );
        assert_eq!(first[1].series.attributes[1].1, "error");
        assert!(red.take(Timestamp(2000)).is_empty());
        red.observe(&span("GET", 1, false));
        assert_eq!(red.take(Timestamp(3000))[0].point.start, 2000);
    }

    #[test]
    fn names_that_are_too_many_are_one() {
        let red = Red::default();
        for number in 0..1000 {
            red.observe(&span(&format!("GET /{number}"), 1, false));
        }
        let taken = red.take(Timestamp(1));
        assert_eq!(taken.len(), MOST_NAMES + 1);
        let count = |sample: &Sample| match &sample.point.value {
            Value::Histogram(histogram) => histogram.count,
            _ => 0,
        };
        assert_eq!(taken.iter().map(count).sum::<u64>(), 1000);
    }
}
