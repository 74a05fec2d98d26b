//! The words for the state of a service, and the one function that makes a
//! status from them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a service is in its life. Decided by the supervisor alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub enum Lifecycle {
    /// Not running, on purpose, or never started.
    #[default]
    Stopped,
    /// Wanted, but a condition of a dependency does not hold yet.
    Waiting,
    /// The build command runs.
    Building,
    /// Being brought up: pulled, created, spawned.
    Starting,
    /// The instance lives.
    Running,
    /// Asked to end; the grace period runs.
    Stopping,
    /// Ended unexpectedly; the next start is scheduled.
    Backoff,
    /// Ended by itself with success, and is not to be restarted.
    Completed,
    /// Could not be started, or ended with failure and is not to be restarted.
    Failed,
}

impl Lifecycle {
    /// Whether an instance may exist in this state.
    #[must_use]
    pub fn may_have_instance(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

/// What the probes say of a running instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub enum Health {
    /// No verdict yet: no probe has answered since the start.
    #[default]
    Unknown,
    /// Every probe passes, or there is none.
    Healthy,
    /// Answers, but is not ready to serve, or says so itself.
    Degraded,
    /// Does not answer, or did not finish its start-up in time.
    Unhealthy,
}

/// What a person sees. Always computed by [`status`], never stored on its own.
///
/// The order is "how bad", best first, so that the worst of several is their
/// maximum; see [`worst`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub enum Status {
    /// Stopped on purpose, or completed.
    Stopped,
    /// Running, and all probes pass.
    Healthy,
    /// Waiting, building or initialising.
    Starting,
    /// Running and answering, but not ready.
    Degraded,
    /// Not responding, exited unexpectedly, crash loop, or failed to start.
    Unhealthy,
}

impl Status {
    /// The word shown in every face.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "Stopped",
            Self::Healthy => "Healthy",
            Self::Starting => "Starting",
            Self::Degraded => "Degraded",
            Self::Unhealthy => "Unhealthy",
        }
    }
}

/// The status of one service.
#[must_use]
pub fn status(lifecycle: Lifecycle, health: Health) -> Status {
    match lifecycle {
        Lifecycle::Stopped | Lifecycle::Stopping | Lifecycle::Completed => Status::Stopped,
        Lifecycle::Waiting | Lifecycle::Building | Lifecycle::Starting => Status::Starting,
        Lifecycle::Backoff | Lifecycle::Failed => Status::Unhealthy,
        Lifecycle::Running => match health {
            Health::Unknown => Status::Starting,
            Health::Healthy => Status::Healthy,
            Health::Degraded => Status::Degraded,
            Health::Unhealthy => Status::Unhealthy,
        },
    }
}

/// The status of an environment: the worst of its services. A service stopped
/// on purpose does not count against the others.
#[must_use]
pub fn worst(all: impl IntoIterator<Item = Status>) -> Status {
    all.into_iter().max().unwrap_or(Status::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_service_shows_its_health() {
        assert_eq!(
            status(Lifecycle::Running, Health::Unknown),
            Status::Starting
        );
        assert_eq!(
            status(Lifecycle::Running, Health::Degraded),
            Status::Degraded
        );
    }

    #[test]
    fn health_of_an_instance_that_is_gone_does_not_count() {
        assert_eq!(
            status(Lifecycle::Failed, Health::Healthy),
            Status::Unhealthy
        );
        assert_eq!(
            status(Lifecycle::Completed, Health::Unhealthy),
            Status::Stopped
        );
    }

    #[test]
    fn one_stopped_service_does_not_darken_a_healthy_environment() {
        assert_eq!(worst([Status::Healthy, Status::Stopped]), Status::Healthy);
        assert_eq!(
            worst([Status::Healthy, Status::Starting, Status::Degraded]),
            Status::Degraded
        );
        assert_eq!(worst([]), Status::Stopped);
    }
}
