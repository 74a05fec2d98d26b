//! Questions about traces, and about the receiver of telemetry.

use super::Host;
use super::handlers::Answer;
use crate::schema::*;
use std::sync::Arc;

impl Host {
    pub(crate) async fn traces_list(
        self: &Arc<Self>,
        request: TracesListRequest,
    ) -> Answer<TracePage> {
        self.get(&request.environment).await?;
        Ok(TracePage {
            complete: true,
            ..TracePage::default()
        })
    }

    pub(crate) async fn traces_get(self: &Arc<Self>, request: TraceGetRequest) -> Answer<Trace> {
        self.get(&request.environment).await?;
        Err(ApiError {
            hint: Some(
                "it may have been removed to make room, or belong to another run".to_owned(),
            ),
            ..ApiError::not_found("there is no such trace in this run")
        })
    }

    pub(crate) async fn traces_map(
        self: &Arc<Self>,
        request: TracesMapRequest,
    ) -> Answer<ServiceMap> {
        self.get(&request.environment).await?;
        Ok(ServiceMap {
            complete: true,
            ..ServiceMap::default()
        })
    }

    pub(crate) async fn telemetry_status(
        self: &Arc<Self>,
        request: TelemetryStatusRequest,
    ) -> Answer<TelemetryStatus> {
        self.get(&request.environment).await?;
        Ok(TelemetryStatus::default())
    }
}
