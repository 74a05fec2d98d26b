//! What is written comes back as meant, whether the file is on disk or in memory.

mod kit;

use benchtop_model::exit::Exit;
use benchtop_model::probe::ProbeRole;
use benchtop_model::status::{Health, Lifecycle};
use benchtop_model::time::Millis;
use benchtop_store::History;
use benchtop_store::history::Losses;
use benchtop_store::row::{Annotation, Run, RunResult};
use kit::*;

/// A history in memory with run `r1`, started at 1000.
fn with_run() -> History {
    let history = History::in_memory();
    history.run_started(new_run("r1", 1000));
    history
}

fn run(history: &History, id: &str) -> Run {
    assert!(history.flush());
    history.run(id).expect("readable").expect("known")
}

#[test]
fn a_run_comes_back_as_it_was_started() {
    let history = with_run();
    let expected = Run {
        id: "r1".to_owned(),
        environment: "/shop".to_owned(),
        name: "shop".to_owned(),
        project_dir: "/shop".to_owned(),
        started: at(1000),
        ended: None,
        result: RunResult::Running,
        services: 3,
        restarts: 0,
        time_to_ready: None,
        git_commit: Some("abc1234".to_owned()),
        git_dirty: true,
        host: Some(host()),
        imported: None,
        annotation: Annotation::default(),
    };
    assert_eq!(run(&history, "r1"), expected);
    assert_eq!(
        history.definition("r1").unwrap().unwrap(),
        r#"{"name":"shop"}"#
    );
    assert_eq!(history.run("r2").unwrap(), None);
}

#[test]
fn a_run_without_trouble_ends_clean_and_one_with_trouble_does_not() {
    let history = with_run();
    history.run_started(new_run("r2", 2000));
    history.transition(transition("r1", 1100, Lifecycle::Running, Health::Healthy));
    history.transition(transition(
        "r2",
        2100,
        Lifecycle::Running,
        Health::Unhealthy,
    ));
    history.transition(transition("r2", 2200, Lifecycle::Running, Health::Healthy));
    history.run_ended("r1", at(1500));
    history.run_ended("r2", at(2500));
    assert_eq!(run(&history, "r1").result, RunResult::Clean);
    assert_eq!(run(&history, "r2").result, RunResult::Troubled);
    assert_eq!(run(&history, "r2").ended, Some(at(2500)));
}

#[test]
fn what_is_said_of_a_run_replaces_what_was_said_and_survives_its_repetition() {
    let history = with_run();
    let said = |label: &str, pinned| Annotation {
        label: Some(label.to_owned()),
        note: Some("größer".to_owned()),
        tags: vec!["slow".to_owned(), "a, \"b\"".to_owned()],
        pinned,
    };
    history.annotate("r1", said("first", false));
    history.annotate("r1", said("second", true));
    history.run_started(new_run("r1", 1000));
    assert_eq!(run(&history, "r1").annotation, said("second", true));
    assert_eq!(history.pinned().unwrap(), ["r1"]);
    history.annotate("r1", Annotation::default());
    assert_eq!(run(&history, "r1").annotation, Annotation::default());
    assert_eq!(history.pinned().unwrap(), [""; 0]);
    history.annotate("nobody", said("x", true));
    assert!(history.flush());
    assert_eq!(history.losses().refused, 1);
}

#[test]
fn only_the_first_readiness_counts() {
    let history = with_run();
    history.run_ready("r1", at(1700));
    history.run_ready("r1", at(9000));
    assert_eq!(run(&history, "r1").time_to_ready, Some(Millis(700)));
}

#[test]
fn a_clock_set_back_makes_no_negative_span() {
    let history = with_run();
    history.run_ready("r1", at(10));
    assert_eq!(run(&history, "r1").time_to_ready, Some(Millis(0)));
}

#[test]
fn runs_that_nobody_goes_on_with_are_interrupted() {
    let history = with_run();
    for (id, started) in [("r2", 2000), ("r3", 3000)] {
        history.run_started(new_run(id, started));
    }
    history.run_ended("r1", at(1500));
    history.interrupt_runs(&["r3".to_owned()]);
    assert_eq!(run(&history, "r1").result, RunResult::Clean);
    assert_eq!(run(&history, "r2").result, RunResult::Interrupted);
    assert_eq!(run(&history, "r3").result, RunResult::Running);

    // Somebody goes on with it after all.
    history.run_started(new_run("r2", 2000));
    assert_eq!(run(&history, "r2").result, RunResult::Running);
}

