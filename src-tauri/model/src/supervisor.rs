//! What must happen next: the pure machine of an environment.
//!
//! # Theory of operation
//!
//! [`Supervisor::on_event`] takes one [`Event`] and the present moment, and
//! returns the [`Effect`]s to perform. It reads no clock and performs nothing.
//! The driver performs effects, reports their outcome as further events, and
//! calls again at [`Supervisor::next_deadline`] with [`Event::Tick`].
//!
//! Every start of a service has a generation. Effects and reports carry it, and
//! a report of a generation that is not the current one is ignored: a late
//! answer can never act on a newer instance.
//!
//! There are no waves: after each event every waiting service is looked at, and
//! is launched the moment its own conditions hold.

mod advance;
mod backoff;
mod build;
mod conditions;
mod former;
mod health;
mod memory;
mod message;
mod service;
#[cfg(test)]
mod tests;

pub use build::PARALLEL_BUILDS;
pub use former::Former;
pub use health::{HealthState, ProbeState};
pub use memory::Memory;
pub use message::{BuildOutcome, Effect, Event, Found, Report, Restored};
pub use service::ServiceState;

use crate::plan::Plan;
use crate::status::{Lifecycle, Status, worst};
use crate::time::Tick;
use std::collections::{BTreeMap, BTreeSet};

/// The machine of one environment.
#[derive(Clone, Debug)]
pub struct Supervisor {
    services: BTreeMap<String, ServiceState>,
    /// Last starts of services that were forgotten: should one of that name come
    /// again, its starts are counted on.
    generations: BTreeMap<String, u64>,
    /// The same of their builds. Not known to a next engine, which is told of none.
    builds: BTreeMap<String, u64>,
    /// Counts requests to build, so that the first to ask is the first served.
    turn: u64,
}

impl Supervisor {
    /// A machine in which everything is Stopped.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let services = plan
            .services
            .values()
            .map(|s| (s.name.clone(), ServiceState::new(s.clone())))
            .collect();
        Self {
            services,
            generations: BTreeMap::new(),
            builds: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Takes what happened, returns what to do, in order.
    pub fn on_event(&mut self, event: Event, now: Tick) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.turn += 1;
        match event {
            Event::Up { services } => self.up(&services, now),
            Event::Down => self
                .services
                .values_mut()
                .for_each(ServiceState::want_ordered_stop),
            Event::Start {
                service,
                with_dependencies,
            } => self.start(&service, with_dependencies, now),
            Event::Stop { service } => self.with(&service, |s| s.stop(now, &mut effects)),
            Event::Restart { service } => self.restart(&service, now, &mut effects),
            Event::Cancel { service } => self.with(&service, |s| s.cancel(now, &mut effects)),
            Event::Rebuild { service, cause } => self.rebuild(&service, &cause, now, &mut effects),
            Event::Built {
                service,
                build,
                outcome,
            } => self.on_built(&service, build, outcome, now, &mut effects),
            Event::ProbeNow { service } => self.with(&service, |s| s.health.probe_now(now)),
            Event::Reported {
                service,
                generation,
                report,
            } => {
                self.with(&service, |s| {
                    s.on_report(generation, report, now, &mut effects)
                });
            }
            Event::Restored(all) => {
                for restored in all {
                    self.with(&restored.service.clone(), |s| {
                        s.restore(restored, now, &mut effects);
                    });
                }
            }
            Event::StartedOutside {
                service,
                definition,
            } => self.with(&service, |s| s.on_started_outside(definition, now)),
            Event::Replan(plan) => self.replan(&plan, now, &mut effects),
            Event::Apply(plan) => self.apply(&plan, now, &mut effects),
            Event::Tick => {}
        }
        self.settle(now, &mut effects);
        effects
    }

