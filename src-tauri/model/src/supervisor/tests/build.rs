//! Building, before starts and by hand.

use super::*;

/// A service that is built by a command, and what depends on it.
const BUILT: &str = "
  api: { process: api, build: make api }
  web: { process: web, depends_on: { api: { condition: service_started, restart: true } } }
";

/// The same, built while the old instance goes on.
const BUILD_FIRST: &str = "
  api: { process: api, build: { command: make api, strategy: build-first } }
";

impl Bench {
    fn rebuild(&mut self, service: &str) -> &mut Self {
        self.on(Event::Rebuild {
            service: service.into(),
            cause: "rebuild requested".into(),
        })
    }

    /// Answers the build of this number.
    fn built(&mut self, service: &str, build: u64, outcome: BuildOutcome) -> &mut Self {
        self.on(Event::Built {
            service: service.into(),
            build,
            outcome,
        })
    }

    fn done(&mut self, service: &str, build: u64) -> &mut Self {
        self.built(service, build, BuildOutcome::Done)
    }

    fn builds(&self) -> Vec<(&str, u64)> {
        let build = |effect: &'_ Effect| match effect {
            Effect::Build { build, .. } => Some(*build),
            _ => None,
        };
        let of = |effect| Some((service_of(effect)?, build(effect)?));
        self.effects.iter().filter_map(of).collect()
    }

    fn cancelled(&self) -> Vec<&str> {
        let cancels = |effect: &&Effect| matches!(effect, Effect::CancelBuild { .. });
        self.effects
            .iter()
            .filter(cancels)
            .filter_map(service_of)
            .collect()
    }

    fn reason(&self, service: &str) -> String {
        self.supervisor.reason(service).unwrap_or_default()
    }
}

fn service_of(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Build { service, .. } | Effect::CancelBuild { service, .. } => Some(service),
        _ => None,
    }
}

fn failed(cause: &str) -> BuildOutcome {
    BuildOutcome::Failed {
        cause: cause.into(),
    }
}

#[test]
fn what_is_built_is_built_before_its_first_start() {
    let mut bench = Bench::new("  api: { process: api, build: make api }");
    assert_eq!(bench.up().builds(), [("api", 1)]);
    assert_eq!(bench.lifecycle("api"), Lifecycle::Building);
    assert_eq!(bench.launches(), [""; 0]);
    assert_eq!(bench.done("api", 1).launches(), ["api"]);
    // A restart runs what was built, a start from rest what is written now.
    assert_eq!(bench.launched("api").restart("api").stops(), ["api"]);
    assert_eq!(bench.exits("api", 143).launches(), ["api"]);
    bench.launched("api").stop("api").exits("api", 143);
    assert_eq!(bench.up().builds(), [("api", 2)]);
}

#[test]
fn a_rebuild_ends_the_instance_then_builds_then_starts() {
    let mut bench = Bench::new(BUILT);
    bench.up().done("api", 1).launched("api").launched("web");
    assert_eq!(bench.rebuild("api").stops(), ["api", "web"]);
    assert_eq!(bench.builds(), [], "its files are in use still");
    assert_eq!(bench.exits("api", 143).builds(), [("api", 2)]);
    assert_eq!(bench.done("api", 2).launches(), ["api"]);
    assert_eq!(bench.supervisor.service("api").unwrap().generation, 2);
    assert_eq!(bench.supervisor.service("api").unwrap().restarts, 0);
}

#[test]
fn with_build_first_the_old_instance_goes_on_until_the_build_has_succeeded() {
    let mut bench = Bench::new(BUILD_FIRST);
    bench.up().done("api", 1).launched("api").after(5000);
    assert_eq!(bench.rebuild("api").builds(), [("api", 2)]);
    assert_eq!(bench.stops(), [""; 0]);
    assert!(!bench.supervisor.is_settled());
    bench.built("api", 2, failed("build exited with code 1: error CS1002"));
    assert_eq!(bench.status("api"), Status::Healthy);
    assert_eq!(
        bench.reason("api"),
        "build exited with code 1: error CS1002; the instance from before it goes on"
    );
    assert_eq!(bench.rebuild("api").builds(), [("api", 3)]);
    assert_eq!(bench.done("api", 3).stops(), ["api"]);
    assert_eq!(bench.exits("api", 143).launches(), ["api"]);
}

