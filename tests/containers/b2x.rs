//! The B2X example on a real engine: fourteen services with four stores in containers.

use super::{inspect, run};
use benchtop_tests::programs::{program, root};
use benchtop_tests::{Home, docker, eventually, images};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// The B2X example, on fixed ports: one test at a time, so it is one test.
#[test]
fn the_b2x_example_lives_through_everything() {
    const NAME: &str = "the_b2x_example_lives_through_everything";
    if !docker(NAME) {
        return;
    }
    let mut home = Home::new().with("B2X_SERVICE", program("b2x-service").display().to_string());
    for (variable, image) in IMAGES {
        home = home.with(variable, image.to_owned());
    }
    let file = root()
        .join("examples/b2x/benchtop.yaml")
        .display()
        .to_string();
    let has_search = images(
        &format!("{NAME}, Elasticsearch in it"),
        &["benchtop-test/elasticsearch:7.10.2"],
    );
    let b2x = B2x {
        home,
        file,
        has_search,
    };
    b2x.starts_in_order();
    b2x.makes_one_trace_of_a_request();
    b2x.passes_its_smoke_test();
    b2x.loses_its_database_and_gets_it_back();
    b2x.survives_the_engine();
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("?")
}

/// What stands in for the images that the example names.
const IMAGES: [(&str, &str); 4] = [
    ("B2X_POSTGRES", "benchtop-test/postgres:15"),
    ("B2X_REDIS", "benchtop-test/redis:7"),
    ("B2X_RABBITMQ", "benchtop-test/rabbitmq:3"),
    ("B2X_ELASTICSEARCH", "benchtop-test/elasticsearch:7.10.2"),
];

struct B2x {
    home: Home,
    file: String,
    /// Elasticsearch is one of the services; its image is made by the long tests only.
    has_search: bool,
}

/// Services that need PostgreSQL directly.
const DEPENDANTS: [&str; 8] = [
    "auth-service",
    "tenant-service",
    "shop-service",
    "order-service",
    "procurement-gateway",
    "catalog-service",
    "inventory-service",
    "supplier-service",
];

impl B2x {
    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn services(&self) -> Vec<Value> {
        self.home.status(&["-f", &self.file])["services"]
            .as_array()
            .expect("services")
            .iter()
            .filter(|service| self.has_search || service["name"] != "elasticsearch")
            .cloned()
            .collect()
    }

    fn status_of(&self, names: &[&str]) -> Vec<(String, String)> {
        let word = |s: &Value, key: &str| s[key].as_str().unwrap_or_default().to_owned();
        self.services()
            .iter()
            .filter(|s| names.contains(&s["name"].as_str().unwrap_or_default()))
            .map(|s| (word(s, "name"), word(s, "status")))
            .collect()
    }

