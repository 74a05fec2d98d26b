//! Diagnoses of whole environments.

use super::evidence::{FailedProbe, Line, ServiceEvidence};
use super::rules::Rules;
use super::*;
use crate::exit::Exit;
use crate::probe::{ProbeRole, Verdict};
use crate::status::Lifecycle;
use crate::time::Timestamp;

fn service(name: &str, status: Status) -> ServiceEvidence {
    ServiceEvidence {
        name: name.into(),
        status,
        lifecycle: match status {
            Status::Stopped => Lifecycle::Stopped,
            Status::Starting => Lifecycle::Starting,
            _ => Lifecycle::Running,
        },
        since: Timestamp(1_000_000),
        reason: None,
        exit: None,
        probes: Vec::new(),
        lines: Vec::new(),
        needs: Vec::new(),
        waits_for: Vec::new(),
        ports: Vec::new(),
        can_rebuild: false,
    }
}

fn line(seq: u64, text: &str) -> Line {
    Line {
        seq,
        text: text.into(),
    }
}

fn waiting(name: &str, on: &str) -> ServiceEvidence {
    ServiceEvidence {
        lifecycle: Lifecycle::Waiting,
        waits_for: vec![on.into()],
        needs: vec![on.into()],
        reason: Some(format!("waits for {on} to be healthy")),
        ..service(name, Status::Starting)
    }
}

fn crashed(name: &str, code: i32, lines: &[&str]) -> ServiceEvidence {
    ServiceEvidence {
        lifecycle: Lifecycle::Failed,
        exit: Some(Exit::with_code(code)),
        reason: Some(format!("exited with code {code}")),
        lines: (1..)
            .zip(lines)
            .map(|(seq, text)| line(seq, text))
            .collect(),
        ..service(name, Status::Unhealthy)
    }
}

fn ill(name: &str, needs: &str, answer: &str) -> ServiceEvidence {
    ServiceEvidence {
        probes: vec![FailedProbe {
            role: ProbeRole::Ready,
            kind: "http".into(),
            target: "GET http://localhost:5001/health/ready".into(),
            verdict: Verdict::Fail,
            text: answer.into(),
        }],
        reason: Some(format!("ready probe: {answer}")),
        needs: vec![needs.into()],
        ..service(name, Status::Degraded)
    }
}

fn of<'a>(all: &'a [Diagnosis], name: &str) -> &'a Diagnosis {
    all.iter().find(|d| d.service == name).expect(name)
}

fn diagnosed(all: &[ServiceEvidence]) -> Vec<Diagnosis> {
    diagnose(all, &Rules::built_in())
}

#[test]
fn one_is_the_cause_and_the_others_say_so() {
    let database = ServiceEvidence {
        lifecycle: Lifecycle::Failed,
        reason: Some("port 5432 is held by pid 812 (postgres)".into()),
        ..service("postgres", Status::Unhealthy)
    };
    let mut all = vec![
        database,
        waiting("auth", "postgres"),
        waiting("gateway", "auth"),
    ];
    all.push(service("redis", Status::Healthy));
    let found = diagnosed(&all);
    assert_eq!(found.len(), 3, "a healthy service needs no diagnosis");
    let root = of(&found, "postgres");
    assert_eq!(root.rule.as_deref(), Some("port-held"));
    assert_eq!(root.root, None);
    let free = Action::FreePort {
        port: 5432,
        pid: 812,
        program: "postgres".into(),
    };
    assert!(root.actions.contains(&free), "{root:#?}");
    let gateway = of(&found, "gateway");
    assert_eq!(gateway.root.as_deref(), Some("postgres"));
    assert_eq!(gateway.chain, ["gateway", "auth", "postgres"]);
    assert_eq!(
        gateway.sentence,
        "waits for auth; the cause is postgres: port 5432 is held by postgres (pid 812)"
    );
    assert!(
        gateway.actions.contains(&free),
        "the root can be mended from here"
    );
}

