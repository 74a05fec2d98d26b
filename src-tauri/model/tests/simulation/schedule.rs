//! What happens in which order: all of it from one number.

use crate::random::Random;
use crate::world::World;
use benchtop_model::file::{Sources, load};
use benchtop_model::plan::Plan;
use benchtop_model::status::{Lifecycle, Status};
use benchtop_model::supervisor::Event;
use benchtop_model::time::Millis;
use std::path::Path;
use std::sync::LazyLock;

/// Definitions that follow each other: services come, change and go.
static PLANS: LazyLock<[Plan; 3]> = LazyLock::new(|| {
    [
        plan(
            "
  db: { process: db, restart: always, endpoints: { tcp: auto }, probes: { ready: { tcp: true } } }
  api: { process: api, build: make api, restart: on-failure, depends_on: { db: { condition: service_healthy, restart: true } } }
  web: { process: web, depends_on: [api], endpoints: { http: auto }, probes: { live: { tcp: true }, ready: { http: /r } } }
  job: { process: job, build: { command: make job, strategy: build-first }, depends_on: { db: { condition: service_healthy } } }
  end: { process: end, build: make end, depends_on: { job: { condition: service_started, required: false } } }
",
        ),
        plan(
            "
  db: { process: db, restart: always, endpoints: { tcp: auto }, probes: { ready: { tcp: true } } }
  api: { process: api --new, build: make api, restart: on-failure:2, depends_on: { db: { condition: service_healthy } } }
  job: { process: job, depends_on: { db: { condition: service_healthy } } }
  more: { process: more, depends_on: [api] }
",
        ),
        plan("  web: { process: web }\n  api: { external: true, endpoints: { http: 1 } }\n"),
    ]
});

fn plan(services: &str) -> Plan {
    let text = format!("services:\n{services}");
    let sources = Sources {
        variables: &Default::default(),
        profiles: &Default::default(),
        read: &|path: &Path| match path.ends_with("benchtop.yaml") {
            true => Ok(text.clone().into_bytes()),
            false => Err(std::io::ErrorKind::NotFound.into()),
        },
    };
    let loaded = load(Path::new("/shop/benchtop.yaml"), &sources);
    let problems = loaded.problems;
    loaded.plan.unwrap_or_else(|| panic!("{problems:?}"))
}

/// One schedule.
pub(crate) struct Schedule {
    world: World,
    plan: usize,
}

impl Schedule {
    pub(crate) fn new(seed: u64, tell: bool) -> Self {
        let world = World::new(PLANS[0].clone(), Random::new(seed), tell);
        Self { world, plan: 0 }
    }

    /// So many random steps, and then: everything settles; all can be stopped
    /// without a trace; all can be started.
    pub(crate) fn run(mut self, steps: u64) {
        for _ in 0..steps {
            self.step();
        }
        self.world.spare();
        self.settle();
        assert!(self.world.supervisor.is_settled(), "it does not settle");
        self.world.on(Event::Down);
        self.settle();
        assert!(self.world.supervisor.is_idle(), "it does not end");
        assert_eq!(self.world.fake.living().next(), None, "something was left");
        assert!(self.world.fake.builds.is_empty(), "a build was left");
        self.world.on(Event::Up { services: vec![] });
        self.settle();
        let well =
            |lifecycle, status| lifecycle == Lifecycle::Completed || status == Status::Healthy;
        for state in self.world.supervisor.services() {
            assert!(
                well(state.lifecycle, state.status()),
                "{} does not come up again, but is {:?}",
                state.spec.name,
                state.lifecycle
            );
        }
    }

    fn step(&mut self) {
        let choice = self.world.random.below(100);
        match choice {
            0..24 => {
                let well = !self.world.random.one_in(4);
                let World { fake, random, .. } = &mut self.world;
                fake.work(random, well);
            }
            24..58 => {
                let World { fake, random, .. } = &mut self.world;
                if let Some(event) = fake.hear(random) {
                    self.world.on(event);
                }
            }
            58..66 => {
                let World { fake, random, .. } = &mut self.world;
                fake.die(random);
            }
            66..68 => self.world.fake.lose(),
            68..72 => self.world.kill_soon(),
            72..80 => {
                self.world.now.0 += self.world.random.below(40_000);
                self.world.on(Event::Tick);
            }
            80..82 => {
                self.plan = self.world.random.index(PLANS.len());
                let plan = Box::new(PLANS[self.plan].clone());
                let apply = self.world.random.one_in(2);
                self.world.on(match apply {
                    true => Event::Apply(plan),
                    false => Event::Replan(plan),
                });
            }
            _ => self.command(),
        }
    }

    /// A person wants something.
    fn command(&mut self) {
        let random = &mut self.world.random;
        let names: Vec<String> = PLANS[self.plan].services.keys().cloned().collect();
        let service = names[random.index(names.len())].clone();
        let event = match random.below(12) {
            0 | 1 => Event::Up { services: vec![] },
            2 => Event::Up {
                services: vec![service],
            },
            3 => Event::Down,
            4 => Event::Start {
                service,
                with_dependencies: random.one_in(2),
            },
            5 | 6 => Event::Stop { service },
            7 | 8 => Event::Restart { service },
            9 | 10 => Event::Rebuild {
                service,
                cause: "rebuild requested".into(),
            },
            _ => Event::Cancel { service },
        };
        self.world.on(event);
    }

    /// From here on everything goes well: all is answered, nothing dies.
    fn settle(&mut self) {
        // What the stream of events had lost is looked at anew.
        self.world.fake.lose();
        for _ in 0..3000 {
            let World { fake, random, .. } = &mut self.world;
            if let Some(event) = (!fake.news.is_empty()).then(|| fake.news.remove(0)) {
                self.world.on(event);
            } else if fake.has_work() {
                fake.work(random, true);
            } else if self.is_quiet() {
                return;
            } else {
                let next = self.world.supervisor.next_deadline();
                let now = self.world.now;
                let usual = now.after(Millis(500));
                self.world.now = next.filter(|next| *next > now).unwrap_or(usual);
                self.world.on(Event::Tick);
            }
        }
        panic!("it goes on for ever");
    }

    fn is_quiet(&self) -> bool {
        let supervisor = &self.world.supervisor;
        supervisor.is_settled() || supervisor.is_idle()
    }
}
