//! Probes of known servers, against the real ones: what is said when all is well,
//! and each way in which it is not.

use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// A server with what differs in the tests.
struct Server {
    image: &'static str,
    probe: &'static str,
    /// Lines of the service that set the server up.
    setup: &'static str,
    /// Begins the text of a passing probe.
    healthy: &'static str,
    /// What is said about a wrong password.
    refused: &'static str,
}

const POSTGRES: Server = Server {
    image: "benchtop-test/postgres:15",
    probe: "postgres",
    setup: "environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: right }",
    healthy: "PostgreSQL 15.",
    refused: "password authentication failed for user \"shop\"",
};

const REDIS: Server = Server {
    image: "benchtop-test/redis:7",
    probe: "redis",
    setup: "command: [redis-server, --requirepass, right]",
    healthy: "Redis 7.",
    refused: "the server refuses the password",
};

const RABBITMQ: Server = Server {
    image: "benchtop-test/rabbitmq:3",
    probe: "amqp",
    setup: "environment: { RABBITMQ_DEFAULT_USER: shop, RABBITMQ_DEFAULT_PASS: right }",
    healthy: "RabbitMQ 3.",
    refused: "Login was refused",
};

const MARIADB: Server = Server {
    image: "benchtop-test/mariadb:10",
    probe: "mysql",
    setup: "environment: { MARIADB_USER: shop, MARIADB_PASSWORD: right, MARIADB_DATABASE: shop, MARIADB_ROOT_PASSWORD: root }",
    healthy: "MariaDB 10.",
    refused: "Access denied for user 'shop'",
};

/// Kinds that speak a protocol of their own.
const WIRES: [&str; 7] = [
    "postgres", "mysql", "redis", "amqp", "kafka", "grpc", "temporal",
];

/// Kinds that ask for a page.
const PAGES: [&str; 6] = [
    "http",
    "elasticsearch",
    "flink",
    "prometheus",
    "grafana",
    "otel-collector",
];

fn every_kind() -> impl Iterator<Item = &'static str> {
    WIRES.into_iter().chain(PAGES)
}

/// A service that is only watched, with one probe of this kind.
fn watched(name: &str, kind: &str, port: u16, more: &str) -> String {
    let ask = match kind {
        "http" => "http: { path: /, endpoint: main }".to_owned(),
        kind => format!("{kind}: main"),
    };
    format!(
        "  {name}-{kind}: {{ external: true, endpoints: {{ main: {port} }}, probes: {{ ready: {{ {ask}{more} }} }} }}\n"
    )
}

/// A server of this machine that does the same with every connection, until the test
/// program ends.
fn stand_in(address: &str, serve: fn(TcpStream)) -> Option<u16> {
    let listener = TcpListener::bind(address).ok()?;
    let port = listener.local_addr().ok()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Some(port)
}

impl Server {
    fn port(&self) -> u16 {
        match self.probe {
            "postgres" => 5432,
            "mysql" => 3306,
            "redis" => 6379,
            _ => 5672,
        }
    }

    /// The server, asked as is usual for its image, and once with a wrong password.
    fn yaml(&self) -> String {
        format!(
            "services:
  server:
    image: {image}
    {setup}
    endpoints: {{ main: {{ port: auto, target: {port} }} }}
    probes: {{ live: {{ {probe}: {{ password: wrong }} }} }}
",
            image = self.image,
            setup = self.setup,
            port = self.port(),
            probe = self.probe,
        )
    }

    fn is_healthy_refuses_and_hangs(&self) {
        let bench = Bench::new(self.probe, &self.yaml());
        bench.call("up", &["--detach"]).expect(0);
        let ready = bench.wait_for_text("server", "ready", self.healthy);
        assert_eq!(ready["verdict"], "pass", "{ready}");
        let whose = &ready["details"]["probe"];
        assert_eq!(
            whose, "default of a known image",
            "nobody wrote it: {ready}"
        );
        let address = ready["details"]["address"].to_string();
        assert!(address.contains("127.0.0.1"), "{ready}");
        let live = bench.wait_for_text("server", "live", self.refused);
        assert_eq!(live["verdict"], "fail", "{live}");
        let container = format!("{}-server-1", bench.name);
        docker_run(&["pause", &container]);
        let hung = bench.wait_for_text("server", "live", "no answer within 5 s");
        docker_run(&["unpause", &container]);
        assert_eq!(hung["verdict"], "fail", "{hung}");
        bench.wait_for_text("server", "live", self.refused);
    }
}

struct Bench {
    home: Home,
    _project: Project,
    file: String,
    name: String,
}

