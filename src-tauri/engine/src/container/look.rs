//! How one container is doing.

use super::instance::is_status;
use super::runtime::{PATIENCE, Runtime};
use benchtop_model::exit::Exit;
use benchtop_model::time::Timestamp;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use bollard::query_parameters::InspectContainerOptions;

/// Looks at one container.
///
/// # Errors
/// What the engine says, or a timeout.
pub async fn inspect(runtime: &Runtime, id: &str) -> Result<ContainerInspectResponse, Error> {
    let asked = runtime
        .docker
        .inspect_container(id, None::<InspectContainerOptions>);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::RequestTimeoutError),
    }
}

/// How a container is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was created and never started.
    Created,
    /// It runs.
    Running,
    /// It has ended.
    Ended(Exit),
    /// There is none of that id.
    Absent,
    /// The engine does not say.
    Unknown,
}

/// How the container of this id is doing.
pub async fn condition(runtime: &Runtime, id: &str) -> Condition {
    look(runtime, id).await.0
}

/// How the container of this id is doing, and when it was last started by the
/// engine's own clock, where it ever was.
pub async fn look(runtime: &Runtime, id: &str) -> (Condition, Option<Timestamp>) {
    match inspect(runtime, id).await {
        Ok(found) => match found.state {
            Some(state) => (of_state(&state), started(&state)),
            None => (Condition::Unknown, None),
        },
        Err(error) if is_status(&error, 404) => (Condition::Absent, None),
        Err(_) => (Condition::Unknown, None),
    }
}

fn of_state(state: &ContainerState) -> Condition {
    if state.running == Some(true) {
        return Condition::Running;
    }
    match state.status {
        Some(ContainerStateStatusEnum::CREATED) => return Condition::Created,
        // Killed in order to be removed: the removal is what is to be told.
        Some(ContainerStateStatusEnum::REMOVING) => return Condition::Absent,
        _ => {}
    }
    Condition::Ended(Exit {
        code: state.exit_code.and_then(|code| i32::try_from(code).ok()),
        oom: state.oom_killed.unwrap_or(false),
        ..Exit::default()
    })
}

/// The engine writes the year 1 for "never".
fn started(state: &ContainerState) -> Option<Timestamp> {
    let at: jiff::Timestamp = state.started_at.as_deref()?.parse().ok()?;
    Some(Timestamp(at.as_millisecond())).filter(|at| at.0 > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_was_never_started_has_not_ended() {
        let state = ContainerState {
            status: Some(ContainerStateStatusEnum::CREATED),
            running: Some(false),
            exit_code: Some(0),
            started_at: Some("0001-01-01T00:00:00Z".to_owned()),
            ..ContainerState::default()
        };
        assert_eq!(of_state(&state), Condition::Created);
        assert_eq!(started(&state), None);
    }

    #[test]
    fn memory_that_ran_out_is_told_from_a_kill() {
        let state = |oom| ContainerState {
            status: Some(ContainerStateStatusEnum::EXITED),
            exit_code: Some(137),
            oom_killed: Some(oom),
            ..ContainerState::default()
        };
        let oom = |state| matches!(of_state(&state), Condition::Ended(exit) if exit.oom);
        assert!(oom(state(true)) && !oom(state(false)));
    }
}
