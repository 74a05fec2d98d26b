//! After each event: launches what may start, stops what may stop, performs the
//! probes that are due, and makes known what has changed.

use super::Supervisor;
use super::message::Effect;
use super::service::{ServiceState, Then};
use crate::plan::RestartPolicy;
use crate::status::{Health, Lifecycle, Status, status};
use crate::time::Tick;

impl Supervisor {
    /// Goes on until nothing moves any more. Each step moves some service
    /// forward in its life, so this ends.
    pub(super) fn settle(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        loop {
            self.refresh_health(now, effects);
            let moved = self.advance_all(now, effects);
            self.tell(now, effects);
            if !moved {
                break;
            }
        }
        self.probe(now, effects);
        self.forget_removed(effects);
    }

    fn advance_all(&mut self, now: Tick, effects: &mut Vec<Effect>) -> bool {
        let names: Vec<String> = self
            .services
            .iter()
            .filter(|(_, service)| may_move(service))
            .map(|(name, _)| name.clone())
            .collect();
        let mut moved = false;
        for name in &names {
            moved |= self.advance(name, now, effects);
        }
        moved |= self.advance_builds(effects);
        moved
    }

    /// Moves one service one step, if it can.
    fn advance(&mut self, name: &str, now: Tick, effects: &mut Vec<Effect>) -> bool {
        let service = &self.services[name];
        let may_launch = service.lifecycle == Lifecycle::Waiting && self.conditions_hold(service);
        // Only what lives has to wait for its dependants.
        let may_stop = service.stop_in_order
            && (!service.lifecycle.may_have_instance() || !self.has_living_dependant(name));
        let Some(service) = self.services.get_mut(name) else {
            return false;
        };
        let before = service.lifecycle;
        match before {
            Lifecycle::Waiting if may_launch && service.wanted => service.launch(effects),
            Lifecycle::Backoff
                if service.wanted && service.next_start.is_some_and(|due| due <= now) =>
            {
                service.head_for_start("its backoff is over");
            }
            Lifecycle::Running | Lifecycle::Starting if service.then == Then::Start => {
                let cause = match (service.is_build_pending(), service.is_outdated()) {
                    (true, _) => "rebuild requested",
                    (false, true) => "its definition changed",
                    (false, false) => "restart requested",
                };
                service.end_instance(Then::Start, cause, now, effects);
            }
            _ if !service.wanted && may_stop => {
                service.end_instance(Then::Stay, "stop requested", now, effects)
            }
            _ => {}
        }
        service.lifecycle != before
    }

    /// One that was started again meanwhile is not waited for: it may live on
    /// for ever.
    fn has_living_dependant(&self, name: &str) -> bool {
        let lives = |s: &ServiceState| s.lifecycle.may_have_instance() && !s.wanted;
        self.services
            .values()
            .any(|s| lives(s) && s.spec.depends_on.contains_key(name))
    }

    /// Takes over what the probes say; an instance that does not answer is
    /// restarted where its policy says so.
    fn refresh_health(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        for service in self
            .services
            .values_mut()
            .filter(|s| s.lifecycle == Lifecycle::Running)
        {
            service.known_health = service.health.health(now);
            if service.known_health == Health::Unhealthy
                && service.spec.restart != RestartPolicy::No
            {
                let cause = service
                    .health
                    .reason()
                    .unwrap_or_else(|| "it did not start in time".to_owned());
                self_heal(service, cause, now, effects);
            }
        }
    }

    /// Makes changes known, and probes the dependants of what has changed at
    /// once: their own state is likely to follow.
    fn tell(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let mut disturbed = Vec::new();
        let names: Vec<String> = self
            .services
            .iter()
            .filter(|(_, service)| service.told != present(service))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let reason = self.reason(&name);
            let Some(service) = self.services.get_mut(&name) else {
                continue;
            };
            let is = present(service);
            let (from, to) = (status(service.told.0, service.told.1), service.status());
            let ended = service.told.0.may_have_instance() && !is.0.may_have_instance();
            service.told = is;
            let cause = reason.unwrap_or_else(|| default_cause(to, &service.cause));
            effects.push(Effect::Transition {
                service: name.clone(),
                generation: is.2,
                lifecycle: is.0,
                health: is.1,
                from,
                to,
                cause,
            });
            if ended || from != to && (from == Status::Healthy || to == Status::Healthy) {
                disturbed.push(name);
            }
        }
        for service in self.services.values_mut() {
            if disturbed
                .iter()
                .any(|name| service.spec.depends_on.contains_key(name))
            {
                service.health.probe_now(now);
            }
        }
    }

    fn probe(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        for service in self
            .services
            .values_mut()
            .filter(|s| s.lifecycle == Lifecycle::Running)
        {
            for role in service.health.take_due(now) {
                effects.push(Effect::Probe {
                    service: service.spec.name.clone(),
                    generation: service.generation,
                    role,
                });
            }
        }
    }
}

/// What is made known of a service when it changes.
fn present(service: &ServiceState) -> (Lifecycle, Health, u64) {
    (service.lifecycle, service.known_health, service.generation)
}

/// Whether [`Supervisor::advance`] has anything to decide about it.
fn may_move(service: &ServiceState) -> bool {
    matches!(service.lifecycle, Lifecycle::Waiting | Lifecycle::Backoff)
        || service.then == Then::Start
        || !service.wanted && service.stop_in_order
}

fn self_heal(service: &mut ServiceState, cause: String, now: Tick, effects: &mut Vec<Effect>) {
    service.end_instance(Then::Fail(cause.clone()), &cause, now, effects);
}

/// What is said of a change that has no trouble to name.
fn default_cause(to: Status, cause: &str) -> String {
    match to {
        Status::Healthy => "all probes pass".to_owned(),
        _ => cause.to_owned(),
    }
}
