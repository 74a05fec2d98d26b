//! Looks into Kafka, Flink and Temporal, where a service is one of them.

use super::Host;
use super::handlers::Answer;
use crate::schema::*;
use benchtop_engine::environment::snapshot::EnvironmentSnapshot;
use benchtop_engine::systems::{flink, kafka, temporal};
use benchtop_model::inject::{self, Address, Viewpoint};
use benchtop_model::plan::Service;
use benchtop_model::probe::ProbeKind;
use benchtop_model::systems::System;
use std::sync::Arc;

/// Bytes of SQL that are given to Flink at once.
const MOST_SQL: usize = 1 << 20;

/// Where nobody says otherwise.
const NAMESPACE: &str = "default";

impl Host {
    pub(crate) async fn service_kafka(
        self: &Arc<Self>,
        request: ServiceKafkaRequest,
    ) -> Answer<KafkaView> {
        let (_, at) = self
            .system(&request.environment, &request.service, System::Kafka)
            .await?;
        Box::pin(kafka::look(&at))
            .await
            .map_err(|why| silent(&request.service, &why))
    }

    pub(crate) async fn service_flink(
        self: &Arc<Self>,
        request: ServiceFlinkRequest,
    ) -> Answer<FlinkView> {
        let open = self.get(&request.environment).await?;
        let snapshot = open.snapshot_with(&request.service)?;
        let is_flink = |service: &&Service| System::of(service) == Some(System::Flink);
        let services = snapshot.plan.services.values().filter(is_flink);
        let known: Vec<(String, Address)> = services
            .filter_map(|one| Some((one.name.clone(), address(&snapshot, one, System::Flink)?)))
            .collect();
        if known.is_empty() {
            return Err(not_running(&request.service));
        }
        let looked = Box::pin(flink::look(&known)).await;
        looked.map_err(|why| silent(&request.service, &why))
    }

    pub(crate) async fn service_temporal(
        self: &Arc<Self>,
        request: ServiceTemporalRequest,
    ) -> Answer<TemporalView> {
        let (service, at) = self
            .system(&request.environment, &request.service, System::Temporal)
            .await?;
        let named = service
            .probes
            .iter()
            .find_map(|(_, probe)| match &probe.kind {
                ProbeKind::Temporal { namespace, .. } => namespace.clone(),
                _ => None,
            });
        let namespace = named.unwrap_or_else(|| NAMESPACE.to_owned());
        let looked = Box::pin(temporal::look(&at, &namespace)).await;
        looked.map_err(|why| silent(&request.service, &why))
    }

    pub(crate) async fn flink_submit(
        self: &Arc<Self>,
        request: FlinkSubmitRequest,
    ) -> Answer<FlinkSubmitted> {
        if request.sql.len() > MOST_SQL {
            return Err(ApiError::invalid(format!(
                "the statements have more than {MOST_SQL} bytes"
            )));
        }
        let (_, at) = self
            .system(&request.environment, &request.service, System::Flink)
            .await?;
        let submitted = Box::pin(flink::submit(&at, &request.sql)).await;
        submitted.map_err(ApiError::invalid)
    }

    pub(crate) async fn flink_cancel(
        self: &Arc<Self>,
        request: FlinkCancelRequest,
    ) -> Answer<Empty> {
        let (_, at) = self
            .system(&request.environment, &request.service, System::Flink)
            .await?;
        let cancelled = Box::pin(flink::cancel(&at, &request.job)).await;
        cancelled.map_err(ApiError::invalid)?;
        Ok(Empty {})
    }

    /// A service that is such a system, and where it is asked.
    async fn system(
        self: &Arc<Self>,
        environment: &str,
        name: &str,
        system: System,
    ) -> Answer<(Service, Address)> {
        let open = self.get(environment).await?;
        let snapshot = open.snapshot_with(name)?;
        let service = snapshot.plan.services.get(name);
        let service = service.filter(|service| System::of(service) == Some(system));
        let service = service.ok_or_else(|| ApiError {
            hint: Some("its image, an endpoint's scheme or a probe says what a service is".into()),
            ..ApiError::invalid(format!("`{name}` is no service of that kind"))
        })?;
        let at = address(&snapshot, service, system).ok_or_else(|| not_running(name))?;
        Ok((service.clone(), at))
    }
}

fn address(snapshot: &EnvironmentSnapshot, service: &Service, system: System) -> Option<Address> {
    let endpoint = system.endpoint(service)?;
    let (plan, ports) = (&snapshot.plan, &snapshot.ports);
    inject::address(plan, &service.name, &endpoint.name, ports, Viewpoint::Host)
}

fn not_running(service: &str) -> ApiError {
    ApiError {
        hint: Some("start it, or give it an endpoint that this machine reaches".to_owned()),
        ..ApiError::unavailable(format!("`{service}` has no address at present"))
    }
}

fn silent(service: &str, why: &str) -> ApiError {
    ApiError {
        hint: Some("its probes and its log say more".to_owned()),
        ..ApiError::unavailable(format!("`{service}` does not answer: {why}"))
    }
}
