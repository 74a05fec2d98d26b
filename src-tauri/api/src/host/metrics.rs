//! Questions about metrics, and the charts that a person keeps in view.

use super::Host;
use super::handlers::Answer;
use crate::schema::*;
use benchtop_telemetry::metrics::query::{MetricFrames, MetricList, PinnedChart};
use std::sync::Arc;

/// Queries in one request.
const MOST_QUERIES: usize = 16;

/// Charts that are kept in view.
const MOST_PINS: usize = 50;

/// Key of the setting with the charts of an environment.
fn pins_key(environment: &str) -> String {
    format!("metrics.pins/{environment}")
}

impl Host {
    pub(crate) async fn metrics_list(
        self: &Arc<Self>,
        request: MetricsListRequest,
    ) -> Answer<MetricList> {
        self.get(&request.environment).await?;
        Ok(MetricList::default())
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
        self.get(&request.environment).await?;
        Ok(MetricFrames::default())
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
        self.history.set_setting(&key, &kept);
        self.read(move |history| {
            history.flush();
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
