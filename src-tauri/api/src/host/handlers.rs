//! One function per line of the list in [`crate::schema`].

use super::open::OpenEnvironment;
use super::{Host, diagnosis, views};
use crate::definition::Source;
use crate::schema::*;
use crate::view::*;
use benchtop_model::systems::System;
use benchtop_model::time::Timestamp;
use benchtop_store::history::History;
use benchtop_store::record::NewEnvironment;
use std::sync::Arc;

/// Instances and transitions that a details pane gets.
const DETAILS: u32 = 50;

pub(super) type Answer<T> = Result<T, ApiError>;

impl Host {
    pub(crate) async fn engine_info(self: &Arc<Self>, _: EngineInfoRequest) -> Answer<EngineInfo> {
        Ok(EngineInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            pid: std::process::id(),
            started: self.started,
            data_dir: self.paths.data.display().to_string(),
        })
    }

    pub(crate) async fn engine_stop(self: &Arc<Self>, request: EngineStopRequest) -> Answer<Empty> {
        if !request.leave_running {
            let environments = self.all();
            environments.iter().for_each(|e| e.handle.down(false));
            for environment in environments {
                environment.handle.wait_idle().await;
            }
        }
        self.stop.cancel();
        Ok(Empty {})
    }

    pub(crate) async fn environment_list(
        self: &Arc<Self>,
        _: EnvironmentListRequest,
    ) -> Answer<Vec<Environment>> {
        let remembered = self.read(|history| history.environments()).await?;
        let opened_at = |id: &str| {
            remembered
                .iter()
                .find(|e| e.id == id)
                .map_or(Timestamp::default(), |e| e.last_opened)
        };
        let all = self.all();
        for open in &all {
            open.handle.wait_adopted().await;
        }
        let mut list: Vec<Environment> = all
            .iter()
            .map(|open| views::summary(open, opened_at(&open.id)))
            .collect();
        list.sort_by_key(|e| std::cmp::Reverse(e.last_opened));
        let closed = remembered
            .iter()
            .filter(|known| self.find(&known.id).is_none());
        list.extend(closed.map(|known| Environment {
            id: known.id.clone(),
            name: known.name.clone(),
            project_dir: known.project_dir.clone(),
            file: known.file.clone(),
            open: false,
            sample: known.sample,
            status: benchtop_model::status::Status::Stopped,
            last_opened: known.last_opened,
        }));
        Ok(list)
    }

    pub(crate) async fn environment_open(
        self: &Arc<Self>,
        request: EnvironmentOpenRequest,
    ) -> Answer<Environment> {
        let source = Source::from_request(
            &self.paths,
            &self.program,
            request.path,
            request.profiles,
            request.variables,
        )?;
        let plan = source.read().plan()?.clone();
        let now = benchtop_engine::clock::now();
        let known = NewEnvironment {
            id: plan.id(),
            name: plan.name.clone(),
            project_dir: plan.project_dir.display().to_string(),
            file: plan.file.display().to_string(),
            sample: source.sample,
        };
        self.history.remember_environment(known, now);
        let open = self.open(source, plan).await?;
        open.handle.wait_adopted().await;
        Ok(views::summary(&open, now))
    }

    pub(crate) async fn environment_check(
        self: &Arc<Self>,
        request: EnvironmentCheckRequest,
    ) -> Answer<CheckReport> {
        let source = Source::from_request(
            &self.paths,
            &self.program,
            request.path,
            request.profiles,
            request.variables,
        )?;
        Ok(source.read().report(&source))
    }

    pub(crate) async fn folder_inspect(
        self: &Arc<Self>,
        request: FolderInspectRequest,
    ) -> Answer<FolderReport> {
        let path = std::path::PathBuf::from(request.path);
        let found = tokio::task::spawn_blocking(move || crate::inspect::folder(&path)).await;
        found.map_err(|error| ApiError::internal(error.to_string()))?
    }

    pub(crate) async fn definition_import(
        self: &Arc<Self>,
        request: DefinitionImportRequest,
    ) -> Answer<ImportReport> {
        let made = tokio::task::spawn_blocking(move || crate::import::import(&request)).await;
        made.map_err(|error| ApiError::internal(error.to_string()))?
    }

    pub(crate) async fn environment_status(
        self: &Arc<Self>,
        request: EnvironmentStatusRequest,
    ) -> Answer<EnvironmentView> {
        Ok(views::environment(&*self.get(&request.environment).await?))
    }

    pub(crate) async fn environment_up(
        self: &Arc<Self>,
        request: EnvironmentUpRequest,
    ) -> Answer<StartReport> {
        let open = self.get(&request.environment).await?;
        let (_, definition) = open.definition();
        let obstacles = self
            .before_start(&open, definition.plan()?, &request.services)
            .await?;
        if let Some(watch) = request.watch {
            open.set_watching(watch);
            self.remember_watching(&open.id, watch);
        }
        open.up(request.services)?;
        open.taken().await?;
        Ok(StartReport { obstacles })
    }

    pub(crate) async fn environment_changes(
        self: &Arc<Self>,
        request: EnvironmentChangesRequest,
    ) -> Answer<DefinitionChanges> {
        Ok(self.get(&request.environment).await?.changes())
    }

    pub(crate) async fn environment_apply(
        self: &Arc<Self>,
        request: EnvironmentApplyRequest,
    ) -> Answer<Empty> {
        let open = self.get(&request.environment).await?;
        open.apply()?;
        open.taken().await
    }

    pub(crate) async fn environment_down(
        self: &Arc<Self>,
        request: EnvironmentDownRequest,
    ) -> Answer<Empty> {
        let open = self.get(&request.environment).await?;
        open.handle.down(request.remove.unwrap_or(false));
        open.taken().await
    }

    pub(crate) async fn service_start(
        self: &Arc<Self>,
        request: ServiceStartRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle
            .start(&request.service, request.with_dependencies);
        open.taken().await
    }

    pub(crate) async fn service_stop(
        self: &Arc<Self>,
        request: ServiceStopRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle.stop(&request.service);
        open.taken().await
    }

    pub(crate) async fn service_restart(
        self: &Arc<Self>,
        request: ServiceRestartRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle.restart(&request.service);
        open.taken().await
    }

    pub(crate) async fn service_rebuild(
        self: &Arc<Self>,
        request: ServiceRebuildRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle.rebuild(&request.service);
        open.taken().await
    }

    pub(crate) async fn service_cancel(
        self: &Arc<Self>,
        request: ServiceCancelRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle.cancel(&request.service);
        open.taken().await
    }

    pub(crate) async fn service_probe(
        self: &Arc<Self>,
        request: ServiceProbeRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.handle.probe(&request.service);
        open.taken().await
    }

    pub(crate) async fn service_details(
        self: &Arc<Self>,
        request: ServiceDetailsRequest,
    ) -> Answer<ServiceDetails> {
        let open = self.get(&request.environment).await?;
        let snapshot = open.snapshot_with(&request.service)?;
        let state = snapshot.services.iter().find(|s| s.name == request.service);
        let service = state
            .and_then(|s| views::service(&open, &snapshot, s, &[]))
            .ok_or_else(|| ApiError::internal("the service has no state yet"))?;
        let environment = views::variables(&snapshot, &request.service);
        let defined = snapshot.plan.services.get(&request.service);
        let system = defined.and_then(System::of);
        let (id, name) = (open.id.clone(), request.service);
        let (instances, transitions) = self
            .read(move |history| {
                Ok((
                    history.service_instances(&id, &name, DETAILS)?,
                    history.service_transitions(&id, &name, DETAILS)?,
                ))
            })
            .await?;
        Ok(ServiceDetails {
            service,
            environment,
            instances,
            transitions,
            system,
        })
    }

    pub(crate) async fn environment_diagnosis(
        self: &Arc<Self>,
        request: EnvironmentDiagnosisRequest,
    ) -> Answer<DiagnosisReport> {
        let open = self.get(&request.environment).await?;
        let report = tokio::task::spawn_blocking(move || diagnosis::report(&open)).await;
        report.map_err(|error| ApiError::internal(error.to_string()))
    }

    pub(crate) async fn service_use_port(
        self: &Arc<Self>,
        request: ServiceUsePortRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        open.use_port(&request.service, request.port, request.instead)?;
        open.taken().await
    }

    pub(crate) async fn port_free(self: &Arc<Self>, request: PortFreeRequest) -> Answer<Empty> {
        let freed = benchtop_engine::ports::free(request.port, request.pid).await;
        freed.map_err(|message| ApiError {
            code: ErrorCode::Invalid,
            ..ApiError::internal(message)
        })?;
        Ok(Empty {})
    }

    /// The environment of a request about one of its services.
    pub(super) async fn get_with(
        &self,
        environment: &str,
        service: &str,
    ) -> Answer<Arc<OpenEnvironment>> {
        let open = self.get(environment).await?;
        open.snapshot_with(service)?;
        Ok(open)
    }

    /// Reads from the history on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&History) -> Result<T, benchtop_store::error::StoreError> + Send + 'static,
    ) -> Answer<T> {
        let history = self.history.clone();
        match tokio::task::spawn_blocking(move || read(&history)).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(ApiError::internal(format!(
                "the history cannot be read: {error}"
            ))),
            Err(error) => Err(ApiError::internal(error.to_string())),
        }
    }
}
