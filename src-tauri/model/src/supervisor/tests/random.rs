//! Random schedules against a fake runtime: whatever people, programs and late
//! answers do, the invariants of the design hold and everything settles.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One thing that happens, with `usize` choosing among what is possible.
#[derive(Clone, Debug)]
enum Act {
    Up,
    Down,
    Start(usize),
    Stop(usize),
    Restart(usize),
    /// A driver finishes what it was asked for, well or badly.
    Finish(usize, bool),
    /// A living instance ends by itself.
    Die(usize, bool),
    /// A report of an older start arrives late.
    Late(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Up),
        1 => Just(Act::Down),
        2 => any::<usize>().prop_map(Act::Start),
        2 => any::<usize>().prop_map(Act::Stop),
        2 => any::<usize>().prop_map(Act::Restart),
        12 => (any::<usize>(), any::<bool>()).prop_map(|(n, well)| Act::Finish(n, well)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(n, well)| Act::Die(n, well)),
        1 => any::<usize>().prop_map(Act::Late),
        4 => (0..40_000_u64).prop_map(Act::Wait),
    ]
}

const SERVICES: [&str; 4] = ["db", "api", "web", "job"];

static PLAN: LazyLock<Plan> = LazyLock::new(|| plan(SERVICE_TEXT));

const SERVICE_TEXT: &str = "
  db: { process: db, restart: always, endpoints: { tcp: auto }, probes: { ready: { tcp: true } } }
  api: { process: api, restart: on-failure, depends_on: { db: { condition: service_healthy, restart: true } } }
  web: { process: web, depends_on: [api], endpoints: { http: auto }, probes: { live: { tcp: true }, ready: { http: /r } } }
  job: { process: job, depends_on: { db: { condition: service_healthy } } }
";

/// The fake runtime: what was asked for and not yet answered, and what lives.
#[derive(Default)]
struct Fake {
    asked: Vec<Effect>,
    alive: BTreeMap<String, u64>,
}

impl Fake {
    fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Launch {
                service,
                generation,
            } = effect
            {
                // Invariant 1: never a second instance beside the first.
                assert!(
                    !self.alive.contains_key(service),
                    "{service} was launched while it lives"
                );
                let launching =
                    |e: &Effect| matches!(e, Effect::Launch { service: s, .. } if s == service);
                assert!(
                    !self.asked.iter().any(launching),
                    "{service} was launched twice at a time"
                );
                assert!(*generation > 0);
            }
            if !matches!(effect, Effect::Transition { .. } | Effect::Forget { .. }) {
                self.asked.push(effect.clone());
            }
        }
    }

    /// Answers one of the open effects.
    fn finish(&mut self, n: usize, well: bool) -> Option<Event> {
        if self.asked.is_empty() {
            return None;
        }
        let effect = self.asked.remove(n % self.asked.len());
        let (service, generation, report) = match effect {
            Effect::Launch {
                service,
                generation,
            } if well => {
                self.alive.insert(service.clone(), generation);
                (service, generation, Report::Launched)
            }
            Effect::Launch {
                service,
                generation,
            } => (
                service,
                generation,
                Report::LaunchFailed {
                    cause: "no".into(),
                    retry: n.is_multiple_of(2),
                },
            ),
            Effect::Stop {
                service,
                generation,
                signal,
                grace,
            } => {
                let launching = |e: &Effect| matches!(e, Effect::Launch { service: s, generation: g } if *s == service && *g == generation);
                if self.asked.iter().any(launching) {
                    // A driver ends a launch before it reports the end of it.
                    self.asked.push(Effect::Stop {
                        service,
                        generation,
                        signal,
                        grace,
                    });
                    return None;
                }
                self.alive
                    .retain(|name, alive| *name != service || *alive != generation);
                (service, generation, Report::Exited(Exit::with_code(143)))
            }
            Effect::Probe {
                service,
                generation,
                role,
            } => {
                let verdict = if well { Verdict::Pass } else { Verdict::Fail };
                let result = ProbeResult {
                    verdict,
                    latency_us: 1,
                    text: String::new(),
                    details: Default::default(),
                };
                (service, generation, Report::Probed { role, result })
            }
            _ => return None,
        };
        Some(Event::Reported {
            service,
            generation,
            report,
        })
    }

    fn die(&mut self, n: usize, well: bool) -> Option<Event> {
        let (service, generation) = self
            .alive
            .iter()
            .nth(n % self.alive.len().max(1))
            .map(|(s, g)| (s.clone(), *g))?;
        self.alive.remove(&service);
        // Its stop, if one was asked for, is answered by this same end.
        self.asked
            .retain(|e| !matches!(e, Effect::Stop { service: s, .. } if *s == service));
        Some(Event::Reported {
            service,
            generation,
            report: Report::Exited(Exit::with_code(i32::from(!well))),
        })
    }
}

