//! One scene per rule, on a clock of its own.

use super::*;
use crate::status::{Health, Lifecycle, status};

/// A gateway needs the api, the api needs the database; a worker needs the database.
struct Scene {
    book: AlertBook,
    now: u64,
    told: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let direct = [
            ("gateway", set(&["api"])),
            ("api", set(&["db"])),
            ("worker", set(&["db"])),
            ("db", BTreeSet::new()),
        ];
        let direct = direct.map(|(name, needs)| (name.to_owned(), needs));
        let mut scene = Self {
            book: AlertBook::new(Needs::closed(direct.into())),
            now: 1_000,
            told: Vec::new(),
        };
        let now = scene.moment();
        scene.book.begin_run("r1", now);
        scene
    }

    /// Everything Healthy, a while ago.
    fn well() -> Self {
        let mut scene = Self::new();
        for name in ["db", "api", "worker", "gateway"] {
            scene.is(name, Lifecycle::Running, Health::Healthy);
        }
        scene.after(600);
        assert_eq!(scene.told, [""; 0]);
        scene
    }

    fn moment(&self) -> Moment {
        Moment {
            tick: Tick(self.now),
            wall: Timestamp(1_700_000_000_000 + i64::try_from(self.now).expect("small")),
        }
    }

    fn is(&mut self, service: &str, lifecycle: Lifecycle, health: Health) {
        let now = self.moment();
        let observed = Observed {
            service,
            lifecycle,
            status: status(lifecycle, health),
            cause: "because",
            at: now.wall,
        };
        let effects = self.book.observe(&observed, now);
        self.note(effects);
    }

    fn falls(&mut self, service: &str) {
        self.is(service, Lifecycle::Running, Health::Unhealthy);
    }

    fn recovers(&mut self, service: &str) {
        self.is(service, Lifecycle::Running, Health::Healthy);
    }

    /// Time passes, with ticks when they are due.
    fn after(&mut self, seconds: u64) {
        let end = self.now + seconds * 1000;
        while let Some(due) = self
            .book
            .next_deadline(self.moment())
            .filter(|d| d.0 <= end)
        {
            assert!(due.0 > self.now, "a deadline lies ahead");
            self.now = due.0;
            let effects = self.book.tick(self.moment());
            self.note(effects);
        }
        self.now = end;
        let effects = self.book.tick(self.moment());
        assert_eq!(effects, [], "what is due at a time is told as a deadline");
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let (word, alert) = match effect {
                Effect::Raised(alert) => ("raised", alert),
                Effect::Moved(alert) => ("moved", alert),
                Effect::Changed(_) => continue,
                Effect::Closed(alert) => ("closed", alert),
                Effect::Withdrawn(alert) => {
                    self.told.push(format!("withdrawn {}", alert.number));
                    continue;
                }
            };
            let ending = alert.ending.map(|ending| format!(" {ending:?}"));
            let ending = ending.unwrap_or_default();
            self.told
                .push(format!("{word} {} {}{ending}", alert.number, alert.service));
        }
    }

    fn affected(&self, service: &str) -> Vec<&str> {
        let alert = self.book.open().iter().find(|a| a.service == service);
        let affected = &alert.expect("an open alert").affected;
        affected.iter().map(String::as_str).collect()
    }
}

#[test]
fn a_service_that_needs_nobody_is_told_at_once_and_once() {
    let mut scene = Scene::well();
    scene.is("db", Lifecycle::Running, Health::Degraded);
    assert_eq!(scene.told, ["raised 1 db"]);
    scene.falls("db");
    scene.falls("db");
    scene.after(3600);
    assert_eq!(scene.told, ["raised 1 db"]);
    assert_eq!(scene.book.open()[0].status, Status::Unhealthy);
    scene.recovers("db");
    assert_eq!(scene.told[1..], ["closed 1 db Recovered"]);
    assert_eq!(scene.book.open(), []);
}

#[test]
fn a_dependency_that_fails_is_one_alert_that_names_its_dependants() {
    let mut scene = Scene::well();
    scene.falls("db");
    for name in ["api", "worker", "gateway"] {
        scene.after(20);
        scene.falls(name);
    }
    scene.after(3600);
    assert_eq!(scene.told, ["raised 1 db"]);
    assert_eq!(scene.affected("db"), ["api", "gateway", "worker"]);
    scene.recovers("db");
    for name in ["api", "worker", "gateway"] {
        scene.after(3);
        scene.recovers(name);
    }
    scene.after(3600);
    assert_eq!(scene.told[1..], ["closed 1 db Recovered"]);
}

