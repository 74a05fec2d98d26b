//! How one container is doing.

use super::instance::is_status;
use super::runtime::{PATIENCE, Runtime};
use benchtop_model::exit::Exit;
use benchtop_model::time::Timestamp;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use bollard::query_parameters::InspectContainerOptions;
use std::time::Duration;

/// How long Docker is given to learn that memory ran out.
const NOTICE_OF_MEMORY: Duration = Duration::from_millis(500);

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

/// How a container is doing that is said to have ended. The notice that its memory ran
/// out comes to Docker apart from its end, on a busy machine after it: one that was killed
/// below a limit is looked at again.
pub async fn ending(runtime: &Runtime, id: &str) -> Condition {
    let found = inspect(runtime, id).await;
    if found.as_ref().is_ok_and(may_have_run_out) {
        tokio::time::sleep(NOTICE_OF_MEMORY).await;
        return condition(runtime, id).await;
    }
    of_answer(found).0
}

/// Killed, with a limit of memory, and nobody has said yet that it was met.
fn may_have_run_out(found: &ContainerInspectResponse) -> bool {
    let limit = found.host_config.as_ref().and_then(|host| host.memory);
    let killed = |state| matches!(of_state(state), Condition::Ended(exit) if exit.code == Some(137) && !exit.oom);
    limit.is_some_and(|bytes| bytes > 0) && found.state.as_ref().is_some_and(killed)
}

/// How the container of this id is doing, and when it was last started by the
/// engine's own clock, where it ever was.
pub async fn look(runtime: &Runtime, id: &str) -> (Condition, Option<Timestamp>) {
    of_answer(inspect(runtime, id).await)
}

fn of_answer(answer: Result<ContainerInspectResponse, Error>) -> (Condition, Option<Timestamp>) {
    match answer {
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
    fn only_what_was_killed_below_a_limit_is_looked_at_again() {
        let found = |code, oom, memory| ContainerInspectResponse {
            state: Some(ContainerState {
                status: Some(ContainerStateStatusEnum::EXITED),
                running: Some(false),
                exit_code: Some(code),
                oom_killed: Some(oom),
                ..ContainerState::default()
            }),
            host_config: Some(bollard::models::HostConfig {
                memory: Some(memory),
                ..Default::default()
            }),
            ..ContainerInspectResponse::default()
        };
        assert!(may_have_run_out(&found(137, false, 1 << 20)));
        assert!(!may_have_run_out(&found(137, true, 1 << 20)), "it is said");
        assert!(!may_have_run_out(&found(137, false, 0)), "no limit");
        assert!(!may_have_run_out(&found(1, false, 1 << 20)), "not killed");
    }

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