#[test]
fn a_build_that_fails_is_the_cause_and_a_start_builds_again() {
    let mut bench = Bench::new(BUILT);
    bench
        .up()
        .built("api", 1, failed("build exited with code 2"));
    assert_eq!(bench.status("api"), Status::Unhealthy);
    assert_eq!(bench.reason("api"), "build exited with code 2");
    assert!(bench.reason("web").contains("build exited with code 2"));
    assert!(bench.supervisor.is_settled());
    assert_eq!(bench.up().builds(), [("api", 2)]);
}

#[test]
fn a_stop_ends_a_build_and_is_over_when_nothing_of_it_is_left() {
    let mut bench = Bench::new(BUILT);
    bench.up();
    bench.on(Event::Down);
    assert_eq!(bench.cancelled(), ["api"]);
    assert!(!bench.supervisor.is_idle());
    bench.built("api", 1, BuildOutcome::Cancelled);
    assert_eq!(bench.lifecycle("api"), Lifecycle::Stopped);
    assert!(bench.supervisor.is_idle());
}

#[test]
fn a_start_while_a_build_is_being_ended_builds_once_more() {
    let mut bench = Bench::new(BUILT);
    bench.up().stop("api").up();
    assert_eq!(bench.builds(), [], "the first one still has files open");
    assert_eq!(
        bench.built("api", 1, BuildOutcome::Cancelled).builds(),
        [("api", 2)]
    );
    assert_eq!(bench.done("api", 2).launches(), ["api"]);
}

#[test]
fn a_rebuild_during_a_build_begins_it_anew() {
    let mut bench = Bench::new(BUILT);
    bench.up();
    assert_eq!(bench.rebuild("api").cancelled(), ["api"]);
    // It may have been too late to end it.
    assert_eq!(bench.done("api", 1).builds(), [("api", 2)]);
}

#[test]
fn builds_take_turns() {
    let mut bench = Bench::new(
        "
  a: { process: a, build: a }
  b: { process: b, build: b }
  c: { process: c, build: c }
  d: { process: d, build: d }
",
    );
    bench.rebuild("d").rebuild("c").rebuild("a").rebuild("b");
    assert_eq!(bench.reason("a"), "waits for other builds to end");
    assert_eq!(bench.done("c", 1).builds(), [("a", 1)]);
    assert_eq!(bench.done("d", 1).builds(), [("b", 1)]);
}

#[test]
fn calling_off_leaves_up_what_is_up() {
    let mut bench = Bench::new(BUILD_FIRST);
    bench.up().done("api", 1).launched("api").after(5000);
    bench.rebuild("api");
    bench.on(Event::Cancel {
        service: "api".into(),
    });
    assert_eq!(bench.cancelled(), ["api"]);
    bench.built("api", 2, BuildOutcome::Cancelled);
    assert_eq!(bench.lifecycle("api"), Lifecycle::Running);
    assert!(bench.supervisor.is_settled());
}

#[test]
fn an_instance_that_dies_during_a_build_does_not_end_the_build() {
    let mut bench = Bench::new(BUILD_FIRST);
    bench.up().done("api", 1).launched("api").rebuild("api");
    bench.exits("api", 1);
    assert_eq!(bench.lifecycle("api"), Lifecycle::Building);
    assert_eq!(bench.done("api", 2).launches(), ["api"]);
}

#[test]
fn what_has_nothing_to_build_is_restarted() {
    let mut bench = Bench::new("  a: { process: a }");
    bench.up().launched("a");
    assert_eq!(bench.rebuild("a").stops(), ["a"]);
    assert_eq!(bench.exits("a", 143).launches(), ["a"]);
}

#[test]
fn a_build_that_an_engine_left_unfinished_is_done_by_the_next() {
    let memory = Memory {
        wanted: true,
        generation: 3,
        lifecycle: Lifecycle::Building,
        build_pending: true,
        ..Memory::default()
    };
    let restored = |found| {
        Event::Restored(vec![Restored {
            service: "api".into(),
            memory: memory.clone(),
            found,
        }])
    };
    let mut bench = Bench::new(BUILT);
    let ended = Found::Ended(Exit::with_code(143));
    assert_eq!(bench.on(restored(ended)).builds(), [("api", 1)]);
    // It died between the intent to stop and the stop.
    let mut bench = Bench::new(BUILT);
    assert_eq!(bench.on(restored(Found::Running)).stops(), ["api"]);
    assert_eq!(bench.exits("api", 143).builds(), [("api", 1)]);
}
