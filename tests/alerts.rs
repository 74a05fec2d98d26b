//! Alerts on real systems: PostgreSQL that stands still, and what depends on it.

use benchtop_tests::home::Outcome;
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::{Value, json};
use std::process::Command;

/// A client that asks PostgreSQL with its own program.
fn client(name: &str) -> String {
    format!(
        "  {name}:
    image: benchtop-test/postgres:15
    entrypoint: [sleep, '86400']
    stop_signal: SIGKILL
    environment: {{ PGHOST: postgres, PGUSER: shop, PGPASSWORD: right, PGCONNECT_TIMEOUT: '2' }}
    references: [postgres]
    probes: {{ ready: {{ exec: [psql, -c, 'select 1'], interval: 1s, timeout: 4s, failure_threshold: 1 }} }}
"
    )
}

struct Bench {
    home: Home,
    _project: Project,
    file: String,
    name: String,
}

impl Bench {
    /// PostgreSQL that is Unhealthy after two failures of a second each, with two clients
    /// and a bystander.
    fn new() -> Self {
        let name = format!("alerts{}", std::process::id());
        let project = Project::new(&format!(
            "name: {name}
services:
  postgres:
    image: benchtop-test/postgres:15
    environment: {{ POSTGRES_USER: shop, POSTGRES_PASSWORD: right }}
    endpoints: {{ tcp: {{ port: auto, target: 5432 }} }}
    probes: {{ live: {{ postgres: true, interval: 1s, timeout: 1s, failure_threshold: 2 }} }}
{}{}  bystander: {{ process: sleep 86400 }}
",
            client("orders"),
            client("billing"),
        ));
        Self {
            home: Home::new(),
            file: project.file().display().to_string(),
            _project: project,
            name,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn alerts(&self, code: i32) -> Value {
        let told = self.call("alerts", &["--json"]).expect(code).stdout;
        serde_json::from_str(&told).expect("JSON")
    }

    fn wait_for(&self, service: &str, status: &str) {
        eventually(&format!("{service} is {status}"), || {
            let found = self.home.service(&["-f", &self.file], service);
            match found["status"] == status {
                true => Ok(()),
                false => Err(found.to_string()),
            }
        });
    }

    fn all_healthy(&self) {
        for service in ["postgres", "orders", "billing", "bystander"] {
            self.wait_for(service, "Healthy");
        }
    }

    /// Stops its processes in the middle of what they do, or lets them go on.
    fn freeze(&self, verb: &str) {
        let container = format!("{}-postgres-1", self.name);
        let done = Command::new("docker").args([verb, &container]).output();
        assert!(done.expect("run docker").status.success(), "{verb}");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

/// The only alert of the list.
fn only(list: &Value) -> &Value {
    let alerts = list["alerts"].as_array().expect("alerts");
    assert_eq!(alerts.len(), 1, "one alert, not twelve: {list}");
    &alerts[0]
}

#[test]
fn a_frozen_database_is_one_alert_that_outlives_the_engine() {
    const NAME: &str = "a_frozen_database_is_one_alert_that_outlives_the_engine";
    if !docker(NAME) {
        return;
    }
    let bench = Bench::new();
    bench
        .call("up", &["--wait", "--detach", "--timeout", "60s"])
        .expect(0);
    assert_eq!(bench.alerts(0)["alerts"], json!([]), "a start is no alert");
    frozen_and_thawed(&bench);
    silenced(&bench);
    stopped_on_purpose(&bench);
    fared(&bench);
}

fn frozen_and_thawed(bench: &Bench) {
    bench.freeze("pause");
    bench.wait_for("postgres", "Unhealthy");
    bench.wait_for("orders", "Degraded");
    bench.wait_for("billing", "Degraded");
    let list = eventually("the alert names both clients", || {
        let list = bench.alerts(1);
        match list["alerts"][0]["affected"] == json!(["billing", "orders"]) {
            true => Ok(list),
            false => Err(list.to_string()),
        }
    });
    let alert = only(&list);
    assert_eq!(alert["service"], "postgres");
    assert_eq!(alert["status"], "Unhealthy");
    let cause = alert["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("no answer within 1 s"), "{alert}");
    assert_eq!(bench.home.status(&["-f", &bench.file])["alerts"], 1);

    bench.home.kill_engine();
    // The first answer of the next one knows of it, and it stays the only one.
    let known = bench.alerts(1);
    assert_eq!(only(&known)["number"], alert["number"], "{known}");
    bench.wait_for("postgres", "Unhealthy");
    let known = bench.alerts(1);
    assert_eq!(only(&known)["since"], alert["since"], "{known}");

    bench.freeze("unpause");
    bench.all_healthy();
    let list = bench.alerts(0);
    let over = only(&list);
    assert_eq!(over["ending"], "recovered", "{over}");
    assert!(over["closed"].as_i64() > over["since"].as_i64(), "{over}");
    let told = bench.call("alerts", &[]).expect(0).stdout;
    assert!(
        told.contains("recovered after") && told.contains("affects billing, orders"),
        "{told}"
    );
}

fn silenced(bench: &Bench) {
    bench.call("alerts", &["silence", "nobody"]).expect(2);
    bench
        .call("alerts", &["silence", "postgres", "--for", "1h"])
        .expect(0);
    // Silence outlives the engine as well.
    bench.home.kill_engine();
    let list = bench.alerts(0);
    assert_eq!(list["silences"][0]["service"], "postgres", "{list}");
    bench.all_healthy();
    bench.freeze("pause");
    bench.wait_for("postgres", "Unhealthy");
    bench.wait_for("orders", "Degraded");
    bench.wait_for("billing", "Degraded");
    assert_eq!(only(&bench.alerts(0))["ending"], "recovered", "no new one");
    bench.call("alerts", &["unsilence", "postgres"]).expect(0);
    let list = bench.alerts(1);
    assert_eq!(list["alerts"][0]["service"], "postgres", "{list}");
    assert_eq!(list["alerts"][0]["closed"], Value::Null, "{list}");
    bench.freeze("unpause");
    bench.all_healthy();
}

/// The clients are Degraded without it, and that is nobody's alert.
fn stopped_on_purpose(bench: &Bench) {
    let before = bench.alerts(0)["alerts"].clone();
    bench.call("stop", &["postgres"]).expect(0);
    bench.wait_for("postgres", "Stopped");
    bench.wait_for("orders", "Degraded");
    bench.wait_for("billing", "Degraded");
    bench.call("start", &["postgres"]).expect(0);
    bench.all_healthy();
    bench.call("restart", &["orders"]).expect(0);
    bench.all_healthy();
    assert_eq!(bench.alerts(0)["alerts"], before);
}

/// All of it is in the history.
fn fared(bench: &Bench) {
    let told = bench.call("health", &["--json"]).expect(0).stdout;
    let history: Value = serde_json::from_str(&told).expect("JSON");
    let of = |name: &str| {
        let services = history["services"].as_array().expect("services");
        let found = services.iter().find(|service| service["service"] == name);
        found.expect("the service").clone()
    };
    let postgres = of("postgres");
    let part = postgres["availability"].as_f64().expect("it was ready");
    assert!(part > 0.0 && part < 1.0, "{part}");
    assert_eq!(postgres["flapping"], true, "two falls and two recoveries");
    assert_eq!(of("bystander")["flapping"], false);
    assert_eq!(of("bystander")["availability"], 1.0);
    let spans = postgres["probes"][0]["spans"].as_array().expect("spans");
    let verdicts: Vec<&str> = spans.iter().filter_map(|s| s["verdict"].as_str()).collect();
    assert!(
        verdicts.contains(&"fail") && verdicts.contains(&"pass"),
        "{postgres}"
    );
    let answers = postgres["probes"][0]["answers"].as_u64().expect("a count");
    assert!(answers > spans.len() as u64, "equal answers are one span");
    let curve = postgres["probes"][0]["latency_ms"]
        .as_array()
        .expect("a curve");
    assert!(curve.iter().any(Value::is_number), "{postgres}");
    let table = bench.call("health", &["postgres"]).expect(0).stdout;
    assert!(
        table.contains("flapping") && table.contains("live"),
        "{table}"
    );
}
