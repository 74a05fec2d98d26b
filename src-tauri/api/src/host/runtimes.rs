//! The container runtimes of this machine, and which of them is used.

use super::Host;
use crate::schema::{ApiError, Empty, ErrorCode, RuntimeChooseRequest, RuntimeListRequest};
use crate::view::{RuntimeChoice, RuntimeKind, RuntimeState};
use benchtop_engine::container::runtime::discover::Surroundings;
use benchtop_engine::container::runtime::survey::{Finding, survey};
use benchtop_engine::container::runtime::{self, RuntimeProblem, Wish};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Key of the setting for environments without a choice of their own. An empty
/// value is none.
const DEFAULT: &str = crate::doctor::RUNTIME_SETTING;

fn key_of(environment: &str) -> String {
    format!("runtime/{environment}")
}

impl Host {
    pub(crate) async fn runtime_list(
        self: &Arc<Self>,
        request: RuntimeListRequest,
    ) -> Result<Vec<RuntimeChoice>, ApiError> {
        let wish = match &request.environment {
            Some(id) => self.get(id).await?.handle.snapshot().wish.clone(),
            None => Wish {
                address: self.setting(DEFAULT),
                surroundings: Arc::new(Surroundings::of(&BTreeMap::new())),
            },
        };
        Ok(survey(&wish).await.into_iter().map(choice).collect())
    }

    pub(crate) async fn runtime_choose(
        self: &Arc<Self>,
        request: RuntimeChooseRequest,
    ) -> Result<Empty, ApiError> {
        if let Some(address) = &request.address {
            check_address(address)?;
        }
        let key = match &request.environment {
            Some(id) => {
                self.check_free(id, request.address.as_deref()).await?;
                key_of(id)
            }
            None => DEFAULT.to_owned(),
        };
        let value = request.address.unwrap_or_default();
        self.keep_setting(&key, &value).await;
        for open in self.all() {
            open.handle.choose_runtime(self.runtime_of(&open.id));
            open.handle.sync().await;
        }
        Ok(Empty {})
    }

    /// The choice that holds for an environment.
    pub(super) fn runtime_of(&self, environment: &str) -> Option<String> {
        self.setting(&key_of(environment))
            .or_else(|| self.setting(DEFAULT))
    }

    /// Containers that run stay where they are: another runtime does not know
    /// them.
    async fn check_free(&self, id: &str, address: Option<&str>) -> Result<(), ApiError> {
        let snapshot = self.get(id).await?.handle.snapshot();
        let current = snapshot.wish.address.as_deref();
        if !snapshot.holds_containers || current == address {
            return Ok(());
        }
        Err(ApiError {
            code: ErrorCode::Invalid,
            message: format!(
                "containers of {} run on {}",
                snapshot.plan.name,
                current.unwrap_or("another runtime")
            ),
            hint: Some("stop the environment first, then choose".to_owned()),
            problems: Vec::new(),
        })
    }
}

fn check_address(address: &str) -> Result<(), ApiError> {
    if runtime::is_supported(address) {
        return Ok(());
    }
    Err(ApiError {
        code: ErrorCode::Invalid,
        message: format!("`{address}` is no address of a container runtime"),
        hint: Some(
            "write unix:///PATH or tcp://HOST:PORT; `benchtop runtime list` shows what there is"
                .to_owned(),
        ),
        problems: Vec::new(),
    })
}

fn choice(finding: Finding) -> RuntimeChoice {
    let problem = finding.answer.as_ref().err();
    let answer = finding.answer.as_ref().ok();
    RuntimeChoice {
        kind: answer.map_or(RuntimeKind::Unknown, |a| match a.kind {
            runtime::RuntimeKind::Docker => RuntimeKind::Docker,
            runtime::RuntimeKind::Podman => RuntimeKind::Podman,
        }),
        name: answer.map(|a| a.name.clone()),
        api: answer.map(|a| a.api.clone()),
        rootless: answer.map_or(finding.candidate.rootless, |a| a.rootless),
        state: problem.map_or(RuntimeState::Ready, state_of),
        problem: problem.map(ToString::to_string),
        hint: problem.map(RuntimeProblem::hint),
        chosen: finding.chosen,
        source: finding.candidate.source,
        address: finding.candidate.address,
    }
}

fn state_of(problem: &RuntimeProblem) -> RuntimeState {
    match problem {
        RuntimeProblem::NotInstalled => RuntimeState::NotInstalled,
        RuntimeProblem::NotRunning(_) => RuntimeState::NotRunning,
        RuntimeProblem::NoPermission(_) => RuntimeState::NoPermission,
        RuntimeProblem::NotResponding(_) => RuntimeState::Silent,
        RuntimeProblem::Unusable(..) => RuntimeState::Failed,
    }
}