    /// When [`Event::Tick`] is due next, if anything waits for time to pass.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        self.services
            .values()
            .filter_map(ServiceState::next_deadline)
            .min()
    }

    /// One service.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceState> {
        self.services.get(name)
    }

    /// Every service, in the order of the names.
    pub fn services(&self) -> impl Iterator<Item = &ServiceState> {
        self.services.values()
    }

    /// The status of the environment.
    #[must_use]
    pub fn status(&self) -> Status {
        worst(self.services.values().map(ServiceState::status))
    }

    /// Whether nothing runs and nothing is wanted.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.services.values().all(|s| !s.wanted && s.is_gone())
    }

    /// Whether nothing is on its way any more: every wanted service is Healthy,
    /// Completed, or in trouble with a named cause, and no stop is under way.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.services.values().all(|s| match s.lifecycle {
            _ if s.is_build_pending() => false,
            Lifecycle::Stopped | Lifecycle::Completed | Lifecycle::Failed => true,
            Lifecycle::Running => s.wanted && s.status() != Status::Starting,
            Lifecycle::Waiting => self.is_blocked(&s.spec.name, &mut BTreeSet::new()),
            Lifecycle::Building
            | Lifecycle::Starting
            | Lifecycle::Stopping
            | Lifecycle::Backoff => false,
        })
    }

    fn with(&mut self, service: &str, act: impl FnOnce(&mut ServiceState)) {
        if let Some(state) = self.services.get_mut(service) {
            act(state);
        }
    }

    /// For what makes a service wanted: one that is no longer defined only ends.
    fn with_turn(&mut self, service: &str, act: impl FnOnce(&mut ServiceState, u64)) {
        let turn = self.turn;
        self.with(service, |s| {
            if !s.removed {
                act(s, turn);
            }
        });
    }

    fn up(&mut self, services: &[String], now: Tick) {
        let names: Vec<String> = match services {
            [] => self.services.keys().cloned().collect(),
            some => some
                .iter()
                .flat_map(|name| self.with_dependencies(name))
                .collect(),
        };
        for name in names {
            self.with_turn(&name, |s, turn| s.up(turn, now));
        }
    }

    fn start(&mut self, service: &str, with_dependencies: bool, now: Tick) {
        if with_dependencies {
            for name in self.with_dependencies(service) {
                self.with_turn(&name, |s, turn| s.up(turn, now));
            }
        }
        self.with_turn(service, |s, turn| s.start(turn, now));
    }

    /// Restarts one service, and those that asked to follow it with
    /// `depends_on.restart: true`; nothing else is touched.
    fn restart(&mut self, service: &str, now: Tick, effects: &mut Vec<Effect>) {
        let followers = self.followers(service);
        self.with_turn(service, |s, _| s.restart(now, effects));
        for follower in followers {
            self.with_turn(&follower, |s, _| s.restart(now, effects));
        }
    }

    /// Those that are restarted with `service`.
    fn followers(&self, service: &str) -> Vec<String> {
        self.services
            .values()
            .filter(|s| s.spec.depends_on.get(service).is_some_and(|d| d.restart))
            .filter(|s| s.lifecycle.may_have_instance() && s.wanted)
            .map(|s| s.spec.name.clone())
            .collect()
    }

    /// Builds one service anew; where there is nothing to build, it is
    /// restarted. Its followers restart when its instance ends.
    fn rebuild(&mut self, service: &str, cause: &str, now: Tick, effects: &mut Vec<Effect>) {
        let Some(state) = self.services.get(service) else {
            return;
        };
        if !state.spec.can_rebuild() {
            return self.restart(service, now, effects);
        }
        let had_instance = state.lifecycle.may_have_instance();
        let followers = self.followers(service);
        self.with_turn(service, |s, turn| s.rebuild(turn, cause, now, effects));
        let ends = |s: &ServiceState| s.lifecycle == Lifecycle::Stopping;
        if had_instance && self.services.get(service).is_some_and(ends) {
            for follower in followers {
                self.with_turn(&follower, |s, _| s.restart(now, effects));
            }
        }
    }

    fn on_built(
        &mut self,
        service: &str,
        build: u64,
        outcome: BuildOutcome,
        now: Tick,
        effects: &mut Vec<Effect>,
    ) {
        let followers = self.followers(service);
        let Some(state) = self.services.get_mut(service) else {
            return;
        };
        if state.on_built(build, outcome, now, effects) {
            for follower in followers {
                self.with_turn(&follower, |s, _| s.restart(now, effects));
            }
        }
    }

    /// Takes over a new definition. What runs goes on running; what is gone from
    /// the definition is stopped and forgotten; changes take effect at the next
    /// start of each service.
    fn replan(&mut self, plan: &Plan, now: Tick, effects: &mut Vec<Effect>) {
        for (name, spec) in &plan.services {
            match self.services.get_mut(name) {
                Some(state) => state.redefine(spec.clone()),
                None => self.define(name, spec),
            }
        }
        for (name, state) in &mut self.services {
            if !plan.services.contains_key(name) {
                state.removed = true;
                state.stop(now, effects);
            }
        }
    }

    /// Takes over a new definition and acts on it.
    fn apply(&mut self, plan: &Plan, now: Tick, effects: &mut Vec<Effect>) {
        let runs = |s: &ServiceState| s.wanted || s.lifecycle.may_have_instance();
        let running = self.services.values().any(runs);
        let before: BTreeMap<String, String> = self
            .services
            .iter()
            .filter(|(_, state)| !state.removed)
            .map(|(name, state)| (name.clone(), state.definition.clone()))
            .collect();
        self.replan(plan, now, effects);
        for name in plan.services.keys() {
            let old = before.get(name);
            self.with_turn(name, |s, turn| match old {
                None if running => s.start(turn, now),
                Some(old) => s.follow_definition(*old != s.definition, turn, now),
                None => {}
            });
        }
    }

    /// `name` and all that it depends on, directly or not.
    fn with_dependencies(&self, name: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let Some(state) = self.services.get(&next) else {
                continue;
            };
            if found.insert(next) {
                open.extend(state.spec.depends_on.keys().cloned());
            }
        }
        found.into_iter().collect()
    }
}
