//! The machine by itself: no clock, no process, no container.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod build;
mod cadence;

use super::*;
use crate::exit::Exit;
use crate::file::{Sources, load};
use crate::probe::{ProbeResult, ProbeRole, Verdict};
use crate::status::Health;
use std::path::Path;

/// A supervisor with its clock and everything that it has asked for.
struct Bench {
    supervisor: Supervisor,
    now: Tick,
    effects: Vec<Effect>,
}

impl Bench {
    fn new(services: &str) -> Self {
        Self::of(&plan(services))
    }

    fn of(plan: &Plan) -> Self {
        Self {
            supervisor: Supervisor::new(plan),
            now: Tick(0),
            effects: Vec::new(),
        }
    }

    fn on(&mut self, event: Event) -> &mut Self {
        self.effects = self.supervisor.on_event(event, self.now);
        self
    }

    fn up(&mut self) -> &mut Self {
        self.on(Event::Up { services: vec![] })
    }

    fn restart(&mut self, service: &str) -> &mut Self {
        self.on(Event::Restart {
            service: service.into(),
        })
    }

    fn stop(&mut self, service: &str) -> &mut Self {
        self.on(Event::Stop {
            service: service.into(),
        })
    }

    /// A report of the current start.
    fn report(&mut self, service: &str, report: Report) -> &mut Self {
        let generation = self.supervisor.service(service).unwrap().generation;
        self.on(Event::Reported {
            service: service.into(),
            generation,
            report,
        })
    }

    fn launched(&mut self, service: &str) -> &mut Self {
        self.report(service, Report::Launched)
    }

    fn exits(&mut self, service: &str, code: i32) -> &mut Self {
        self.report(service, Report::Exited(Exit::with_code(code)))
    }

    fn probed(&mut self, service: &str, role: ProbeRole, verdict: Verdict) -> &mut Self {
        let result = ProbeResult {
            verdict,
            latency_us: 1,
            text: "answer".into(),
            details: Default::default(),
        };
        self.report(service, Report::Probed { role, result })
    }

    fn after(&mut self, ms: u64) -> &mut Self {
        self.now.0 += ms;
        self.on(Event::Tick)
    }

    fn lifecycle(&self, service: &str) -> Lifecycle {
        self.supervisor.service(service).unwrap().lifecycle
    }

    fn status(&self, service: &str) -> Status {
        self.supervisor.service(service).unwrap().status()
    }