    fn wait_for(&self, names: &[&str], status: &str) {
        eventually(&format!("{names:?} are {status}"), || {
            let now = self.status_of(names);
            if now.iter().all(|(_, s)| s == status) {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        });
    }

    fn json(&self, command: &str, more: &[&str]) -> Value {
        let printed = self.call(command, &[&["--json"], more].concat()).expect(0);
        serde_json::from_str(&printed.stdout).expect("JSON")
    }

    /// One request through gateway, shop, Redis and PostgreSQL: one trace, its log, and a
    /// map of the calls that were really made.
    fn makes_one_trace_of_a_request(&self) {
        self.post("api-gateway", "/api/products", r#"{"name":"a teapot"}"#);
        let trace = eventually("the request is one whole trace", || {
            let page = self.json("traces", &["http.request.method=POST", "-n", "5"]);
            let all = page["traces"].as_array().cloned().unwrap_or_default();
            let whole = |t: &Value| t["spans"] == 6 && t["root_missing"] == false;
            all.into_iter().find(whole).ok_or_else(|| page.to_string())
        });
        let id = trace["trace_id"].as_str().expect("an id");
        let shown = self.json("traces", &[id]);
        let spans: Vec<String> = list(&shown["spans"])
            .map(|s| format!("{} {} {}", s["depth"], word(s, "service"), word(s, "name")))
            .collect();
        let expected = [
            "0 api-gateway POST /api/products",
            "1 api-gateway POST /api/products",
            "2 shop-service POST /api/products",
            "3 shop-service INSERT products",
            "3 shop-service DELETE products",
            "3 shop-service DEL",
        ];
        assert_eq!(spans, expected);
        assert_eq!(shown["findings"], Value::Array(Vec::new()), "{shown}");
        self.logs_within_the_trace(id);
        self.maps_the_calls_that_are_made();
    }

    /// Who is called really: every reference but the one that is only asked for its health.
    fn maps_the_calls_that_are_made(&self) {
        let own = DEPENDANTS
            .iter()
            .map(|service| format!("{service} > postgres"));
        let others = [
            "api-gateway > auth-service",
            "api-gateway > shop-service",
            "api-gateway > tenant-service",
            "frontend > api-gateway",
            "order-service > rabbitmq",
            "shop-service > redis",
        ];
        let mut made: Vec<String> = own.chain(others.map(str::to_owned)).collect();
        made.sort();
        let map = eventually("all calls are in the map, and no others", || {
            let map = self.json("traces", &["--map"]);
            let edge = |edge: &Value| format!("{} > {}", word(edge, "from"), word(edge, "to"));
            let seen = list(&map["edges"]).filter(|edge| edge["observed"] == true);
            let mut seen: Vec<String> = seen.map(edge).collect();
            seen.sort();
            if seen == made {
                Ok(map)
            } else {
                Err(format!("{seen:?}"))
            }
        });
        assert!(
            list(&map["edges"]).all(|edge| edge["declared"] == true),
            "nobody calls whom it does not refer to: {map}"
        );
        let printed = self.call("traces", &["--map"]).expect(0).stdout;
        for part in [
            "shop-service -> redis: ",
            "procurement-gateway -> api-gateway: declared, no call seen",
        ] {
            assert!(printed.contains(part), "{printed}");
        }
    }

    /// The scenario of the example, as it stands in its file.
    fn passes_its_smoke_test(&self) {
        let told = self.call("scenario", &["run", "smoke", "--json"]);
        let report: Value = serde_json::from_str(&told.stdout).expect("a report");
        assert_eq!(report["status"], "passed", "{report:#}");
        told.expect(0);
        let statuses = list(&report["steps"]).map(|step| word(step, "status"));
        assert!(
            statuses.eq(["passed"; 8]),
            "each of its eight steps is executed: {report:#}"
        );
        let metrics = &report["metrics"];
        assert_eq!(metrics["health.services"], 13.0, "{metrics:#}");
        assert_eq!(metrics["gateway.requests"], 50.0, "{metrics:#}");
        assert_eq!(metrics["gateway.errors"], 0.0, "{metrics:#}");
        assert_eq!(metrics["confirmed.open"], 0.0, "{metrics:#}");
        let history = self.call("scenario", &["history", "--json"]).expect(0);
        let history: Value = serde_json::from_str(&history.stdout).expect("JSON");
        assert_eq!(history[0]["id"], report["id"], "{history:#}");
    }

    /// The lines of the log that both programs wrote for it, in logfmt, lead to it.
    fn logs_within_the_trace(&self, id: &str) {
        let query = format!("trace_id={id} \"request answered\"");
        let logged = self.call("logs", &["-q", &query, "--json"]).expect(0);
        for service in ["api-gateway", "shop-service"] {
            let there = logged.stdout.lines().any(|line| line.contains(service));
            assert!(there, "{service}: {}", logged.stdout);
        }
    }

    /// Tells a service something over HTTP, as it is reached from the host.
    fn post(&self, service: &str, path: &str, body: &str) {
        let services = self.services();
        let found = services.iter().find(|s| s["name"] == service);
        let port = found.and_then(|s| s["endpoints"][0]["port"].as_u64());
        let port = u16::try_from(port.expect("an endpoint")).expect("a port");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn starts_in_order(&self) {
        let plan = self.json("check", &[]);
        let all = plan["plan"]["services"].as_object().expect("services");
        let wanted = |name: &&str| self.has_search || *name != "elasticsearch";
        let wanted: Vec<&str> = all.keys().map(String::as_str).filter(wanted).collect();
        let up = ["--wait", "--detach", "--timeout", "180s"];
        self.call("up", &[&up[..], &wanted].concat()).expect(0);
        let services = self.services();
        assert_eq!(services.len(), 13 + usize::from(self.has_search));
        assert!(
            services.iter().all(|s| s["status"] == "Healthy"),
            "{services:?}"
        );
        let started = |name: &str| {
            services
                .iter()
                .find(|s| s["name"] == name)
                .and_then(|s| s["started"].as_i64())
                .expect(name)
        };
        for (before, after) in [
            ("postgres", "auth-service"),
            ("postgres", "tenant-service"),
            ("redis", "shop-service"),
            ("rabbitmq", "order-service"),
            ("auth-service", "api-gateway"),
            ("api-gateway", "procurement-gateway"),
            ("api-gateway", "frontend"),
        ] {
            assert!(started(before) < started(after), "{before} before {after}");
        }
        assert_eq!(
            inspect("b2x-postgres-1", "{{.State.Health.Status}}"),
            "healthy"
        );
        for container in ["b2x-postgres-1", "b2x-redis-1", "b2x-rabbitmq-1"] {
            assert_eq!(inspect(container, "{{.State.Running}}"), "true");
        }
    }

    fn loses_its_database_and_gets_it_back(&self) {
        self.call("stop", &["postgres"]).expect(0);
        self.wait_for(&DEPENDANTS, "Degraded");
        assert_eq!(
            self.status_of(&["redis", "rabbitmq"])
                .iter()
                .filter(|(_, s)| s == "Healthy")
                .count(),
            2
        );
        assert_eq!(inspect("b2x-postgres-1", "{{.State.Running}}"), "false");
        self.call("start", &["postgres"]).expect(0);
        self.wait_for(&DEPENDANTS, "Healthy");
        assert!(
            self.services()
                .iter()
                .filter(|s| s["kind"] == "process")
                .all(|s| s["generation"] == 1),
            "nobody was restarted for it"
        );
    }

    fn survives_the_engine(&self) {
        let identities = || -> Vec<(Value, Value, Value, Value)> {
            self.services()
                .iter()
                .map(|s| {
                    (
                        s["name"].clone(),
                        s["pid"].clone(),
                        s["container_id"].clone(),
                        s["generation"].clone(),
                    )
                })
                .collect()
        };
        let before = identities();
        self.home.kill_engine();
        assert_eq!(identities(), before);
        let containers = run(&[
            "ps",
            "-q",
            "--filter",
            "label=com.docker.compose.project=b2x",
        ]);
        let stores = 3 + usize::from(self.has_search);
        assert_eq!(containers.lines().count(), stores, "no duplicates");
        let lines = || {
            self.call("logs", &["-n", "5000", "postgres", "api-gateway"])
                .stdout
        };
        eventually("the logs of before are there, and go on", || {
            let log = lines();
            if log.contains("database system is ready") && log.contains("api-gateway") {
                Ok(())
            } else {
                Err(log)
            }
        });
        self.wait_for(&DEPENDANTS, "Healthy");
    }
}

impl Drop for B2x {
    fn drop(&mut self) {
        self.call("down", &[]);
        run(&["volume", "rm", "-f", "b2x_pgdata"]);
    }
}