#[test]
fn entering_backoff_is_a_restart_and_staying_there_is_none() {
    let history = with_run();
    let backoff = transition("r1", 1100, Lifecycle::Backoff, Health::Unknown);
    history.transition(backoff.clone());
    // The same report again, as after a crash of the engine.
    history.transition(backoff.clone());
    let mut still = backoff;
    still.at = at(1150);
    history.transition(still);
    assert_eq!(run(&history, "r1").restarts, 1);

    history.transition(transition("r1", 1200, Lifecycle::Running, Health::Healthy));
    history.transition(transition("r1", 1300, Lifecycle::Backoff, Health::Unknown));
    assert_eq!(run(&history, "r1").restarts, 2);
    assert_eq!(history.transitions("r1").unwrap().len(), 4);
}

#[test]
fn transitions_of_a_run_come_in_order_and_those_of_a_service_newest_first() {
    let history = with_run();
    history.run_started(new_run("r2", 2000));
    let first = transition("r1", 1100, Lifecycle::Starting, Health::Unknown);
    let second = transition("r1", 1200, Lifecycle::Running, Health::Degraded);
    let other = transition("r2", 2100, Lifecycle::Starting, Health::Unknown);
    for each in [&first, &second, &other] {
        history.transition(each.clone());
    }
    assert!(history.flush());
    assert_eq!(history.transitions("r1").unwrap(), [first, second.clone()]);
    assert_eq!(
        history.service_transitions("/shop", "api", 2).unwrap(),
        [other, second]
    );
    assert!(
        history
            .service_transitions("/other", "api", 2)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_transition_while_nothing_runs_is_not_kept_and_not_counted_as_lost() {
    let history = with_run();
    history.transition(transition("", 1100, Lifecycle::Stopped, Health::Unknown));
    assert!(history.flush());
    assert_eq!(history.losses(), Losses::default());
}

#[test]
fn what_belongs_to_no_run_is_refused_alone_and_counted() {
    let history = with_run();
    history.transition(transition("r9", 1100, Lifecycle::Starting, Health::Unknown));
    history.instance_started(instance("r9", 1, 1000));
    history.probe_result(probe("r9", 1100, "200 OK", 5));
    history.run_ended("r9", at(1));
    history.instance_ready("r1", "nobody", 1, at(1));
    history.transition(transition("r1", 1100, Lifecycle::Starting, Health::Unknown));
    assert!(history.flush());
    assert_eq!(
        history.losses(),
        Losses {
            refused: 5,
            ..Losses::default()
        }
    );
    assert_eq!(history.transitions("r1").unwrap().len(), 1);
}

#[test]
fn an_instance_is_kept_from_launch_to_exit() {
    let history = with_run();
    history.instance_started(instance("r1", 1, 1000));
    history.instance_ready("r1", "api", 1, at(1400));
    let exit = Exit {
        code: Some(137),
        signal: Some(9),
        oom: true,
        killed_after_grace: false,
    };
    history.instance_ended("r1", "api", 1, at(2000), exit.clone());
    history.instance_started(instance("r1", 2, 3000));
    assert!(history.flush());

    let all = history.instances("r1").unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].time_to_ready, Some(Millis(400)));
    assert_eq!((all[0].ended, &all[0].exit), (Some(at(2000)), &Some(exit)));
    assert_eq!(all[1].exit, None);
    let newest = history.service_instances("/shop", "api", 1).unwrap();
    assert_eq!(newest, all[1..]);
}

#[test]
fn a_repeated_launch_adds_the_identity_and_changes_nothing_else() {
    let history = with_run();
    let mut intent = instance("r1", 1, 1000);
    intent.identity = String::new();
    history.instance_started(intent);
    history.instance_ended("r1", "api", 1, at(2000), Exit::with_code(3));
    history.instance_started(instance("r1", 1, 1900));
    assert!(history.flush());
    let all = history.instances("r1").unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].identity.as_str(), all[0].started),
        ("4711", at(1000))
    );
    assert_eq!(all[0].exit, Some(Exit::with_code(3)));
}

#[test]
fn an_end_that_was_seen_replaces_one_that_was_not_and_stays() {
    let history = with_run();
    history.instance_started(instance("r1", 1, 1000));
    for (when, exit) in [
        (2000, Exit::unseen()),
        (2100, Exit::unseen()),
        (1900, Exit::with_code(1)),
        (2200, Exit::unseen()),
        (2300, Exit::with_code(0)),
    ] {
        history.instance_ended("r1", "api", 1, at(when), exit);
        assert!(history.flush());
        let found = history.instances("r1").unwrap().remove(0);
        let expected = match when {
            2000 | 2100 => (Some(at(2000)), Some(Exit::unseen())),
            _ => (Some(at(1900)), Some(Exit::with_code(1))),
        };
        assert_eq!((found.ended, found.exit), expected, "after {when}");
    }
    assert_eq!(history.losses(), Losses::default());
}

