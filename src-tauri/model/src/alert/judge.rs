//! Whose fault is it? By what services need, and by the order of events.

use super::seen::{Condition, Seen};
use super::{AlertBook, FOLLOW};
use crate::time::{Millis, Tick};

/// Trouble that is noticed so soon after the return of what is needed came from its
/// absence: connections that broke are found out when they are used next.
const AFTERMATH: Millis = Millis::from_secs(5);

impl AlertBook {
    /// Services in trouble that nothing else explains, the earliest first.
    pub(super) fn roots(&self, now: Tick) -> Vec<String> {
        let own = |name: &&String| !self.is_explained(name, now);
        let mut roots: Vec<&String> = self.troubled().filter(own).collect();
        roots.sort_by_key(|name| self.services.get(*name).map(|seen| seen.since));
        roots.into_iter().cloned().collect()
    }

    fn is_explained(&self, service: &str, now: Tick) -> bool {
        let mut needs = self.needs.of_service(service);
        needs.any(|need| self.explains(need, service, now))
    }

    /// Whether `need` is why `service` is in trouble.
    fn explains(&self, need: &str, service: &str, now: Tick) -> bool {
        let (Some(other), Some(own)) = (self.services.get(need), self.services.get(service)) else {
            return false;
        };
        match other.condition {
            Condition::Trouble => self.is_cause((need, other), (service, own)),
            Condition::Coming => true,
            // Who never was well with it is not ill without it.
            Condition::Off => own
                .well
                .is_some_and(|well| well <= other.since && other.since <= own.since),
            Condition::Well => other.returned.is_some_and(|at| {
                let late = if other.was_well { AFTERMATH } else { Millis(0) };
                now < at.after(FOLLOW) && own.since <= at.after(late)
            }),
        }
    }

    fn is_cause(&self, (need, other): (&str, &Seen), (service, own): (&str, &Seen)) -> bool {
        // In a circle, the first to fall is to blame.
        let first = || (other.since, need) < (own.since, service);
        other.since <= own.since.after(FOLLOW) && (!self.needs.has(need, service) || first())
    }

    /// Whether a service is in trouble because of this root, which is in trouble, too.
    pub(super) fn is_victim(&self, service: &str, root: &str, now: Tick) -> bool {
        let in_trouble = |name: &str| {
            let seen = self.services.get(name);
            seen.is_some_and(|seen| seen.condition == Condition::Trouble)
        };
        in_trouble(service)
            && in_trouble(root)
            && self.needs.has(service, root)
            && self.explains(root, service, now)
    }

    /// All victims of a root, and those that wait for it.
    pub(super) fn victims(&self, root: &str, now: Tick) -> Vec<String> {
        let waits = |name: &str| self.services.get(name).is_some_and(|seen| seen.waits);
        let dependants = self.needs.dependants(root);
        dependants
            .filter(|name| waits(name) || self.is_victim(name, root, now))
            .cloned()
            .collect()
    }
}
