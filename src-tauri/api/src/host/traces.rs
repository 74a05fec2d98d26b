//! Questions about traces, and about the receiver of telemetry.

use super::Host;
use super::handlers::Answer;
use super::logs::invalid;
use super::open::OpenEnvironment;
use crate::schema::*;
use benchtop_model::inject::{self, Viewpoint};
use benchtop_telemetry::spans::{Declared, SpanError, SpanStore};
use std::sync::Arc;

impl Host {
    pub(crate) async fn traces_list(
        self: &Arc<Self>,
        request: TracesListRequest,
    ) -> Answer<TracePage> {
        let open = self.get(&request.environment).await?;
        ask(&open, move |spans| spans.list(&request.query)).await
    }

    pub(crate) async fn traces_get(self: &Arc<Self>, request: TraceGetRequest) -> Answer<Trace> {
        let open = self.get(&request.environment).await?;
        let found = ask(&open, move |spans| {
            spans.get(request.run.as_deref(), &request.trace_id)
        });
        found.await?.ok_or_else(|| ApiError {
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
        let open = self.get(&request.environment).await?;
        let declared = declared(&open);
        ask(&open, move |spans| {
            let (since, until) = (request.since, request.until);
            spans.map(request.run.as_deref(), since, until, &declared)
        })
        .await
    }

    pub(crate) async fn telemetry_status(
        self: &Arc<Self>,
        request: TelemetryStatusRequest,
    ) -> Answer<TelemetryStatus> {
        Ok(self.get(&request.environment).await?.telemetry.status())
    }
}

/// Answers on a thread that may block.
async fn ask<T: Send + 'static>(
    open: &OpenEnvironment,
    question: impl FnOnce(&SpanStore) -> Result<T, SpanError> + Send + 'static,
) -> Answer<T> {
    let spans = open.telemetry.spans()?;
    let answer = tokio::task::spawn_blocking(move || question(&spans)).await;
    let answer = answer.map_err(|error| ApiError::internal(error.to_string()))?;
    answer.map_err(|error| match error {
        SpanError::Query(error) => invalid(error),
        SpanError::File(error) => ApiError {
            hint: Some("see whether the disk is full, and the engine's log".to_owned()),
            ..ApiError::internal(format!("the spans of this run cannot be read: {error}"))
        },
    })
}

/// What the definition says about who uses whom, and where each is reached.
fn declared(open: &OpenEnvironment) -> Declared {
    let snapshot = open.handle.snapshot();
    let mut declared = Declared::default();
    for (name, service) in &snapshot.plan.services {
        declared.services.insert(name.clone());
        let used = service.references.iter().chain(service.depends_on.keys());
        declared
            .edges
            .extend(used.map(|used| (name.clone(), used.clone())));
        for endpoint in &service.endpoints {
            for viewpoint in [Viewpoint::Host, Viewpoint::Container] {
                let at = inject::address(
                    &snapshot.plan,
                    name,
                    &endpoint.name,
                    &snapshot.ports,
                    viewpoint,
                );
                if let Some(at) = at {
                    let host = match at.host.as_str() {
                        "host.docker.internal" | "127.0.0.1" | "::1" => "localhost".to_owned(),
                        other => other.to_lowercase(),
                    };
                    declared.addresses.insert((host, at.port), name.clone());
                }
            }
        }
    }
    declared
}
