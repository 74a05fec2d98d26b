//! The engine as far as it matters here: it writes down, then acts, and can be
//! killed in between.

use crate::fake::Fake;
use crate::random::Random;
use benchtop_model::plan::Plan;
use benchtop_model::status::Lifecycle;
use benchtop_model::supervisor::{Effect, Event, Former, Memory, Restored, Supervisor};
use benchtop_model::time::Tick;
use std::collections::BTreeMap;

/// What is on disk.
#[derive(Clone, Debug)]
struct Record {
    plan: Plan,
    services: BTreeMap<String, Memory>,
    former: Former,
}

/// An engine, its disk, and the world around it.
pub(crate) struct World {
    pub(crate) supervisor: Supervisor,
    pub(crate) fake: Fake,
    pub(crate) now: Tick,
    pub(crate) random: Random,
    plan: Plan,
    record: Record,
    /// The engine is killed at the next chance but so many.
    kill_after: Option<u64>,
    tell: bool,
}

impl World {
    pub(crate) fn new(plan: Plan, random: Random, tell: bool) -> Self {
        Self {
            supervisor: Supervisor::new(&plan),
            fake: Fake::default(),
            now: Tick(0),
            random,
            record: Record {
                plan: plan.clone(),
                services: BTreeMap::new(),
                former: Former::default(),
            },
            plan,
            kill_after: None,
            tell,
        }
    }

    /// The engine dies somewhere during its next acts.
    pub(crate) fn kill_soon(&mut self) {
        self.kill_after = Some(self.random.below(6));
    }

    /// The engine is spared after all.
    pub(crate) fn spare(&mut self) {
        self.kill_after = None;
    }

    /// The engine takes an event: thinks, writes down, acts.
    pub(crate) fn on(&mut self, event: Event) {
        if let Event::Replan(plan) | Event::Apply(plan) = &event {
            self.plan = (**plan).clone();
        }
        self.say("event", &event);
        let effects = self.supervisor.on_event(event, self.now);
        if self.dies() {
            return;
        }
        self.write();
        for effect in effects {
            if self.dies() {
                return;
            }
            self.act(effect);
        }
        self.check();
        if self.dies() {
            return;
        }
        // The same is true when nothing was to be done.
        self.write();
    }

    fn act(&mut self, effect: Effect) {
        if !matches!(effect, Effect::Transition { .. }) {
            self.say("  effect", &effect);
        }
        if let Effect::Launch {
            service,
            generation,
        } = &effect
        {
            let noted = self.record.services.get(service);
            assert_eq!(
                noted.map(|memory| memory.generation),
                Some(*generation),
                "{service} is launched without a record"
            );
        }
        self.fake.take(effect);
    }

    fn write(&mut self) {
        let services = self.supervisor.services();
        self.record.services = services
            .map(|s| (s.spec.name.clone(), s.memory()))
            .collect();
        self.record.former = self.supervisor.former();
        self.record.plan = self.plan.clone();
    }

    /// Here the engine may be killed; then the next one is already there.
    fn dies(&mut self) -> bool {
        match &mut self.kill_after {
            None => return false,
            Some(0) => {}
            Some(n) => {
                *n -= 1;
                return false;
            }
        }
        self.kill_after = None;
        self.restart();
        true
    }

    /// The engine dies, and another takes over.
    fn restart(&mut self) {
        self.say("the engine dies", &self.record.services);
        self.fake.engine_dies(&mut self.random);
        self.owned();
        self.now.0 += self.random.below(5000);
        self.plan = self.record.plan.clone();
        self.supervisor = Supervisor::resumed(&self.plan, &self.record.former);
        self.fake.end_leftover_builds();
        let all = self.record.services.clone();
        let restored = all.into_iter().map(|(service, memory)| Restored {
            found: self.fake.found(&service, memory.generation),
            service,
            memory,
        });
        let restored = restored.collect();
        self.on(Event::Restored(restored));
    }

    /// Nothing lives of which there is no record.
    fn owned(&self) {
        for (service, generation) in self.fake.living() {
            let noted = self.record.services.get(service);
            assert_eq!(
                noted.map(|memory| memory.generation),
                Some(*generation),
                "{service} lives without a record"
            );
        }
    }

    /// What always holds, between any two events.
    fn check(&self) {
        self.owned();
        for (service, generation) in self.fake.living() {
            let state = self.supervisor.service(service);
            let state = state.unwrap_or_else(|| panic!("{service} lives and is forgotten"));
            assert_eq!(state.generation, *generation, "{service}");
            assert!(
                state.lifecycle.may_have_instance(),
                "{service} lives and is taken for {:?}",
                state.lifecycle
            );
        }
        let builds = self.fake.builds.len();
        assert!(
            builds <= benchtop_model::supervisor::PARALLEL_BUILDS,
            "{builds} builds at a time"
        );
        let due = |deadline| deadline <= self.now;
        let late = self
            .supervisor
            .services()
            .find(|s| s.lifecycle == Lifecycle::Backoff && s.next_start.is_some_and(due));
        assert!(late.is_none(), "a start that is due was left undone");
    }

    pub(crate) fn say(&self, what: &str, about: &dyn std::fmt::Debug) {
        if self.tell {
            println!("{} {what}: {about:?}", self.now.0);
        }
    }
}