#[test]
fn dependants_that_fall_first_hand_their_alert_over_to_the_cause() {
    let mut scene = Scene::well();
    scene.falls("gateway");
    scene.after(10);
    scene.falls("worker");
    scene.after(10);
    assert_eq!(scene.told, ["raised 1 gateway", "raised 2 worker"]);
    scene.falls("db");
    assert_eq!(scene.told[2..], ["moved 1 db", "withdrawn 2"]);
    assert_eq!(scene.affected("db"), ["gateway", "worker"]);
    assert_eq!(scene.book.open().len(), 1);
}

#[test]
fn a_dependant_that_falls_within_a_moment_of_its_cause_is_never_told_of() {
    let mut scene = Scene::well();
    scene.falls("api");
    scene.after(1);
    scene.falls("db");
    scene.after(60);
    assert_eq!(scene.told, ["raised 1 db"]);
}

#[test]
fn what_fell_long_before_has_a_cause_of_its_own() {
    let mut scene = Scene::well();
    scene.falls("api");
    scene.after(90);
    scene.falls("db");
    scene.after(60);
    assert_eq!(scene.told, ["raised 1 api", "raised 2 db"]);
    assert_eq!(scene.affected("db"), [""; 0]);
}

#[test]
fn a_victim_that_does_not_recover_with_its_cause_gets_an_alert_later() {
    let mut scene = Scene::well();
    scene.falls("db");
    scene.falls("api");
    scene.after(300);
    scene.recovers("db");
    scene.after(59);
    assert_eq!(scene.told, ["raised 1 db", "closed 1 db Recovered"]);
    scene.after(2);
    assert_eq!(scene.told[2..], ["raised 2 api"]);
}

#[test]
fn what_a_person_stops_restarts_or_rebuilds_is_no_alert_for_anybody() {
    let mut scene = Scene::well();
    scene.is("db", Lifecycle::Stopping, Health::Unknown);
    scene.after(1);
    scene.falls("api");
    scene.is("db", Lifecycle::Building, Health::Unknown);
    scene.after(300);
    scene.falls("worker");
    scene.is("db", Lifecycle::Starting, Health::Unknown);
    scene.after(20);
    scene.recovers("db");
    scene.after(3);
    scene.falls("gateway");
    scene.after(5);
    for name in ["api", "worker", "gateway"] {
        scene.recovers(name);
    }
    scene.is("db", Lifecycle::Stopped, Health::Unknown);
    scene.falls("api");
    scene.after(3600);
    assert_eq!(scene.told, [""; 0]);
}

#[test]
fn what_never_was_well_with_it_is_not_ill_because_it_is_stopped() {
    let mut scene = Scene::new();
    scene.is("db", Lifecycle::Stopped, Health::Unknown);
    scene.is("api", Lifecycle::Failed, Health::Unknown);
    scene.after(60);
    assert_eq!(scene.told, ["raised 1 api"]);
}

#[test]
fn a_crash_loop_is_one_alert_from_the_first_crash_to_the_end() {
    let mut scene = Scene::well();
    for _ in 0..6 {
        scene.is("db", Lifecycle::Backoff, Health::Unknown);
        scene.after(8);
        scene.is("db", Lifecycle::Starting, Health::Unknown);
        scene.is("db", Lifecycle::Running, Health::Unknown);
        scene.after(1);
    }
    scene.is("db", Lifecycle::Failed, Health::Unknown);
    assert_eq!(scene.told, ["raised 1 db"]);
    // A person restarts it.
    scene.is("db", Lifecycle::Starting, Health::Unknown);
    scene.recovers("db");
    assert_eq!(scene.told[1..], ["closed 1 db Recovered"]);
}

#[test]
fn what_falls_again_soon_is_the_same_alert() {
    let mut scene = Scene::well();
    for _ in 0..3 {
        scene.falls("db");
        scene.after(10);
        scene.recovers("db");
        scene.after(100);
    }
    scene.after(60);
    scene.falls("db");
    let numbers: Vec<&str> = scene
        .told
        .iter()
        .filter(|t| t.starts_with("raised"))
        .map(String::as_str)
        .collect();
    assert_eq!(
        numbers,
        ["raised 1 db", "raised 1 db", "raised 1 db", "raised 2 db"]
    );
}