#[test]
fn equal_probe_answers_in_a_row_are_one_span() {
    let history = with_run();
    for (when, text, latency) in [
        (1100, "200 OK", 30),
        (1200, "200 OK", 10),
        (1300, "200 OK", 20),
        (1300, "200 OK", 20), // repeated
        (1400, "connection refused", 5),
        (1500, "200 OK", 40),
    ] {
        history.probe_result(probe("r1", when, text, latency));
    }
    assert!(history.flush());
    let spans = history
        .probe_history("/shop", "api", ProbeRole::Ready, at(0))
        .unwrap();
    let counts: Vec<_> = spans
        .iter()
        .map(|span| (span.text.as_str(), span.count))
        .collect();
    assert_eq!(
        counts,
        [("200 OK", 3), ("connection refused", 1), ("200 OK", 1)]
    );
    let first = &spans[0];
    assert_eq!((first.first, first.last), (at(1100), at(1300)));
    assert_eq!(
        (
            first.latency_min_us,
            first.latency_max_us,
            first.latency_sum_us
        ),
        (10, 30, 60)
    );
    assert_eq!(first.details["address"], "127.0.0.1 at 1300");

    let later = history
        .probe_history("/shop", "api", ProbeRole::Ready, at(1300))
        .unwrap();
    assert_eq!(
        later.len(),
        3,
        "a span that reaches into the time asked for belongs to it"
    );
    assert_eq!(
        history
            .probe_history("/shop", "api", ProbeRole::Live, at(0))
            .unwrap(),
        []
    );
}

#[test]
fn a_new_start_begins_a_new_span() {
    let history = with_run();
    history.probe_result(probe("r1", 1100, "200 OK", 1));
    let mut next = probe("r1", 1200, "200 OK", 1);
    next.generation = 2;
    history.probe_result(next);
    assert!(history.flush());
    assert_eq!(
        history
            .probe_history("/shop", "api", ProbeRole::Ready, at(0))
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_service_that_changes_all_the_time_keeps_a_bounded_past() {
    let history = with_run();
    for n in 0..2500 {
        history.probe_result(probe("r1", 1000 + n, &format!("answer {n}"), 1));
        if n % 500 == 0 {
            assert!(history.flush());
        }
    }
    for n in 0..5100 {
        let health = if n % 2 == 0 {
            Health::Healthy
        } else {
            Health::Unhealthy
        };
        history.transition(transition("r1", 1000 + n, Lifecycle::Running, health));
    }
    assert!(history.flush());
    let spans = history
        .probe_history("/shop", "api", ProbeRole::Ready, at(0))
        .unwrap();
    assert_eq!(
        (spans.len(), spans[1999].text.as_str()),
        (2000, "answer 2499")
    );
    let transitions = history.transitions("r1").unwrap();
    assert_eq!((transitions.len(), transitions[0].at), (5000, at(1100)));
    assert_eq!(history.losses(), Losses::default());
}

#[test]
fn environments_are_listed_by_last_use_and_can_be_forgotten() {
    let history = with_run();
    history.remember_environment(environment("/a"), at(1));
    history.remember_environment(environment("/b"), at(2));
    history.remember_environment(environment("/a"), at(3));
    assert!(history.flush());
    let known = history.environments().unwrap();
    let listed: Vec<_> = known
        .iter()
        .map(|one| (one.id.as_str(), one.last_opened.0))
        .collect();
    assert_eq!(listed, [("/a", 3), ("/b", 2)]);
    assert_eq!(known[0].file, "/a/benchtop.yaml");

    history.forget_environment("/a");
    history.forget_environment("/never-seen");
    assert!(history.flush());
    assert_eq!(history.environments().unwrap().len(), 1);
    assert_eq!(ids(&history), ["r1"], "runs stay");
}

#[test]
fn a_setting_is_replaced() {
    let history = History::in_memory();
    history.set_setting("theme", "dark");
    history.set_setting("theme", "light");
    assert!(history.flush());
    assert_eq!(history.setting("theme").unwrap().as_deref(), Some("light"));
    assert_eq!(history.setting("none").unwrap(), None);
}

#[test]
fn runs_are_listed_newest_first_by_environment_and_up_to_a_limit() {
    let history = with_run();
    let mut elsewhere = new_run("r2", 2000);
    elsewhere.environment = "/other".to_owned();
    history.run_started(elsewhere);
    history.run_started(new_run("r3", 3000));
    assert!(history.flush());
    assert_eq!(ids(&history), ["r3", "r2", "r1"]);
    let shop = history.runs(Some("/shop"), 1).unwrap();
    assert_eq!(
        shop.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(),
        ["r3"]
    );
}

#[test]
fn the_oldest_runs_go_when_there_are_more_than_five_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let history = open(&path);
    history.run_started(new_run("still-running", 1));
    for n in 0..530 {
        let id = format!("r{n:04}");
        history.run_started(new_run(&id, 1000 + n));
        history.instance_started(instance(&id, 1, 1000 + n));
        history.run_ended(&id, at(2000 + n));
    }
    let mut alone = new_run("other", 2);
    alone.environment = "/other".to_owned();
    history.run_started(alone);
    drop(history);
    // Only the run that goes on may be over the limit. Closing does not wait for
    // deletions; opening begins them anew.
    let history = open(&path);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut kept = history.runs(Some("/shop"), 5000).unwrap();
    while kept.len() > 501 && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
        kept = history.runs(Some("/shop"), 5000).unwrap();
    }
    assert_eq!((kept.len(), kept[0].id.as_str()), (501, "r0529"));
    assert_eq!(
        (kept[499].id.as_str(), kept[500].id.as_str()),
        ("r0030", "still-running")
    );
    assert!(
        history.instances("r0000").unwrap().is_empty(),
        "what belongs to a run goes with it"
    );
    assert_eq!(history.runs(Some("/other"), 10).unwrap().len(), 1);
}