    /// Services that the last event has launched.
    fn launches(&self) -> Vec<&str> {
        self.effects
            .iter()
            .filter_map(|e| {
                if let Effect::Launch { service, .. } = e {
                    Some(service.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Services that the last event has asked to stop.
    fn stops(&self) -> Vec<&str> {
        self.effects
            .iter()
            .filter_map(|e| {
                if let Effect::Stop { service, .. } = e {
                    Some(service.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Probes that the last event has asked for.
    fn probes(&self) -> Vec<(&str, ProbeRole)> {
        self.effects
            .iter()
            .filter_map(|e| {
                if let Effect::Probe { service, role, .. } = e {
                    Some((service.as_str(), *role))
                } else {
                    None
                }
            })
            .collect()
    }
}

/// The plan of these services.
fn plan(services: &str) -> Plan {
    let text = format!("services:\n{services}");
    let read = |_: &Path| Ok(text.clone().into_bytes());
    let sources = Sources {
        variables: &Default::default(),
        profiles: &Default::default(),
        read: &read,
    };
    let loaded = load(Path::new("/project/benchtop.yaml"), &sources);
    loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

const CHAIN: &str = "
  db: { process: db, endpoints: { tcp: auto }, probes: { ready: { tcp: true } } }
  api: { process: api, depends_on: { db: { condition: service_healthy } } }
  web: { process: web, depends_on: { api: { condition: service_started } } }
";

#[test]
fn each_service_starts_the_moment_its_own_conditions_hold() {
    let mut bench = Bench::new(CHAIN);
    assert_eq!(bench.up().launches(), ["db"]);
    assert_eq!(
        bench.launched("db").launches(),
        [""; 0],
        "running is not healthy"
    );
    assert_eq!(
        bench
            .probed("db", ProbeRole::Ready, Verdict::Pass)
            .launches(),
        ["api"]
    );
    assert_eq!(
        bench.launched("api").launches(),
        ["web"],
        "started is enough for web"
    );
    assert!(!bench.supervisor.is_settled());
    bench.launched("web");
    assert_eq!(bench.status("web"), Status::Starting, "it may end at once");
    bench.after(500);
    assert!(bench.supervisor.is_settled());
    assert_eq!(bench.supervisor.status(), Status::Healthy);
}

#[test]
fn what_waits_says_for_what_and_why_that_is_not_there() {
    let mut bench = Bench::new(CHAIN);
    bench.up().launched("db").exits("db", 3);
    assert_eq!(
        bench.supervisor.reason("api").unwrap(),
        "waits for db to be healthy; it is Unhealthy because exited with code 3"
    );
    assert!(
        bench.supervisor.is_settled(),
        "nothing goes on by itself from here"
    );
}

#[test]
fn everything_stops_dependants_first() {
    let mut bench = Bench::new(CHAIN);
    bench
        .up()
        .launched("db")
        .probed("db", ProbeRole::Ready, Verdict::Pass)
        .launched("api")
        .launched("web");
    assert_eq!(bench.on(Event::Down).stops(), ["web"]);
    assert_eq!(bench.exits("web", 0).stops(), ["api"]);
    assert_eq!(bench.exits("api", 0).stops(), ["db"]);
    bench.exits("db", 143);
    assert!(bench.supervisor.is_idle());
    assert_eq!(bench.supervisor.status(), Status::Stopped);
}

#[test]
fn a_restart_touches_nothing_else() {
    let mut bench = Bench::new(CHAIN);
    bench
        .up()
        .launched("db")
        .probed("db", ProbeRole::Ready, Verdict::Pass)
        .launched("api")
        .launched("web");
    assert_eq!(bench.restart("api").stops(), ["api"]);
    assert_eq!(bench.exits("api", 143).launches(), ["api"]);
    assert_eq!(bench.supervisor.service("api").unwrap().generation, 2);
    assert_eq!(bench.supervisor.service("web").unwrap().generation, 1);
    assert_eq!(
        bench.supervisor.service("api").unwrap().restarts,
        0,
        "one by hand does not count"
    );
}

#[test]
fn dependants_follow_a_restart_only_where_they_ask_to() {
    let mut bench = Bench::new(
        "
  db: { process: db }
  api: { process: api, depends_on: { db: { condition: service_started, restart: true } } }
  web: { process: web, depends_on: [db] }
",
    );
    bench.up().launched("db").launched("api").launched("web");
    assert_eq!(bench.restart("db").stops(), ["db", "api"]);
}

#[test]
fn a_late_report_of_an_older_start_is_ignored() {
    let mut bench = Bench::new("  a: { process: a }");
    bench
        .up()
        .launched("a")
        .restart("a")
        .exits("a", 0)
        .launched("a");
    bench.on(Event::Reported {
        service: "a".into(),
        generation: 1,
        report: Report::Exited(Exit::with_code(1)),
    });
    assert_eq!(bench.lifecycle("a"), Lifecycle::Running);
}

#[test]
fn a_stop_cancels_waits_and_backoff() {
    let mut bench = Bench::new(CHAIN);
    bench.up().stop("api");
    assert_eq!(bench.lifecycle("api"), Lifecycle::Stopped);
    let mut bench = Bench::new("  a: { process: a, restart: always }");
    bench.up().launched("a").exits("a", 1);
    assert_eq!(bench.lifecycle("a"), Lifecycle::Backoff);
    bench.stop("a");
    assert_eq!(bench.after(120_000).launches(), [""; 0]);
}

#[test]
fn a_stop_during_a_launch_ends_it() {
    let mut bench = Bench::new("  a: { process: a }");
    assert_eq!(bench.up().stop("a").stops(), ["a"]);
    bench.launched("a");
    assert_eq!(
        bench.lifecycle("a"),
        Lifecycle::Stopping,
        "it came up nevertheless, and is being stopped"
    );
    bench.exits("a", 143);
    assert_eq!(bench.lifecycle("a"), Lifecycle::Stopped);
}

#[test]
fn row_6_a_crash_is_followed_by_longer_and_longer_waits_and_then_by_a_crash_loop() {
    let mut bench = Bench::new("  a: { process: a, restart: on-failure }");
    bench.up();
    for seconds in [1, 2, 4, 8, 16] {
        bench.launched("a").exits("a", 1);
        assert_eq!(bench.after(seconds * 1000 - 1).launches(), [""; 0]);
        assert_eq!(
            bench.after(seconds * 200 + 1).launches(),
            ["a"],
            "after {seconds} s and jitter"
        );
    }
    bench.launched("a").exits("a", 1);
    assert_eq!(bench.lifecycle("a"), Lifecycle::Failed);
    assert!(bench.supervisor.reason("a").unwrap().contains("crash loop"));
    assert_eq!(
        bench
            .on(Event::Start {
                service: "a".into(),
                with_dependencies: false
            })
            .launches(),
        ["a"],
        "by hand it starts anew"
    );
}

#[test]
fn the_number_of_restarts_can_be_limited() {
    let mut bench = Bench::new("  a: { process: a, restart: \"on-failure:1\" }");
    bench
        .up()
        .launched("a")
        .exits("a", 1)
        .after(5000)
        .launched("a")
        .exits("a", 1);
    assert_eq!(bench.lifecycle("a"), Lifecycle::Failed);
    assert!(
        bench
            .supervisor
            .reason("a")
            .unwrap()
            .contains("gave up after 1 restarts")
    );
}

#[test]
fn success_completes_and_lets_dependants_start() {
    let mut bench = Bench::new(
        "
  migrate: { process: migrate }
  api: { process: api, depends_on: { migrate: { condition: service_completed_successfully } } }
",
    );
    assert_eq!(bench.up().launches(), ["migrate"]);
    assert_eq!(
        bench.launched("migrate").exits("migrate", 0).launches(),
        ["api"]
    );
    assert_eq!(bench.status("migrate"), Status::Stopped);
}

#[test]
fn the_startup_probe_gates_the_others() {
    let mut bench = Bench::new(
        "
  a:
    process: a
    endpoints: { http: auto }
    probes: { startup: { http: /s }, live: { http: /l }, ready: { http: /r } }
",
    );
    bench.up();
    assert_eq!(bench.launched("a").probes(), [("a", ProbeRole::Startup)]);
    assert_eq!(bench.status("a"), Status::Starting);
    let next = bench.probed("a", ProbeRole::Startup, Verdict::Pass);
    assert_eq!(
        next.probes(),
        [("a", ProbeRole::Live), ("a", ProbeRole::Ready)]
    );
    bench.probed("a", ProbeRole::Live, Verdict::Pass);
    assert_eq!(bench.status("a"), Status::Starting);
    bench.probed("a", ProbeRole::Ready, Verdict::Pass);
    assert_eq!(bench.status("a"), Status::Healthy);
}

const READY: &str =
    "  a: { process: a, endpoints: { http: auto }, probes: { ready: { http: /r } } }";

#[test]
fn readiness_falls_after_its_threshold_and_rises_at_once() {
    let mut bench = Bench::new(READY);
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Ready, Verdict::Pass);
    bench
        .probed("a", ProbeRole::Ready, Verdict::Fail)
        .probed("a", ProbeRole::Ready, Verdict::Fail);
    assert_eq!(bench.status("a"), Status::Healthy, "two of three");
    bench.probed("a", ProbeRole::Ready, Verdict::Fail);
    assert_eq!(bench.status("a"), Status::Degraded);
    assert_eq!(
        bench.supervisor.reason("a").unwrap(),
        "ready probe fails: answer"
    );
    bench.probed("a", ProbeRole::Ready, Verdict::Pass);
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn a_service_that_calls_itself_degraded_is() {
    let mut bench = Bench::new(READY);
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Ready, Verdict::Warn);
    assert_eq!(bench.status("a"), Status::Degraded);
}

#[test]
fn a_start_that_ended_degraded_is_not_held_against_the_service_for_ever() {
    let mut bench = Bench::new(
        "  a: { process: a, endpoints: { http: auto }, probes: { startup: { http: /s }, ready: { http: /r } } }",
    );
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Startup, Verdict::Warn)
        .probed("a", ProbeRole::Ready, Verdict::Pass);
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn an_instance_that_is_never_ready_is_degraded_after_a_minute() {
    let mut bench = Bench::new(READY);
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Ready, Verdict::Fail);
    assert_eq!(bench.after(59_000).status("a"), Status::Starting);
    bench.after(1_001);
    assert_eq!(bench.status("a"), Status::Degraded);
    assert!(bench.supervisor.is_settled());
}

#[test]
fn an_instance_that_does_not_answer_is_restarted_where_the_policy_says_so() {
    let live = |policy: &str| {
        format!(
            "  a: {{ process: a, restart: {policy}, endpoints: {{ http: auto }}, probes: {{ live: {{ tcp: true, failure_threshold: 1 }} }} }}"
        )
    };
    let mut bench = Bench::new(&live("always"));
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Live, Verdict::Pass);
    assert_eq!(
        bench.probed("a", ProbeRole::Live, Verdict::Fail).stops(),
        ["a"]
    );
    bench.exits("a", 143);
    assert_eq!(bench.lifecycle("a"), Lifecycle::Backoff);
    let mut bench = Bench::new(&live("\"no\""));
    bench
        .up()
        .launched("a")
        .probed("a", ProbeRole::Live, Verdict::Pass)
        .probed("a", ProbeRole::Live, Verdict::Fail);
    assert_eq!(
        (bench.lifecycle("a"), bench.status("a")),
        (Lifecycle::Running, Status::Unhealthy)
    );
}

#[test]
fn dependants_are_probed_when_a_dependency_ends() {
    let mut bench = Bench::new("
  db: { process: db }
  api: { process: api, depends_on: [db], endpoints: { http: auto }, probes: { ready: { http: /r } } }
");
    bench
        .up()
        .launched("db")
        .launched("api")
        .probed("api", ProbeRole::Ready, Verdict::Pass);
    assert_eq!(bench.exits("db", 1).probes(), [("api", ProbeRole::Ready)]);
}

fn restored(found: Found) -> Event {
    Event::Restored(vec![Restored {
        service: "a".into(),
        memory: Memory {
            generation: 7,
            wanted: true,
            health: Health::Healthy,
            restarts: 2,
            lifecycle: Lifecycle::Running,
            ..Memory::default()
        },
        found,
    }])
}

#[test]
fn an_adopted_instance_keeps_its_generation_and_its_health() {
    let mut bench = Bench::new(READY);
    bench.on(restored(Found::Running));
    assert_eq!(
        bench.status("a"),
        Status::Healthy,
        "a restart of the engine is no news"
    );
    assert_eq!(
        bench.probes(),
        [("a", ProbeRole::Ready)],
        "but it is looked at"
    );
    assert_eq!(bench.supervisor.service("a").unwrap().generation, 7);
    assert_eq!(bench.launches(), [""; 0]);
}

#[test]
fn what_ended_while_nobody_watched_is_treated_as_an_end() {
    let mut bench = Bench::new("  a: { process: a, restart: on-failure }");
    bench.on(restored(Found::Ended(Exit::unseen())));
    assert_eq!(bench.lifecycle("a"), Lifecycle::Backoff);
    let mut bench = Bench::new("  a: { process: a }");
    bench.on(restored(Found::Nothing {
        cause: Some("stopped by a restart of the machine".into()),
    }));
    assert_eq!(bench.lifecycle("a"), Lifecycle::Stopped);
    assert!(bench.supervisor.is_idle());
}

#[test]
fn an_intent_without_an_act_is_acted_upon() {
    let mut bench = Bench::new("  a: { process: a }");
    bench.on(restored(Found::Nothing { cause: None }));
    assert_eq!(bench.launches(), ["a"]);
    assert_eq!(bench.supervisor.service("a").unwrap().generation, 8);
}

#[test]
fn a_stop_of_what_has_failed_acknowledges_it() {
    let mut bench = Bench::new("  a: { process: a }");
    bench.up().report(
        "a",
        Report::LaunchFailed {
            cause: "port 1 is held".into(),
            retry: false,
        },
    );
    assert_eq!(bench.status("a"), Status::Unhealthy);
    bench.on(Event::Down);
    assert_eq!(bench.status("a"), Status::Stopped);
}