fn event_of(act: &Act, bench: &mut Bench, fake: &mut Fake) -> Option<Event> {
    let name = |n: usize| SERVICES[n % SERVICES.len()].to_owned();
    match *act {
        Act::Up => Some(Event::Up { services: vec![] }),
        Act::Down => Some(Event::Down),
        Act::Start(n) => Some(Event::Start {
            service: name(n),
            with_dependencies: n.is_multiple_of(3),
        }),
        Act::Stop(n) => Some(Event::Stop { service: name(n) }),
        Act::Restart(n) => Some(Event::Restart { service: name(n) }),
        Act::Finish(n, well) => fake.finish(n, well),
        Act::Die(n, well) => fake.die(n, well),
        Act::Late(n) => {
            let generation = bench
                .supervisor
                .service(&name(n))?
                .generation
                .checked_sub(1)?;
            Some(Event::Reported {
                service: name(n),
                generation,
                report: Report::Exited(Exit::with_code(1)),
            })
        }
        Act::Wait(ms) => {
            bench.now.0 += ms;
            Some(Event::Tick)
        }
    }
}

fn step(bench: &mut Bench, fake: &mut Fake, event: Event) {
    bench.on(event);
    fake.take(&bench.effects);
    for (service, generation) in &fake.alive {
        let state = bench.supervisor.service(service).unwrap();
        // Invariant 2: what lives is known, as what it is.
        assert!(
            state.lifecycle.may_have_instance(),
            "{service} lives and is taken for {:?}",
            state.lifecycle
        );
        assert_eq!(state.generation, *generation);
    }
    if let Some(deadline) = bench.supervisor.next_deadline() {
        let probes_due =
            |s: &ServiceState| s.lifecycle == Lifecycle::Backoff && deadline <= bench.now;
        assert!(
            !bench.supervisor.services().any(probes_due),
            "a start that is due was left undone"
        );
    }
}

/// Answers everything well until nothing is open any more.
fn finish_all(bench: &mut Bench, fake: &mut Fake) {
    for _ in 0..400 {
        if fake.asked.is_empty() {
            // Time alone may have more to bring: an instance proves its life.
            bench.now.0 += 500;
            step(bench, fake, Event::Tick);
            if fake.asked.is_empty() {
                return;
            }
        }
        if let Some(event) = fake.finish(0, true) {
            step(bench, fake, event);
        }
    }
    panic!("it goes on for ever: {:?}", fake.asked);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_invariants_hold_and_it_settles(acts in prop::collection::vec(act(), 1..120)) {
        let (mut bench, mut fake) = (Bench::of(&PLAN), Fake::default());
        for act in &acts {
            if let Some(event) = event_of(act, &mut bench, &mut fake) {
                step(&mut bench, &mut fake, event);
            }
        }
        // However it went, a stop of everything leaves nothing behind.
        step(&mut bench, &mut fake, Event::Down);
        finish_all(&mut bench, &mut fake);
        prop_assert!(bench.supervisor.is_idle(), "{:?}", bench.supervisor);
        prop_assert!(fake.alive.is_empty());
        // And a start of everything brings everything up.
        step(&mut bench, &mut fake, Event::Up { services: vec![] });
        finish_all(&mut bench, &mut fake);
        prop_assert_eq!(bench.supervisor.status(), Status::Healthy);
    }
}

/// More with `BENCHTOP_SIMULATIONS=100000`.
fn cases() -> u32 {
    std::env::var("BENCHTOP_SIMULATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_000)
}