#[test]
fn everything_is_still_there_after_closing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/history.db");
    let history = open(&path);
    history.run_started(new_run("r1", 1000));
    for n in 0..1000 {
        history.transition(transition("r1", n, Lifecycle::Running, Health::Healthy));
    }
    // No flush: dropping the last handle writes what is queued.
    let clone = history.clone();
    drop(history);
    drop(clone);
    assert_eq!(open(&path).transitions("r1").unwrap().len(), 1000);
}

#[test]
fn many_threads_may_write_and_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(&folder.path().join("history.db"));
    history.run_started(new_run("r1", 1000));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let history = history.clone();
            scope.spawn(move || {
                for n in 0..200 {
                    let mut one = transition("r1", n, Lifecycle::Running, Health::Healthy);
                    one.service = format!("s{thread}");
                    history.transition(one);
                    if n % 50 == 0 {
                        history
                            .transitions("r1")
                            .expect("readable while others write");
                    }
                }
            });
        }
    });
    assert!(history.flush());
    assert_eq!(history.transitions("r1").unwrap().len(), 1600);
    assert_eq!(history.losses(), Losses::default());
}

#[test]
fn an_alert_is_kept_as_it_was_last_and_goes_with_its_run() {
    let history = with_run();
    let open = alert("r1", 1, "db");
    let mut over = alert("r1", 2, "web");
    history.keep_alert(open.clone());
    history.keep_alert(over.clone());
    history.keep_alert(alert("r1", 3, "api"));
    over.closed = Some(at(1500));
    over.ending = Some(benchtop_model::alert::Ending::Recovered);
    over.times = 2;
    history.keep_alert(over.clone());
    history.withdraw_alert("r1", 3);
    history.keep_alert(alert("nobody", 1, "db"));
    assert!(history.flush());
    assert_eq!(history.alerts("r1").unwrap(), [over.clone(), open.clone()]);
    assert_eq!(history.losses().refused, 1, "of a run that is not known");

    // The run is not gone on with: what was open in it is not open for ever.
    history.transition(transition(
        "r1",
        1300,
        Lifecycle::Running,
        Health::Unhealthy,
    ));
    history.interrupt_runs(&[]);
    assert!(history.flush());
    let kept = history.alerts("r1").unwrap();
    assert_eq!(kept[0], over);
    assert_eq!(kept[1].closed, Some(at(1300)));
    assert_eq!(
        kept[1].ending,
        Some(benchtop_model::alert::Ending::RunEnded)
    );
}

#[test]
fn a_silence_is_kept_for_each_service_until_it_is_taken_back() {
    let history = with_run();
    let silence = |service: &str, until, run: Option<&str>| benchtop_model::alert::Silence {
        service: service.to_owned(),
        until,
        run: run.map(str::to_owned),
    };
    history.silence("/shop", silence("db", Some(at(9000)), None));
    history.silence("/shop", silence("db", None, Some("r1")));
    history.silence("/shop", silence("api", None, None));
    history.silence("/other", silence("db", None, None));
    history.end_silence("/shop", "api");
    assert!(history.flush());
    assert_eq!(
        history.silences("/shop").unwrap(),
        [silence("db", None, Some("r1"))]
    );
}