#[test]
fn the_port_that_is_free_is_offered() {
    let reason = "port 5432 is held by pid 812 (postgres); \
                  stop that program or give db another port, such as 5433";
    let held = ServiceEvidence {
        reason: Some(reason.into()),
        ..service("db", Status::Unhealthy)
    };
    let found = diagnosed(&[held]);
    let db = of(&found, "db");
    let offer = Action::UsePort {
        service: "db".into(),
        port: 5432,
        instead: 5433,
    };
    assert!(db.actions.contains(&offer), "{db:#?}");
    let next = db.next.as_deref().unwrap_or_default();
    assert!(next.ends_with("another port, such as 5433"), "{next}");
}

#[test]
fn a_crash_of_its_own_is_not_blamed_on_a_dependency() {
    let mut api = crashed(
        "api",
        -532_462_766,
        &[
            "Unhandled exception. System.InvalidOperationException: Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddRateLimiter'",
        ],
    );
    api.needs = vec!["postgres".into()];
    let found = diagnosed(&[api, service("postgres", Status::Unhealthy)]);
    let api = of(&found, "api");
    assert_eq!(api.rule.as_deref(), Some("dotnet-rate-limiter"));
    assert_eq!(api.root, None);
    assert!(
        api.evidence
            .iter()
            .any(|proof| matches!(proof, Proof::Exit { text } if text.contains(".NET")))
    );
}

#[test]
fn a_refused_connection_blames_the_service_behind_the_port() {
    let mut api = crashed("api", 1, &["Error: connect ECONNREFUSED 127.0.0.1:5432"]);
    api.needs = vec!["redis".into(), "db".into()];
    let mut db = service("db", Status::Stopped);
    db.ports = vec![5432];
    let found = diagnosed(&[api.clone(), db.clone(), service("redis", Status::Healthy)]);
    let blamed = of(&found, "api");
    assert_eq!(blamed.root.as_deref(), Some("db"));
    assert!(blamed.actions.contains(&Action::Start {
        service: "db".into()
    }));

    db.status = Status::Healthy;
    let found = diagnosed(&[api, db]);
    let own = of(&found, "api");
    assert_eq!(own.root, None, "a healthy service is not to blame");
    assert!(
        own.sentence.ends_with("although db is Healthy"),
        "{}",
        own.sentence
    );
}

#[test]
fn readiness_that_fails_when_a_dependency_stops_is_its_fault() {
    let all = [
        ill("shop", "postgres", "HTTP 503 Service Unavailable"),
        service("postgres", Status::Stopped),
    ];
    let found = diagnosed(&all);
    assert_eq!(of(&found, "shop").root.as_deref(), Some("postgres"));
    assert_eq!(of(&found, "shop").next.as_deref(), Some("Start postgres"));
}

#[test]
fn trouble_that_came_long_before_the_dependency_s_is_not_its_fault() {
    let mut database = service("postgres", Status::Stopped);
    database.since = Timestamp(2_000_000);
    let all = [
        ill("shop", "postgres", "HTTP 503 Service Unavailable"),
        database,
    ];
    assert_eq!(of(&diagnosed(&all), "shop").root, None);
}

#[test]
fn what_no_rule_knows_is_told_as_it_is() {
    let found = diagnosed(&[crashed("job", 3, &["step 4 of 9", "gave up"])]);
    let job = of(&found, "job");
    assert_eq!(job.rule, None);
    assert_eq!(job.sentence, "exited with code 3");
    assert_eq!(job.actions, [Action::ShowLine { seq: 2 }]);
    assert!(matches!(&job.evidence[1], Proof::Line { text, .. } if text == "gave up"));
}

#[test]
fn services_that_wait_for_each_other_end() {
    let found = diagnosed(&[waiting("a", "b"), waiting("b", "a")]);
    assert_eq!(found.len(), 2);
}

#[test]
fn a_service_on_another_port_is_told_so() {
    let mut api = ill("api", "none", "connection refused (port 5001)");
    api.ports = vec![5001];
    api.lines = vec![line(1, "Now listening on: http://localhost:5055")];
    let found = diagnosed(&[api.clone()]);
    assert_eq!(of(&found, "api").rule.as_deref(), Some("listens-elsewhere"));
    api.lines = vec![line(1, "Now listening on: http://localhost:5001")];
    assert_eq!(of(&diagnosed(&[api]), "api").rule, None);
}
