//! The door of the receiver for metrics: whoever keeps points implements it.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

/// Takes the metrics of one request. Called on a thread that may block for the disk.
pub trait MetricSink: Send + Sync {
    /// Takes the points of a request; [`super::attribution`] says which service sent a
    /// resource. What was sent before is sent again where an answer was lost.
    ///
    /// # Errors
    /// [`MetricsBusy`] where there is too much at the moment: nothing was taken, and the
    /// sender tries again.
    fn points(&self, request: ExportMetricsServiceRequest) -> Result<MetricsTaken, MetricsBusy>;

    /// Is shown the spans of a request once they are kept, without those that were there
    /// already: rates, errors and durations are counted from them. Must not block.
    fn spans(&self, request: &ExportTraceServiceRequest) {
        // Who counts nothing needs nothing of it.
        _ = request;
    }
}

/// What became of the points of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsTaken {
    /// Points that are kept.
    pub accepted: u64,
    /// Points that are not, for a reason that trying again does not mend.
    pub rejected: u64,
    /// That reason, one sentence.
    pub message: Option<String>,
}

/// There is too much at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsBusy;

/// Keeps nothing, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl MetricSink for NoMetrics {
    fn points(&self, request: ExportMetricsServiceRequest) -> Result<MetricsTaken, MetricsBusy> {
        let rejected = count(&request);
        Ok(MetricsTaken {
            rejected,
            message: (rejected > 0).then(|| "metrics are not kept here".to_owned()),
            ..MetricsTaken::default()
        })
    }
}

/// How many points there are in a request.
#[must_use]
pub fn count(request: &ExportMetricsServiceRequest) -> u64 {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    let metrics = request
        .resource_metrics
        .iter()
        .flat_map(|resource| &resource.scope_metrics)
        .flat_map(|scope| &scope.metrics);
    let points = metrics.map(|metric| match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
        None => 0,
    });
    points.sum::<usize>() as u64
}