#[test]
fn a_stop_closes_and_so_does_the_next_run() {
    let mut scene = Scene::well();
    scene.falls("db");
    scene.is("db", Lifecycle::Stopping, Health::Unknown);
    assert_eq!(
        scene.told,
        ["raised 1 db"],
        "a probe's restart stops it as well"
    );
    scene.is("db", Lifecycle::Stopped, Health::Unknown);
    scene.is("db", Lifecycle::Failed, Health::Unknown);
    let now = scene.moment();
    let effects = scene.book.begin_run("r2", now);
    scene.note(effects);
    assert_eq!(
        scene.told[1..],
        ["closed 1 db Stopped", "raised 2 db", "closed 2 db RunEnded"]
    );
}

#[test]
fn a_silent_service_raises_nothing_until_its_silence_ends() {
    let mut scene = Scene::well();
    let now = scene.moment();
    let silence = |until| Silence {
        service: "db".to_owned(),
        until,
        run: None,
    };
    let hour = Timestamp(now.wall.0 + 3_600_000);
    scene.book.silence("db", Some(silence(Some(hour))), now);
    scene.falls("db");
    scene.falls("api");
    scene.after(3599);
    assert_eq!(scene.told, [""; 0]);
    assert_eq!(scene.book.silences(scene.moment().wall).len(), 1);
    scene.after(2);
    assert_eq!(scene.told, ["raised 1 db"]);
    assert_eq!(scene.affected("db"), ["api"]);
    assert_eq!(scene.book.silences(scene.moment().wall), []);
    // One that is silenced while its alert is open stays in the list, and is told of when
    // it is over.
    let now = scene.moment();
    scene.book.silence("db", Some(silence(None)), now);
    scene.after(60);
    scene.recovers("db");
    assert_eq!(scene.told[1..], ["closed 1 db Recovered"]);
}

#[test]
fn victims_of_a_silent_service_are_taken_back() {
    let mut scene = Scene::well();
    let silence = Silence {
        service: "db".to_owned(),
        until: None,
        run: None,
    };
    let now = scene.moment();
    scene.book.silence("db", Some(silence), now);
    scene.falls("api");
    scene.after(10);
    scene.falls("db");
    scene.falls("worker");
    scene.after(600);
    assert_eq!(scene.told, ["raised 1 api", "withdrawn 1"]);
}

#[test]
fn the_next_engine_takes_an_open_alert_over() {
    let mut scene = Scene::well();
    scene.falls("db");
    scene.falls("api");
    let open = scene.book.open().to_vec();
    let mut next = Scene::new();
    let now = next.moment();
    next.book.resume("r1", 1, open, Vec::new(), now);
    // First what is well, then the frozen one, as it comes.
    next.recovers("gateway");
    next.after(10);
    next.falls("api");
    next.falls("db");
    next.after(300);
    assert_eq!(next.told, [""; 0]);
    assert_eq!(next.affected("db"), ["api"]);
    next.recovers("db");
    assert_eq!(next.told, ["closed 1 db Recovered"]);
    next.falls("worker");
    next.after(90);
    // The api has not recovered with it, and the worker has a cause of its own.
    assert_eq!(next.told[1..], ["raised 2 api", "raised 3 worker"]);
}

#[test]
fn in_a_circle_the_first_to_fall_is_to_blame() {
    let set = |name: &str| BTreeSet::from([name.to_owned()]);
    let direct = [("a".to_owned(), set("b")), ("b".to_owned(), set("a"))];
    let mut scene = Scene::new();
    let now = scene.moment();
    scene.book.redefine(Needs::closed(direct.into()), now);
    scene.falls("b");
    scene.after(1);
    scene.falls("a");
    scene.after(60);
    assert_eq!(scene.told, ["raised 1 b"]);
    assert_eq!(scene.affected("b"), ["a"]);
}

#[test]
fn what_waits_for_a_root_is_affected_by_it() {
    let mut scene = Scene::new();
    scene.is("api", Lifecycle::Waiting, Health::Unknown);
    scene.is("db", Lifecycle::Failed, Health::Unknown);
    assert_eq!(scene.told, ["raised 1 db"]);
    assert_eq!(scene.affected("db"), ["api"]);
}
