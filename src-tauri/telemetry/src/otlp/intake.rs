//! Where decoded requests go, and how many items came, were refused and were lost.

use super::decode::Request;
use super::forward::{Copied, Forwarder};
use super::logs::LogSink;
use super::metrics::{self, MetricSink};
use super::reply::{Reason, Refusal, Taken};
use super::status::SignalCounts;
use crate::spans::{Refused, SpanStore, incoming};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the signals of one environment go.
#[derive(Clone)]
pub struct Sinks {
    /// Keeps spans.
    pub spans: Arc<SpanStore>,
    /// Keeps points.
    pub metrics: Arc<dyn MetricSink>,
    /// Keeps log records.
    pub logs: Arc<dyn LogSink>,
}

impl fmt::Debug for Sinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sinks").finish_non_exhaustive()
    }
}

/// Numbers per signal that many threads count up.
#[derive(Debug, Default)]
pub(super) struct Counts {
    spans: AtomicU64,
    points: AtomicU64,
    logs: AtomicU64,
}

impl Counts {
    pub(super) fn now(&self) -> SignalCounts {
        SignalCounts {
            spans: self.spans.load(Ordering::Relaxed),
            points: self.points.load(Ordering::Relaxed),
            logs: self.logs.load(Ordering::Relaxed),
        }
    }
}

/// Takes decoded requests.
#[derive(Debug)]
pub(super) struct Intake {
    sinks: Sinks,
    /// Is given a copy of everything that was taken, to be sent on.
    forward: Mutex<Option<Arc<Forwarder>>>,
    pub(super) received: Counts,
    pub(super) rejected: Counts,
    /// Refused because there was too much; the sender may have sent it again.
    pub(super) refused: Counts,
}

impl Intake {
    pub(super) fn new(sinks: Sinks) -> Self {
        Self {
            sinks,
            forward: Mutex::default(),
            received: Counts::default(),
            rejected: Counts::default(),
            refused: Counts::default(),
        }
    }

    /// Spans that were removed because there were too many.
    pub(super) fn spans_dropped(&self) -> u64 {
        self.sinks.spans.dropped()
    }

    /// Where everything is sent on to.
    pub(super) fn forward(&self) -> Option<Arc<Forwarder>> {
        let forward = self.forward.lock();
        forward.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on it is sent on to this one, or to nobody.
    pub(super) fn forward_to(&self, forward: Option<Forwarder>) {
        let mut present = self.forward.lock().unwrap_or_else(PoisonError::into_inner);
        *present = forward.map(Arc::new);
    }

    /// Hands the items to whoever keeps them; answers when they are kept.
    pub(super) async fn take(self: &Arc<Self>, request: Request) -> Result<Taken, Refusal> {
        let forward = self.forward();
        let forward = forward.map(|forward| (forward, Copied::new(&request)));
        let (counts, taken) = match request {
            Request::Traces(request) => (Signal::Spans, self.traces(request).await),
            Request::Metrics(request) => (Signal::Points, self.points(request).await),
            Request::Logs(request) => (Signal::Logs, self.logs(request).await),
        };
        if let Ok(taken) = &taken {
            counts
                .of(&self.received)
                .fetch_add(taken.accepted, Ordering::Relaxed);
            counts
                .of(&self.rejected)
                .fetch_add(taken.rejected, Ordering::Relaxed);
            if let Some((forward, copy)) = forward {
                forward.send(copy);
            }
        }
        taken
    }

    async fn traces(&self, mut request: ExportTraceServiceRequest) -> Result<Taken, Refusal> {
        let checked = incoming::check(&mut request);
        let taken = Taken {
            accepted: checked.accepted,
            rejected: checked.rejected,
            message: checked.message,
        };
        if taken.accepted == 0 {
            return Ok(taken);
        }
        match self.sinks.spans.push(request).await {
            Ok(new) => {
                // What was sent twice is counted once.
                self.sinks.metrics.spans(&new);
                Ok(taken)
            }
            Err(Refused::NoRun) => Ok(Taken {
                accepted: 0,
                rejected: taken.accepted + taken.rejected,
                message: Some(no_run()),
            }),
            Err(Refused::Busy | Refused::Disk) => {
                self.refused
                    .spans
                    .fetch_add(taken.accepted, Ordering::Relaxed);
                Err(busy())
            }
        }
    }

    async fn points(
        self: &Arc<Self>,
        request: ExportMetricsServiceRequest,
    ) -> Result<Taken, Refusal> {
        let this = Arc::clone(self);
        blocking(move || {
            let count = metrics::count(&request);
            this.sinks
                .metrics
                .points(request)
                .map_err(|metrics::MetricsBusy| {
                    this.refused.points.fetch_add(count, Ordering::Relaxed);
                    busy()
                })
        })
        .await
    }

    async fn logs(self: &Arc<Self>, request: super::logs::Logs) -> Result<Taken, Refusal> {
        let this = Arc::clone(self);
        blocking(move || Ok(this.sinks.logs.records(request))).await
    }
}

#[derive(Clone, Copy)]
enum Signal {
    Spans,
    Points,
    Logs,
}

impl Signal {
    fn of(self, counts: &Counts) -> &AtomicU64 {
        match self {
            Self::Spans => &counts.spans,
            Self::Points => &counts.points,
            Self::Logs => &counts.logs,
        }
    }
}

/// Keeping may wait for the disk.
async fn blocking(
    take: impl FnOnce() -> Result<Taken, Refusal> + Send + 'static,
) -> Result<Taken, Refusal> {
    let taken = tokio::task::spawn_blocking(take).await;
    taken.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not taken");
        Err(busy())
    })
}

/// There is too much at the moment.
pub(super) fn busy() -> Refusal {
    Refusal::new(
        Reason::Busy,
        "there is too much at the moment; try again in a second",
    )
}

fn no_run() -> String {
    "the environment does not run, so there is nothing that this could belong to; start it"
        .to_owned()
}
