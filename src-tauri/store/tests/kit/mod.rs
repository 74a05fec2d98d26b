//! Rows for tests, each complete and dull; a test changes the field it is about.

#![allow(dead_code, reason = "each test file uses its part")]

use benchtop_model::probe::{ProbeResult, ProbeRole, Verdict};
use benchtop_model::status::{Health, Lifecycle, status};
use benchtop_model::time::Timestamp;
use benchtop_store::History;
use benchtop_store::record::{NewEnvironment, NewRun, ProbeRow};
use benchtop_store::row::{Instance, Transition};
use std::path::Path;

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp(ms)
}

pub(crate) fn host() -> benchtop_model::host::HostFacts {
    benchtop_model::host::HostFacts {
        system: "Debian".to_owned(),
        cpus: 2,
        ..Default::default()
    }
}

pub(crate) fn new_run(id: &str, started: i64) -> NewRun {
    NewRun {
        id: id.to_owned(),
        environment: "/shop".to_owned(),
        name: "shop".to_owned(),
        project_dir: "/shop".to_owned(),
        started: at(started),
        services: 3,
        git_commit: Some("abc1234".to_owned()),
        git_dirty: true,
        host: Some(host()),
        definition_json: r#"{"name":"shop"}"#.to_owned(),
    }
}

pub(crate) fn instance(run: &str, generation: u64, started: i64) -> Instance {
    Instance {
        run: run.to_owned(),
        service: "api".to_owned(),
        generation,
        identity: "4711".to_owned(),
        definition: "d1".to_owned(),
        started: at(started),
        time_to_ready: None,
        ended: None,
        exit: None,
    }
}

pub(crate) fn transition(run: &str, when: i64, lifecycle: Lifecycle, health: Health) -> Transition {
    Transition {
        run: run.to_owned(),
        service: "api".to_owned(),
        generation: 1,
        at: at(when),
        lifecycle,
        health,
        status: status(lifecycle, health),
        cause: "because".to_owned(),
    }
}

pub(crate) fn probe(run: &str, when: i64, text: &str, latency_us: u64) -> ProbeRow {
    ProbeRow {
        run: run.to_owned(),
        service: "api".to_owned(),
        generation: 1,
        role: ProbeRole::Ready,
        at: at(when),
        result: ProbeResult {
            verdict: if text == "200 OK" {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            latency_us,
            text: text.to_owned(),
            details: [("address".to_owned(), format!("127.0.0.1 at {when}"))].into(),
        },
    }
}

pub(crate) fn environment(id: &str) -> NewEnvironment {
    NewEnvironment {
        id: id.to_owned(),
        name: id.trim_start_matches('/').to_owned(),
        project_dir: id.to_owned(),
        file: format!("{id}/benchtop.yaml"),
        sample: false,
    }
}

/// Opens a history that must open without a word.
pub(crate) fn open(path: &Path) -> History {
    let opened = History::open(path);
    assert!(opened.notices.is_empty(), "{:?}", opened.notices);
    opened.history
}

/// A file with one run in it, closed.
pub(crate) fn file_with_a_run(path: &Path) {
    let history = open(path);
    history.run_started(new_run("r1", 1000));
    assert!(history.flush());
}

pub(crate) fn ids(history: &History) -> Vec<String> {
    history
        .runs(None, 100)
        .expect("runs")
        .into_iter()
        .map(|run| run.id)
        .collect()
}

pub(crate) fn alert(run: &str, number: u32, service: &str) -> benchtop_model::alert::Alert {
    benchtop_model::alert::Alert {
        run: run.to_owned(),
        number,
        service: service.to_owned(),
        status: benchtop_model::status::Status::Unhealthy,
        cause: "it does not answer".to_owned(),
        next: Some("Read its last lines".to_owned()),
        affected: vec!["api".to_owned(), "größer \"web\"".to_owned()],
        since: at(1200),
        closed: None,
        ending: None,
        times: 1,
    }
}
