//! Containers of a real engine, and the B2X example on it. Every test makes its
//! own project; what it leaves is removed with it.

use benchtop_tests::programs::{program, root};
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::process::Command;

/// A container that answers HTTP as soon as it runs.
const BUSYBOX: &str = "benchtop-test/busybox:1";

struct Bench {
    home: Home,
    project: Project,
    file: String,
    name: String,
}

impl Bench {
    /// An environment with a name of its own, so that tests run side by side.
    fn new(test: &str, rest: &str) -> Self {
        Self::with_home(Home::new(), test, rest)
    }

    fn with_home(home: Home, test: &str, rest: &str) -> Self {
        let name = format!("t{}-{test}", std::process::id());
        let project = Project::new(&format!("name: {name}\n{rest}"));
        let file = project.file().display().to_string();
        Self {
            home,
            project,
            file,
            name,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn up(&self) -> benchtop_tests::home::Outcome {
        self.call("up", &["--wait", "--detach", "--timeout", "80s"])
    }

    fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
    }

    fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.name)
    }

    fn wait_for(&self, name: &str, key: &str, value: &str) -> Value {
        eventually(&format!("{name} has {key} {value}"), || {
            let service = self.service(name);
            if service[key] == value {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
        run(&["volume", "rm", "-f", &format!("{}_data", self.name)]);
    }
}

/// Calls `docker` and returns what it printed.
fn run(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("run docker");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn inspect(container: &str, format: &str) -> String {
    run(&["inspect", container, "--format", format])
}

fn web(more: &str) -> String {
    format!(
        "services:\n  web:\n    image: {BUSYBOX}\n    command: [httpd, -f, -p, \"80\", -h, /etc]\n    endpoints: {{ http: {{ port: auto, target: 80 }} }}\n    probes: {{ ready: {{ http: /passwd }} }}\n{more}"
    )
}

#[test]
fn a_container_is_started_reached_restarted_and_removed() {
    if !docker("a_container_is_started_reached_restarted_and_removed") {
        return;
    }
    let bench = Bench::new(
        "life",
        &web("    volumes: [data:/data]\nvolumes: { data: }\n"),
    );
    bench.up().expect(0);
    let web = bench.service("web");
    let id = web["container_id"].as_str().expect("an id").to_owned();
    assert_eq!(inspect(&bench.container("web"), "{{.Id}}"), id);
    assert_eq!(
        inspect(&id, "{{index .Config.Labels \"dev.benchtop.service\"}}"),
        "web"
    );
    assert_eq!(
        inspect(
            &id,
            "{{index .Config.Labels \"com.docker.compose.project\"}}"
        ),
        bench.name
    );
    bench.call("restart", &["web"]).expect(0);
    let again = eventually("healthy anew", || {
        let now = bench.service("web");
        if now["generation"] == 2 && now["status"] == "Healthy" {
            Ok(now)
        } else {
            Err(now.to_string())
        }
    });
    assert_eq!(
        again["container_id"],
        id.as_str(),
        "the same definition keeps its container"
    );
    bench.call("down", &[]).expect(0);
    assert_eq!(
        run(&[
            "ps",
            "-aq",
            "--filter",
            &format!("name={}", bench.container("web"))
        ]),
        ""
    );
    assert_eq!(
        run(&[
            "network",
            "ls",
            "-q",
            "--filter",
            &format!("name={}", bench.name)
        ]),
        ""
    );
    assert_ne!(
        run(&[
            "volume",
            "ls",
            "-q",
            "--filter",
            &format!("name={}_data", bench.name)
        ]),
        "",
        "volumes stay"
    );
}

#[test]
fn a_container_reaches_another_by_name_and_a_process_by_the_host() {
    if !docker("a_container_reaches_another_by_name_and_a_process_by_the_host") {
        return;
    }
    let script =
        "wget -qO- $WEB_URL/passwd && echo reached $WEB_HOST && echo host at $STORE_HOST; sleep 60";
    let more = format!(
        "  store:\n    process: {} sample store\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n  client:\n    image: {BUSYBOX}\n    command: [sh, -c, {script:?}]\n    references: [web, store]\n",
        program("benchtop").display(),
        script = script.replace('$', "$$"),
    );
    let bench = Bench::new("dns", &web(&more));
    bench.up().expect(0);
    eventually("the client has reached both", || {
        let log = bench.call("logs", &["client"]).stdout;
        if log.contains("reached web") && log.contains("host at host.docker.internal") {
            Ok(())
        } else {
            Err(log)
        }
    });
}

#[test]
fn the_containers_own_health_check_counts() {
    if !docker("the_containers_own_health_check_counts") {
        return;
    }
    let yaml = format!(
        "services:\n  a:\n    image: {BUSYBOX}\n    command: [sh, -c, \"sleep 1; touch /tmp/ok; sleep 600\"]\n    healthcheck: {{ test: [CMD, test, -e, /tmp/ok], interval: 1s, retries: 1 }}\n  b: {{ image: {BUSYBOX}, command: sleep 600, depends_on: {{ a: {{ condition: service_healthy }} }} }}\n"
    );
    let bench = Bench::new("health", &yaml);
    bench.up().expect(0);
    let started = |name: &str| inspect(&bench.container(name), "{{.State.StartedAt}}");
    assert!(started("a") < started("b"));
    run(&["exec", &bench.container("a"), "rm", "/tmp/ok"]);
    bench.wait_for("a", "status", "Degraded");
    run(&["exec", &bench.container("a"), "touch", "/tmp/ok"]);
    bench.wait_for("a", "status", "Healthy");
}

#[test]
fn a_missing_image_is_named_and_mended() {
    if !docker("a_missing_image_is_named_and_mended") {
        return;
    }
    let image = format!("benchtop-test/absent-{}:1", std::process::id());
    let bench = Bench::new(
        "image",
        &format!("services:\n  a: {{ image: \"{image}\", command: sleep 600 }}\n"),
    );
    bench.up().expect(1);
    let reason = bench.service("a")["reason"].to_string();
    assert!(
        reason.contains(&image) && reason.contains("cannot be pulled"),
        "{reason}"
    );
    run(&["tag", BUSYBOX, &image]);
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);
    run(&["rmi", &image]);
}

#[test]
fn a_missing_folder_is_refused_and_never_made_where_the_file_says_so() {
    if !docker("a_missing_folder_is_refused_and_never_made_where_the_file_says_so") {
        return;
    }
    // Without that key the folder is made, as Compose does: see tests/compose.rs.
    let mount = "{ type: bind, source: ./absent, target: /x, bind: { create_host_path: false } }";
    let bench = Bench::new(
        "mount",
        &format!(
            "services:\n  a: {{ image: {BUSYBOX}, command: sleep 600, volumes: [{mount}] }}\n"
        ),
    );
    bench.up().expect(1);
    assert!(bench.service("a")["reason"].to_string().contains("absent"));
    assert!(!bench.project.path().join("absent").exists());
}

#[test]
fn without_a_container_runtime_processes_run_and_the_rest_says_why() {
    let home = Home::new().with("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let yaml =
        format!("services:\n  box: {{ image: {BUSYBOX} }}\n  here: {{ process: sleep 60 }}\n");
    let bench = Bench::with_home(home, "none", &yaml);
    bench.up().expect(3);
    let reason = bench.service("box")["reason"].to_string();
    assert!(reason.contains("container runtime is not"), "{reason}");
    assert_eq!(bench.service("here")["status"], "Healthy");
    let status = bench.home.status(&["-f", &bench.file]);
    assert_eq!(status["runtime"]["available"], false);
    assert!(
        status["runtime"]["hint"]
            .as_str()
            .is_some_and(|hint| !hint.is_empty())
    );
}

#[test]
fn a_container_removed_by_somebody_else_is_said_so() {
    if !docker("a_container_removed_by_somebody_else_is_said_so") {
        return;
    }
    let bench = Bench::new("gone", &web(""));
    bench.up().expect(0);
    run(&["rm", "-f", &bench.container("web")]);
    eventually("it is noticed", || {
        let web = bench.service("web");
        if web["lifecycle"] == "Running" {
            Err(web.to_string())
        } else {
            Ok(())
        }
    });
    bench.call("start", &["web"]).expect(0);
    bench.wait_for("web", "status", "Healthy");
}

#[test]
fn what_is_not_ours_is_never_touched() {
    if !docker("what_is_not_ours_is_never_touched") {
        return;
    }
    let bench = Bench::new("foreign", &web(""));
    let foreign = run(&[
        "run",
        "-d",
        "--name",
        &bench.container("web"),
        BUSYBOX,
        "sleep",
        "600",
    ]);
    bench.up().expect(1);
    let reason = bench.service("web")["reason"].to_string();
    bench.call("down", &[]).expect(0);
    let state = inspect(&foreign, "{{.State.Running}}");
    run(&["rm", "-f", &foreign]);
    assert!(reason.contains("is taken by another container"), "{reason}");
    assert_eq!(state, "true");
}

#[test]
fn a_bind_mount_a_user_and_an_exit_code_arrive() {
    if !docker("a_bind_mount_a_user_and_an_exit_code_arrive") {
        return;
    }
    let yaml = format!(
        "services:\n  once:\n    image: {BUSYBOX}\n    command: [sh, -c, \"cat /conf/greeting; id -u; exit 5\"]\n    volumes: [\"./conf:/conf:ro\"]\n    user: \"1234\"\n    environment: [A=1]\n"
    );
    let bench = Bench::new("bind", &yaml);
    std::fs::create_dir(bench.project.path().join("conf")).expect("folder");
    bench
        .project
        .write("conf/greeting", "hello from the host\n");
    bench.up().expect(1);
    assert_eq!(bench.service("once")["exit_code"], 5);
    eventually("its output is kept", || {
        let log = bench.call("logs", &["once"]).stdout;
        if log.contains("hello from the host") && log.contains("1234") {
            Ok(())
        } else {
            Err(log)
        }
    });
}

/// The B2X example, on fixed ports: one test at a time, so it is one test.
#[test]
fn the_b2x_example_lives_through_everything() {
    if !docker("the_b2x_example_lives_through_everything") {
        return;
    }
    let home = Home::new().with("B2X_SERVICE", program("b2x-service").display().to_string());
    let file = root()
        .join("examples/b2x/benchtop.yaml")
        .display()
        .to_string();
    let b2x = B2x { home, file };
    b2x.starts_in_order();
    b2x.makes_one_trace_of_a_request();
    b2x.loses_its_database_and_gets_it_back();
    b2x.survives_the_engine();
}

struct B2x {
    home: Home,
    file: String,
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
            .clone()
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
        use std::io::{Read as _, Write as _};
        let gateway = self
            .services()
            .into_iter()
            .find(|s| s["name"] == "api-gateway");
        let port = gateway
            .and_then(|s| s["endpoints"][0]["port"].as_u64())
            .expect("a port");
        let port = u16::try_from(port).expect("a port");
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream
            .write_all(
                b"GET /api/products HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            )
            .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // Redis has kept nothing yet, so PostgreSQL is asked, too: gateway, its call, shop,
        // GET, statement, SET.
        let trace = eventually("the request is one whole trace", || {
            let page = self.json("traces", &["service=api-gateway", "kind=server"]);
            let all = page["traces"].as_array().cloned().unwrap_or_default();
            let whole = |t: &Value| t["spans"] == 6 && t["root_missing"] == false;
            all.into_iter().find(whole).ok_or_else(|| page.to_string())
        });
        let id = trace["trace_id"].as_str().expect("an id");
        let shown = self.json("traces", &[id]);
        let spans: Vec<String> = shown["spans"]
            .as_array()
            .expect("spans")
            .iter()
            .map(|s| {
                format!(
                    "{} {} {}",
                    s["depth"],
                    s["service"].as_str().unwrap_or("?"),
                    s["name"].as_str().unwrap_or("?")
                )
            })
            .collect();
        assert_eq!(
            spans,
            [
                "0 api-gateway GET /api/products",
                "1 api-gateway GET /api/products",
                "2 shop-service GET /api/products",
                "3 shop-service GET",
                "3 shop-service items",
                "3 shop-service SET",
            ]
        );
        assert_eq!(shown["findings"], Value::Array(Vec::new()), "{shown}");
        let map = self.json("traces", &["--map"]);
        let observed: Vec<(&str, &str, bool)> = map["edges"]
            .as_array()
            .expect("edges")
            .iter()
            .filter(|e| e["observed"] == true)
            .map(|e| {
                (
                    e["from"].as_str().unwrap_or("?"),
                    e["to"].as_str().unwrap_or("?"),
                    e["declared"] == true,
                )
            })
            .collect();
        assert!(
            observed.iter().all(|edge| edge.2),
            "nobody calls whom it does not refer to: {observed:?}"
        );
        for (from, to) in [
            ("api-gateway", "shop-service"),
            ("shop-service", "postgres"),
            ("shop-service", "redis"),
        ] {
            assert!(
                observed.contains(&(from, to, true)),
                "{from} -> {to}: {observed:?}"
            );
        }
        // The lines of the log that belong to it: the program writes logfmt.
        let query = format!("trace_id={id}");
        let logged = self
            .call("logs", &["-q", &query, "--json"])
            .expect(0)
            .stdout;
        assert!(logged.contains("shop-service"), "{logged}");
    }

    fn starts_in_order(&self) {
        self.call("up", &["--wait", "--detach", "--timeout", "180s"])
            .expect(0);
        let services = self.services();
        assert_eq!(services.len(), 13);
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
        assert_eq!(containers.lines().count(), 3, "no duplicates");
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
