//! Questions about metrics, and the charts that a person keeps in view.

use super::Host;
use super::handlers::Answer;
use super::marks::marks;
use super::notifier::Notifier;
use crate::schema::*;
use benchtop_telemetry::metrics::book::MetricBook;
use benchtop_telemetry::metrics::query::{MetricFrames, MetricList, MetricRange, PinnedChart};
use std::sync::Arc;
use std::time::Duration;

/// Queries in one request.
const MOST_QUERIES: usize = 16;

/// Charts that are kept in view.
const MOST_PINS: usize = 50;

/// Key of the setting with the charts of an environment.
fn pins_key(environment: &str) -> String {
    format!("metrics.pins/{environment}")
}

/// How often faces hear of new points at the most. Charts that move more often than this
/// are no better.
const TURN: Duration = Duration::from_secs(1);

/// Tells faces of new points, until the environment is closed.
pub(super) fn announce(metrics: &MetricBook, notifier: Notifier) {
    let mut pushed = metrics.subscribe();
    tokio::spawn(async move {
        while pushed.changed().await.is_ok() {
            notifier.mark(Topic::Metrics);
            tokio::time::sleep(TURN).await;
        }
    });
}

/// How often rates, errors and durations of spans become points.
const SPANS: Duration = Duration::from_secs(5);

/// Counts spans until the environment is closed.
pub(super) fn count_spans(metrics: &Arc<MetricBook>) {
    let metrics = Arc::downgrade(metrics);
    tokio::spawn(async move {
        while let Some(metrics) = metrics.upgrade() {
            metrics.count_spans();
            drop(metrics);
            tokio::time::sleep(SPANS).await;
        }
    });
}

impl Host {
    pub(crate) async fn metrics_list(
        self: &Arc<Self>,
        request: MetricsListRequest,
    ) -> Answer<MetricList> {
        let metrics = Arc::clone(&self.get(&request.environment).await?.metrics);
        blocking(move || metrics.list(request.run.as_deref())).await
    }

    pub(crate) async fn metrics_query(
        self: &Arc<Self>,
        request: MetricsQueryRequest,
    ) -> Answer<MetricFrames> {
        if request.queries.len() > MOST_QUERIES {
            return Err(ApiError {
                hint: Some("ask in several requests".to_owned()),
                ..ApiError::invalid(format!("more than {MOST_QUERIES} charts in one request"))
            });
        }
        let open = self.get(&request.environment).await?;
        // Whoever looks at charts wants them to move: this counts as a look.
        _ = open.handle.snapshot();
        let (metrics, history) = (Arc::clone(&open.metrics), self.history.clone());
        blocking(move || {
            let range = MetricRange {
                since: request.since,
                until: request.until,
                buckets: request.buckets,
            };
            let run = request.run.or_else(|| metrics.run());
            let mut frames = metrics.query(run.as_deref(), &request.queries, &range)?;
            if let Some(run) = run {
                let told = history.instances(&run).and_then(|instances| {
                    let transitions = history.transitions(&run)?;
                    Ok(marks(
                        &instances,
                        &transitions,
                        (frames.from.0, frames.to.0),
                    ))
                });
                frames.marks =
                    told.map_err(|error| format!("the history cannot be read: {error}"))?;
            }
            Ok(frames)
        })
        .await
    }

    pub(crate) async fn metrics_pins(
        self: &Arc<Self>,
        request: MetricsPinsRequest,
    ) -> Answer<Vec<PinnedChart>> {
        let key = pins_key(&self.get(&request.environment).await?.id);
        let kept = self.read(move |history| history.setting(&key)).await?;
        // What an older version has written and nobody understands any more is no chart.
        Ok(kept
            .and_then(|kept| serde_json::from_str(&kept).ok())
            .unwrap_or_default())
    }

    pub(crate) async fn metrics_pin(self: &Arc<Self>, request: MetricsPinRequest) -> Answer<Empty> {
        let key = pins_key(&self.get(&request.environment).await?.id);
        if request.charts.len() > MOST_PINS {
            return Err(ApiError {
                hint: Some("remove some first".to_owned()),
                ..ApiError::invalid(format!("more than {MOST_PINS} charts cannot be pinned"))
            });
        }
        let kept = serde_json::to_string(&request.charts)
            .map_err(|error| ApiError::internal(error.to_string()))?;
        self.keep_setting(&key, &kept).await;
        Ok(Empty {})
    }
}

/// Answers on a thread that may block.
async fn blocking<T: Send + 'static>(
    answer: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Answer<T> {
    match tokio::task::spawn_blocking(answer).await {
        Ok(answer) => answer.map_err(ApiError::internal),
        Err(error) => Err(ApiError::internal(error.to_string())),
    }
}
