//! Whether a service may start, and what it waits for if not.

use super::Supervisor;
use super::service::ServiceState;
use crate::plan::{Condition, Dependency};
use crate::status::{Lifecycle, Status};
use std::collections::BTreeSet;

impl Supervisor {
    /// Whether everything that `service` waits for holds.
    pub(super) fn conditions_hold(&self, service: &ServiceState) -> bool {
        self.unmet(service).next().is_none()
    }

    /// Names of the services that one in Waiting waits for.
    #[must_use]
    pub fn waits_for_names(&self, name: &str) -> Vec<String> {
        match self.services.get(name) {
            Some(service) if service.lifecycle == Lifecycle::Waiting => self
                .unmet(service)
                .map(|(need, _)| need.to_owned())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// What does not hold yet.
    fn unmet<'a>(
        &'a self,
        service: &'a ServiceState,
    ) -> impl Iterator<Item = (&'a str, Dependency)> {
        service
            .spec
            .depends_on
            .iter()
            .filter(|(name, need)| !self.holds(name, **need))
            .map(|(name, need)| (name.as_str(), *need))
    }

    fn holds(&self, name: &str, need: Dependency) -> bool {
        let Some(dependency) = self.services.get(name) else {
            return !need.required;
        };
        let given_up = matches!(dependency.lifecycle, Lifecycle::Failed | Lifecycle::Stopped);
        if !need.required && given_up && !dependency.wanted {
            return true;
        }
        // What is about to be stopped is nothing to build upon.
        if !dependency.wanted && dependency.lifecycle.may_have_instance() {
            return false;
        }
        match need.condition {
            Condition::Started => matches!(
                dependency.lifecycle,
                Lifecycle::Running | Lifecycle::Completed
            ),
            Condition::Healthy => dependency.status() == Status::Healthy,
            Condition::CompletedSuccessfully => dependency.lifecycle == Lifecycle::Completed,
        }
    }

    /// Whether a waiting service can only go on if a person acts: what it waits
    /// for has given up, was stopped, or is itself blocked.
    pub(super) fn is_blocked(&self, name: &str, seen: &mut BTreeSet<String>) -> bool {
        if !seen.insert(name.to_owned()) {
            return false;
        }
        let Some(service) = self.services.get(name) else {
            return true;
        };
        self.unmet(service).any(|(dependency, need)| {
            let Some(state) = self.services.get(dependency) else {
                return true;
            };
            match state.lifecycle {
                Lifecycle::Failed | Lifecycle::Stopped => true,
                Lifecycle::Completed => need.condition == Condition::Healthy,
                Lifecycle::Waiting => self.is_blocked(dependency, seen),
                Lifecycle::Running => {
                    matches!(state.status(), Status::Degraded | Status::Unhealthy)
                }
                _ => false,
            }
        })
    }

    /// Why a service is as it is, one sentence; `None` where nothing needs
    /// saying.
    #[must_use]
    pub fn reason(&self, name: &str) -> Option<String> {
        let service = self.services.get(name)?;
        match service.lifecycle {
            Lifecycle::Waiting => self.waits_for(service),
            Lifecycle::Running if service.status() == Status::Healthy => {
                let failure = service.build_failure()?;
                Some(format!("{failure}; the instance from before it goes on"))
            }
            Lifecycle::Building if !service.wanted => Some("its build is being ended".to_owned()),
            Lifecycle::Building if !service.builds.is_running() => {
                Some("waits for other builds to end".to_owned())
            }
            Lifecycle::Running => service
                .health
                .reason()
                .or_else(|| Some("it has only just started".to_owned())),
            Lifecycle::Stopped
                if matches!(service.cause.as_str(), "stopped" | "stop requested") =>
            {
                None
            }
            _ => Some(service.cause.clone()).filter(|cause| !cause.is_empty()),
        }
    }

    fn waits_for(&self, service: &ServiceState) -> Option<String> {
        let (name, need) = self.unmet(service).next()?;
        let more = match self.unmet(service).count() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        Some(format!(
            "waits for {name} {}{more}{}",
            need.condition.phrase(),
            self.trouble_of(name)
        ))
    }

    /// What is wrong with a dependency, as the end of a sentence.
    fn trouble_of(&self, name: &str) -> String {
        let Some(state) = self.services.get(name) else {
            return "; it is not defined".to_owned();
        };
        match (state.lifecycle, state.status()) {
            (Lifecycle::Stopped | Lifecycle::Stopping, _) => "; it is stopped".to_owned(),
            (_, Status::Unhealthy | Status::Degraded) => {
                let why = self
                    .reason(name)
                    .map(|why| format!(" because {why}"))
                    .unwrap_or_default();
                format!("; it is {}{why}", state.status().word())
            }
            _ => String::new(),
        }
    }
}