impl Bench {
    fn new(test: &str, rest: &str) -> Self {
        let name = format!("p{}-{test}", std::process::id());
        let project = Project::new(&format!("name: {name}\n{rest}"));
        Self {
            home: Home::new(),
            file: project.file().display().to_string(),
            _project: project,
            name,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    /// The last answer of a probe, as soon as its text contains this.
    fn wait_for_text(&self, service: &str, role: &str, text: &str) -> Value {
        eventually(&format!("{service} says `{text}`"), || {
            let service = self.home.service(&["-f", &self.file], service);
            let probes = service["probes"].as_array().cloned().unwrap_or_default();
            let last = probes.iter().find(|p| p["role"] == role).cloned();
            let last = last.unwrap_or_default();
            match last["text"].as_str() {
                Some(said) if said.contains(text) => Ok(last),
                _ => Err(service.to_string()),
            }
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

fn docker_run(arguments: &[&str]) {
    let status = Command::new("docker").args(arguments).output();
    assert!(
        status.expect("run docker").status.success(),
        "{arguments:?}"
    );
}

#[test]
fn postgres_answers_refuses_and_hangs() {
    if docker("postgres_answers_refuses_and_hangs") {
        POSTGRES.is_healthy_refuses_and_hangs();
    }
}

#[test]
fn mariadb_answers_refuses_and_hangs() {
    if docker("mariadb_answers_refuses_and_hangs") {
        MARIADB.is_healthy_refuses_and_hangs();
    }
}

#[test]
fn redis_answers_refuses_and_hangs() {
    if docker("redis_answers_refuses_and_hangs") {
        REDIS.is_healthy_refuses_and_hangs();
    }
}

#[test]
fn rabbitmq_answers_refuses_and_hangs() {
    if docker("rabbitmq_answers_refuses_and_hangs") {
        RABBITMQ.is_healthy_refuses_and_hangs();
    }
}

/// An HTTP server, asked in every language, and Redis, asked by HTTP.
#[test]
fn another_program_on_the_port_is_named() {
    if !docker("another_program_on_the_port_is_named") {
        return;
    }
    let mut yaml = "services:\n".to_owned();
    for probe in [
        "postgres",
        "mysql",
        "redis",
        "amqp",
        "kafka",
        "grpc",
        "temporal",
        "elasticsearch",
        "flink",
        "grafana",
    ] {
        yaml += &format!(
            "  web-{probe}:
    image: benchtop-test/busybox:1
    command: [httpd, -f, -p, \"80\", -h, /etc]
    endpoints: {{ main: {{ port: auto, target: 80 }} }}
    probes: {{ ready: {probe} }}
"
        );
    }
    for probe in [
        "http: { path: /, endpoint: main }",
        "prometheus: main",
        "postgres: main",
        "amqp: main",
        "mysql: main",
        "kafka: main",
        "grpc: main",
        "temporal: main",
    ] {
        let name = probe.split(':').next().unwrap_or_default();
        yaml += &format!(
            "  redis-{name}:
    image: benchtop-test/redis:7
    endpoints: {{ main: {{ port: auto, target: 6379 }} }}
    probes: {{ ready: {{ {probe} }} }}
"
        );
    }
    let bench = Bench::new("other", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for (service, who) in [
        ("web-postgres", "HTTP/1."),
        ("web-redis", "HTTP/1."),
        ("web-amqp", "HTTP/1."),
        ("web-mysql", "HTTP/1."),
        ("web-kafka", "HTTP/1."),
        ("web-grpc", "HTTP/1."),
        ("web-temporal", "HTTP/1."),
        (
            "web-elasticsearch",
            "404 Not Found, but not as an Elasticsearch cluster",
        ),
        ("web-flink", "404 Not Found"),
        ("web-grafana", "404 Not Found"),
        ("redis-http", "Redis"),
        ("redis-prometheus", "Redis"),
        ("redis-postgres", "Redis"),
        ("redis-amqp", "Redis"),
        ("redis-mysql", "Redis"),
        ("redis-kafka", "Redis"),
        ("redis-grpc", "Redis"),
        ("redis-temporal", "Redis"),
    ] {
        let text = format!("something else answers on this port: {who}");
        let answer = bench.wait_for_text(service, "ready", &text);
        assert_eq!(answer["verdict"], "fail", "{answer}");
    }
}

/// Nobody listens on a port that was free a moment ago.
#[test]
fn a_port_without_a_listener_refuses() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its address").port();
    drop(free);
    let mut yaml = "services:\n".to_owned();
    yaml.extend(every_kind().map(|kind| watched("at", kind, port, "")));
    let bench = Bench::new("refused", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for kind in every_kind() {
        let text = format!("connection refused (port {port})");
        let answer = bench.wait_for_text(&format!("at-{kind}"), "ready", &text);
        assert_eq!(answer["verdict"], "fail", "{answer}");
    }
}

/// A line is written once, and counts as long as the instance lives, whichever engine
/// has seen it.
#[test]
fn a_line_of_the_log_is_waited_for_and_remembered() {
    let bench = Bench::new(
        "line",
        r#"services:
  talker:
    process: [sh, -c, "echo starting; sleep 0.5; echo Listening on 7; exec sleep 1000"]
    probes:
      startup: { log: starting }
      ready: { log: { regex: 'on [0-9]+$' } }
  silent:
    process: [sleep, "1000"]
    probes: { ready: { log: Listening } }
"#,
    );
    bench.call("up", &["--detach"]).expect(0);
    let ready = bench.wait_for_text("talker", "ready", "Listening on 7");
    assert_eq!(ready["verdict"], "pass", "{ready}");
    let silent = bench.wait_for_text("silent", "ready", "not yet written: a line with");
    assert_eq!(silent["verdict"], "fail", "{silent}");
    bench.home.kill_engine();
    let ready = bench.wait_for_text("talker", "ready", "Listening on 7");
    assert_eq!(ready["verdict"], "pass", "{ready}");
}

/// A server that has hung itself up takes connections and no notice of them.
#[test]
fn a_server_that_hangs_is_left_after_the_timeout() {
    let port = stand_in("127.0.0.1:0", |stream| {
        // Held until the other side gives up.
        _ = std::io::copy(&mut &stream, &mut std::io::sink());
    });
    let port = port.expect("a port");
    let mut yaml = "services:\n".to_owned();
    yaml.extend(every_kind().map(|kind| watched("at", kind, port, ", timeout: 700ms")));
    let bench = Bench::new("hangs", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for kind in every_kind() {
        let name = format!("at-{kind}");
        let answer = bench.wait_for_text(&name, "ready", "no answer within 700 ms");
        assert_eq!(answer["verdict"], "fail", "{answer}");
    }
}

/// So answers the port of a container in which nobody listens yet.
#[test]
fn a_port_that_is_accepted_and_closed_is_not_ready() {
    let port = stand_in("127.0.0.1:0", drop).expect("a port");
    let mut yaml = "services:\n".to_owned();
    yaml.extend(every_kind().map(|kind| watched("at", kind, port, "")));
    let bench = Bench::new("closes", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for kind in WIRES {
        let text = "the connection was closed without an answer";
        let answer = bench.wait_for_text(&format!("at-{kind}"), "ready", text);
        assert_eq!(answer["verdict"], "fail", "{answer}");
    }
    for kind in PAGES {
        let answer = bench.wait_for_text(&format!("at-{kind}"), "ready", "connection");
        assert_eq!(answer["verdict"], "fail", "{answer}");
    }
}

/// Whichever family a program listens at, it is found under `localhost`, and the
/// address that answered is said.
#[test]
fn every_kind_asks_both_address_families() {
    let refuse = |mut stream: TcpStream| {
        _ = stream.read(&mut [0; 1024]);
        _ = stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let four = stand_in("127.0.0.1:0", refuse).expect("a port");
    let mut families = vec![("four", four, format!("127.0.0.1:{four}"))];
    match stand_in("[::1]:0", refuse) {
        Some(six) => families.push(("six", six, format!("[::1]:{six}"))),
        None => println!("SKIPPED every_kind_asks_both_address_families: IPv6 is not here"),
    }
    let mut yaml = "services:\n".to_owned();
    for (name, port, _) in &families {
        yaml.extend(every_kind().map(|kind| watched(name, kind, *port, "")));
    }
    let bench = Bench::new("families", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for (name, _, address) in &families {
        for kind in every_kind() {
            let said = match kind {
                "http" => "404 Not Found",
                _ => "something else answers on this port: ",
            };
            let answer = bench.wait_for_text(&format!("{name}-{kind}"), "ready", said);
            assert_eq!(answer["verdict"], "fail", "{answer}");
            assert_eq!(answer["details"]["address"], **address, "{kind}: {answer}");
        }
    }
}

/// A cluster that listens on IPv6 only is found under `localhost` all the same.
#[test]
fn both_address_families_are_tried() {
    let Some(port) = stand_in("[::1]:0", answer) else {
        println!("SKIPPED both_address_families_are_tried: no IPv6");
        return;
    };
    let bench = Bench::new(
        "six",
        &format!(
            "services:\n  logs: {{ external: true, endpoints: {{ http: {port} }}, probes: {{ ready: elasticsearch }} }}\n"
        ),
    );
    bench.call("up", &["--detach"]).expect(0);
    let answer = bench.wait_for_text("logs", "ready", "yellow, 2 nodes, 1 unassigned shards");
    assert_eq!(answer["verdict"], "warn", "{answer}");
    assert_eq!(answer["details"]["address"], format!("[::1]:{port}"));
}

/// Plays a cluster of two nodes.
fn answer(mut stream: TcpStream) {
    let body =
        r#"{"cluster_name":"logs","status":"yellow","number_of_nodes":2,"unassigned_shards":1}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    _ = stream.read(&mut [0; 1024]);
    _ = stream.write_all(format!("{head}{body}").as_bytes());
}
