//! Whatever happens to services in whatever order, alerts keep their promises.

#![allow(clippy::unwrap_used)]

use benchtop_model::alert::{
    Alert, AlertBook, Effect, FOLLOW, HOLD, Moment, Needs, Observed, Silence,
};
use benchtop_model::status::{Health, Lifecycle, Status, status};
use benchtop_model::time::{Tick, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SERVICES: usize = 6;

/// Something that happens to the environment.
#[derive(Clone, Debug)]
enum Act {
    Change(usize, Lifecycle, Health),
    Wait(u64),
    Silence(usize, Option<u64>),
    Unsilence(usize),
    /// The engine is killed, and the next one takes over.
    Kill,
}

fn name(service: usize) -> String {
    format!("s{service}")
}

fn act() -> impl Strategy<Value = Act> {
    let lifecycle = prop::sample::select(vec![
        Lifecycle::Stopped,
        Lifecycle::Waiting,
        Lifecycle::Building,
        Lifecycle::Starting,
        Lifecycle::Running,
        Lifecycle::Running,
        Lifecycle::Running,
        Lifecycle::Stopping,
        Lifecycle::Backoff,
        Lifecycle::Completed,
        Lifecycle::Failed,
    ]);
    let health = prop::sample::select(vec![
        Health::Unknown,
        Health::Healthy,
        Health::Degraded,
        Health::Unhealthy,
    ]);
    prop_oneof![
        12 => (0..SERVICES, lifecycle, health).prop_map(|(s, l, h)| Act::Change(s, l, h)),
        5 => (1..90_000_u64).prop_map(Act::Wait),
        1 => (0..SERVICES, prop::option::of(1..200_000_u64)).prop_map(|(s, ms)| Act::Silence(s, ms)),
        1 => (0..SERVICES).prop_map(Act::Unsilence),
        1 => Just(Act::Kill),
    ]
}

/// A service needs some of those with smaller numbers, so there are no circles.
fn needs() -> impl Strategy<Value = BTreeMap<String, BTreeSet<String>>> {
    prop::collection::vec(any::<u8>(), SERVICES).prop_map(|bits| {
        let of = |(service, bits): (usize, &u8)| {
            let needs = (0..service).filter(|n| bits >> n & 1 == 1).map(name);
            (name(service), needs.collect())
        };
        bits.iter().enumerate().map(of).collect()
    })
}

/// The machine with what keeps its alerts: the table of the history.
struct World {
    needs: Needs,
    book: AlertBook,
    kept: BTreeMap<u32, Alert>,
    silences: BTreeMap<String, Silence>,
    states: BTreeMap<String, (Lifecycle, Health)>,
    now: u64,
    raised: Vec<String>,
    withdrawn: u32,
}

impl World {
    fn new(direct: BTreeMap<String, BTreeSet<String>>) -> Self {
        let needs = Needs::closed(direct);
        let mut world = Self {
            book: AlertBook::new(needs.clone()),
            needs,
            kept: BTreeMap::new(),
            silences: BTreeMap::new(),
            states: (0..SERVICES)
                .map(|s| (name(s), (Lifecycle::Stopped, Health::Unknown)))
                .collect(),
            now: 1_000_000,
            raised: Vec::new(),
            withdrawn: 0,
        };
        let now = world.moment();
        world.book.begin_run("r", now);
        world
    }

    fn moment(&self) -> Moment {
        Moment {
            tick: Tick(self.now),
            wall: Timestamp(i64::try_from(self.now).unwrap()),
        }
    }

    fn status(&self, service: &str) -> Status {
        let (lifecycle, health) = self.states[service];
        status(lifecycle, health)
    }

    fn observe(&mut self, service: &str) {
        let (lifecycle, _) = self.states[service];
        let now = self.moment();
        let observed = Observed {
            service,
            lifecycle,
            status: self.status(service),
            cause: "because",
            at: now.wall,
        };
        let effects = self.book.observe(&observed, now);
        self.keep(effects);
    }

    fn keep(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Raised(alert) => {
                    self.raised.push(alert.service.clone());
                    assert!(alert.is_open());
                    let before = self.kept.insert(alert.number, alert);
                    assert!(before.is_none_or(|b| !b.is_open()), "raised twice");
                }
                Effect::Moved(alert) | Effect::Changed(alert) => {
                    let before = self
                        .kept
                        .insert(alert.number, alert)
                        .expect("it was raised");
                    assert!(before.is_open());
                }
                Effect::Closed(alert) => {
                    assert!(!alert.is_open());
                    let before = self
                        .kept
                        .insert(alert.number, alert)
                        .expect("it was raised");
                    assert!(before.is_open(), "closed twice");
                }
                Effect::Withdrawn(Alert { number, .. }) => {
                    self.withdrawn += 1;
                    self.kept.remove(&number).expect("it was raised");
                }
            }
        }
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self
            .book
            .next_deadline(self.moment())
            .filter(|d| d.0 <= end)
        {
            assert!(due.0 > self.now);
            self.now = due.0;
            let effects = self.book.tick(self.moment());
            self.keep(effects);
        }
        self.now = end;
        let effects = self.book.tick(self.moment());
        assert_eq!(
            effects,
            [],
            "time alone changes something only at a deadline"
        );
    }

    fn perform(&mut self, act: &Act) {
        match act {
            Act::Change(service, lifecycle, health) => {
                let service = name(*service);
                self.states.insert(service.clone(), (*lifecycle, *health));
                self.observe(&service);
            }
            Act::Wait(ms) => self.wait(*ms),
            Act::Silence(service, ms) => {
                let silence = Silence {
                    service: name(*service),
                    until: ms.map(|ms| Timestamp(i64::try_from(self.now + ms).unwrap())),
                    run: None,
                };
                self.silences.insert(name(*service), silence.clone());
                let effects = self
                    .book
                    .silence(&name(*service), Some(silence), self.moment());
                self.keep(effects);
            }
            Act::Unsilence(service) => {
                self.silences.remove(&name(*service));
                let effects = self.book.silence(&name(*service), None, self.moment());
                self.keep(effects);
            }
            Act::Kill => self.kill(),
        }
    }

    /// Only what is kept survives; the next engine says anew what it finds.
    fn kill(&mut self) {
        let raised = self.raised.len();
        self.book = AlertBook::new(self.needs.clone());
        let open: Vec<Alert> = self
            .kept
            .values()
            .filter(|a| a.is_open())
            .cloned()
            .collect();
        let last = self.kept.keys().max().copied().unwrap_or(0);
        let silences = self.silences.values().cloned().collect();
        self.book
            .resume("r", last, open.clone(), silences, self.moment());
        for service in self.states.keys().cloned().collect::<Vec<_>>() {
            self.observe(&service);
        }
        let anew = &self.raised[raised..];
        assert!(
            open.iter().all(|alert| !anew.contains(&alert.service)),
            "what was known is taken over, not raised anew: {anew:?}"
        );
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let kept: Vec<&Alert> = self.kept.values().filter(|a| a.is_open()).collect();
        let open: Vec<&Alert> = self.book.open().iter().collect();
        prop_assert_eq!(&kept, &open, "what is kept is what is known");
        let roots: BTreeSet<&String> = open.iter().map(|a| &a.service).collect();
        prop_assert_eq!(roots.len(), open.len(), "one open alert for a service");
        for alert in open {
            let shown = self.status(&alert.service);
            let (lifecycle, _) = self.states[&alert.service];
            prop_assert!(
                shown != Status::Healthy
                    && lifecycle != Lifecycle::Completed
                    && lifecycle != Lifecycle::Stopped,
                "{} is {:?} and has an open alert",
                alert.service,
                shown
            );
            prop_assert!(!alert.affected.contains(&alert.service));
            prop_assert!(alert.affected.is_sorted());
        }
        Ok(())
    }

    /// When all has come to rest, whoever is ill is named somewhere or has a reason not to be.
    fn check_at_rest(&self) -> Result<(), TestCaseError> {
        let wall = self.moment().wall;
        for (service, _) in self
            .states
            .iter()
            .filter(|(s, _)| matches!(self.status(s), Status::Degraded | Status::Unhealthy))
        {
            let own = self.book.open().iter().any(|a| a.service == *service);
            let excused = |other: &String| {
                self.needs.has(service, other)
                    && !matches!(self.status(other), Status::Healthy)
                    && self.states[other].0 != Lifecycle::Completed
            };
            prop_assert!(
                own || self.book.is_silent(service, wall) || self.states.keys().any(excused),
                "{} is ill, and nobody says so",
                service
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_fit_what_is_so(direct in needs(), acts in prop::collection::vec(act(), 1..60)) {
        let mut world = World::new(direct);
        for act in &acts {
            world.perform(act);
            world.check()?;
        }
        world.wait(FOLLOW.0 + HOLD.0 + 1);
        world.check()?;
        world.check_at_rest()?;
    }

    #[test]
    fn what_is_stopped_and_started_on_purpose_raises_nothing(
        direct in needs(),
        acts in prop::collection::vec((0..SERVICES, 0..60_000_u64), 1..40),
    ) {
        let mut world = World::new(direct);
        // Down, up and well again: the ways of a person, at any pace.
        for (service, ms) in acts {
            let next = match world.states[&name(service)] {
                (Lifecycle::Stopped, _) => (Lifecycle::Waiting, Health::Unknown),
                (Lifecycle::Waiting, _) => (Lifecycle::Starting, Health::Unknown),
                (Lifecycle::Starting, _) => (Lifecycle::Running, Health::Unknown),
                (Lifecycle::Running, Health::Unknown) => (Lifecycle::Running, Health::Healthy),
                (Lifecycle::Running, _) => (Lifecycle::Stopping, Health::Unknown),
                _ => (Lifecycle::Stopped, Health::Unknown),
            };
            world.perform(&Act::Change(service, next.0, next.1));
            world.wait(ms);
        }
        prop_assert_eq!(&world.raised, &Vec::<String>::new());
    }

    #[test]
    fn one_root_is_one_alert_in_whatever_order_its_victims_fall(
        direct in needs(),
        order in Just((1..SERVICES).collect::<Vec<_>>()).prop_shuffle(),
        root_at in 0..SERVICES,
        pauses in prop::collection::vec(0..9_000_u64, SERVICES),
    ) {
        let mut direct = direct;
        // The first is needed by all.
        for (service, needs) in &mut direct {
            if *service != name(0) {
                needs.insert(name(0));
            }
        }
        let mut world = World::new(direct);
        for service in 0..SERVICES {
            world.perform(&Act::Change(service, Lifecycle::Running, Health::Healthy));
        }
        world.wait(10 * FOLLOW.0);
        let mut order = order;
        order.insert(root_at, 0);
        for (service, pause) in order.iter().zip(pauses) {
            world.perform(&Act::Change(*service, Lifecycle::Running, Health::Unhealthy));
            world.wait(pause);
        }
        world.wait(FOLLOW.0);
        let open = world.book.open();
        prop_assert_eq!(open.len(), 1);
        prop_assert_eq!(&open[0].service, &name(0));
        prop_assert_eq!(open[0].affected.len(), SERVICES - 1);
        prop_assert_eq!(world.kept.len(), 1, "the others are no alerts of their own");
        prop_assert_eq!(world.raised.len() as u32 - world.withdrawn, 1);
        for service in 0..SERVICES {
            world.perform(&Act::Change(service, Lifecycle::Running, Health::Healthy));
        }
        world.wait(10 * FOLLOW.0);
        prop_assert_eq!(world.kept.len(), 1);
        prop_assert!(world.book.open().is_empty());
    }
}
