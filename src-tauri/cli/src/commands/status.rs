//! `benchtop status`: the state of the environment.

use crate::arguments::Which;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::model::status::{Lifecycle, Status};
use benchtop_api::schema::{ApiError, EnvironmentStatusRequest};
use benchtop_api::view::EnvironmentView;

pub(crate) async fn run(which: &Which, json: bool) -> Result<Code, Failure> {
    let view = connection::open(which).await?.status().await?;
    print(&view, json)?;
    Ok(code_of(&view))
}

/// Prints the state in the chosen form.
pub(crate) fn print(view: &EnvironmentView, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string_pretty(view)?);
    } else {
        render::environment(view);
    }
    Ok(())
}

/// What the state means for the exit code.
pub(crate) fn code_of(view: &EnvironmentView) -> Code {
    let runtime_missing = view.runtime.as_ref().is_some_and(|r| !r.available);
    let container_failed = |s: &benchtop_api::view::ServiceView| {
        s.kind == benchtop_api::model::plan::ServiceKind::Container
            && s.lifecycle == Lifecycle::Failed
    };
    if runtime_missing && view.services.iter().any(container_failed) {
        return Code::NoRuntime;
    }
    let blocked = view.settled
        && view
            .services
            .iter()
            .any(|s| s.lifecycle == Lifecycle::Waiting);
    match view.status {
        Status::Unhealthy | Status::Degraded => Code::Trouble,
        _ if blocked => Code::Trouble,
        _ => Code::Fine,
    }
}

impl Connection {
    /// The present state.
    pub(crate) async fn status(&self) -> Result<EnvironmentView, ApiError> {
        self.client
            .call(&EnvironmentStatusRequest {
                environment: self.environment.clone(),
            })
            .await
    }
}
