//! What happens to health when a part of a real cluster fails, and how soon readiness is
//! noticed: Kafka, Flink, Temporal, gRPC and PostgreSQL, in the images of `tests/images`.
//!
//! Only with `BENCHTOP_FULL=1`, but for PostgreSQL: most of the images take long to build.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::systems::{FLINK, KAFKA, SQL_GATEWAY, flink};
use benchtop_tests::{Named, PATIENCE, docker, free_port, full, images};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits until the service has a status and its `ready` probe says something.
/// Returns the answer of the probe, and prints how long that took.
fn wait(bench: &Named, service: &str, status: &str, text: &str) -> Value {
    let since = Instant::now();
    loop {
        let state = bench.service(service);
        let ready = answer(&state, "ready");
        let said = ready["text"].as_str().unwrap_or_default();
        if state["status"] == status && said.contains(text) {
            let took = since.elapsed().as_secs_f64();
            println!("{service}: {status} after {took:.1} s: {said}");
            return ready;
        }
        assert!(
            since.elapsed() < PATIENCE * 3,
            "{service} is not {status} with `{text}`: {state}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn answer(state: &Value, role: &str) -> Value {
    let probes = state["probes"].as_array();
    let found = probes.and_then(|all| all.iter().find(|probe| probe["role"] == role));
    found.cloned().unwrap_or_default()
}

fn run_docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output();
    let output = output.expect("run docker");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether a test that takes minutes, with such an image, is to be run.
fn is_full(test: &str, image: &str) -> bool {
    full(test) && docker(test) && images(test, &[image])
}

/// A third of a cluster of brokers. The first has a listener that wants a login.
fn broker(id: u16, port: u16, login: u16) -> String {
    format!(
        r#"  kafka-{id}:
    image: {KAFKA}
    environment:
      CLUSTER_ID: MkU3OEVBNTcwNTJENDM2Qk
      KAFKA_NODE_ID: "{id}"
      KAFKA_PROCESS_ROLES: broker,controller
      KAFKA_CONTROLLER_QUORUM_VOTERS: 1@kafka-1:29093,2@kafka-2:29093,3@kafka-3:29093
      KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
      KAFKA_INTER_BROKER_LISTENER_NAME: INTERNAL
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,LOGIN:SASL_PLAINTEXT
      KAFKA_LISTENERS: INTERNAL://:29092,CONTROLLER://:29093,EXTERNAL://:9092,LOGIN://:9095
      KAFKA_ADVERTISED_LISTENERS: INTERNAL://kafka-{id}:29092,EXTERNAL://localhost:{port},LOGIN://localhost:{login}
      KAFKA_SASL_ENABLED_MECHANISMS: PLAIN
      KAFKA_LISTENER_NAME_LOGIN_PLAIN_SASL_JAAS_CONFIG: 'org.apache.kafka.common.security.plain.PlainLoginModule required user_shop="right";'
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "3"
      KAFKA_LOG_DIRS: /tmp/logs
      KAFKA_HEAP_OPTS: -Xms192m -Xmx256m
    endpoints:
      kafka: {{ port: {port}, target: 9092 }}
      login: {{ port: {login}, target: 9095 }}
    probes:
      startup: {{ kafka: {{ endpoint: kafka }}, timeout: 5m }}
      ready: {{ kafka: {{ endpoint: kafka, min_brokers: 3 }}, interval: 1s }}
"#
    )
}

#[test]
fn a_kafka_broker_that_stops_is_named_until_it_is_back() {
    const NAME: &str = "a_kafka_broker_that_stops_is_named_until_it_is_back";
    if !is_full(NAME, KAFKA) {
        return;
    }
    let ports: Vec<(u16, u16)> = (0..3).map(|_| (free_port(), free_port())).collect();
    let (plain, login) = ports[0];
    let mut yaml = "services:\n".to_owned();
    for (id, (port, login)) in (1..).zip(&ports) {
        yaml += &broker(id, *port, *login);
    }
    for (name, port, ask) in [
        ("orders", plain, "topic: orders"),
        (
            "right",
            login,
            "user: shop, password: right, min_brokers: 3",
        ),
        ("wrong", login, "user: shop, password: wrong"),
        ("nobody", login, ""),
        ("nobody-counts", login, "min_brokers: 3"),
    ] {
        yaml += &format!(
            "  {name}: {{ external: true, endpoints: {{ main: {port} }}, probes: {{ ready: {{ kafka: {{ {ask} }}, interval: 1s }} }} }}\n"
        );
    }
    let bench = Named::new("kafka", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    for id in 1..=3 {
        wait(
            &bench,
            &format!("kafka-{id}"),
            "Healthy",
            "3 brokers, 0 topics",
        );
    }
    let says = |service: &str, text: &str| {
        let said = benchtop_tests::eventually(text, || {
            let said = answer(&bench.service(service), "ready");
            let fits = said["text"]
                .as_str()
                .is_some_and(|said| said.contains(text));
            fits.then(|| said.clone()).ok_or_else(|| said.to_string())
        });
        said["verdict"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(says("orders", "there is no topic `orders`"), "fail");
    assert_eq!(says("right", "3 brokers"), "pass");
    assert_eq!(says("wrong", "the broker refuses the login"), "fail");
    assert_eq!(says("nobody", "it tells only after a login"), "pass");
    assert_eq!(
        says("nobody-counts", "does its listener want a login?"),
        "fail"
    );

    let two = bench.container("kafka-2");
    // Nobody has data yet; the cluster itself knows who is away.
    bench.call("stop", &["kafka-2"]).expect(0);
    let away = wait(
        &bench,
        "kafka-1",
        "Degraded",
        "2 of 3 brokers; broker 2 is missing",
    );
    assert_eq!(away["details"]["missing brokers"], "2", "{away}");
    bench.call("start", &["kafka-2"]).expect(0);
    wait(&bench, "kafka-1", "Healthy", "3 brokers");

    let tool = "/opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka-1:29092 --create --topic orders --partitions 3 --replication-factor 3";
    let one = bench.container("kafka-1");
    run_docker(&[&["exec", &one][..], &tool.split(' ').collect::<Vec<_>>()].concat());
    wait(&bench, "orders", "Healthy", "3 brokers, 1 topic");
    run_docker(&["kill", &two]);
    let away = wait(
        &bench,
        "kafka-1",
        "Degraded",
        "broker 2 is missing; 3 partitions under-replicated",
    );
    assert_eq!(away["details"]["brokers"], "1, 3", "{away}");
    bench.call("start", &["kafka-2"]).expect(0);
    let whole = wait(&bench, "kafka-1", "Healthy", "3 brokers, 1 topic");
    println!("{}", whole["details"]);

    // Without a majority the last one knows nothing new, and says who does not answer.
    bench.call("stop", &["kafka-2"]).expect(0);
    bench.call("stop", &["kafka-3"]).expect(0);
    wait(&bench, "kafka-1", "Degraded", "no controller answers");
}

#[test]
fn a_flink_task_manager_that_is_killed_is_missed() {
    const NAME: &str = "a_flink_task_manager_that_is_killed_is_missed";
    if !is_full(NAME, FLINK) {
        return;
    }
    let (jobs, sql) = (free_port(), free_port());
    let mut yaml = "services:\n".to_owned();
    yaml += &flink(
        "jobmanager",
        "jobmanager",
        10,
        &format!(
            "    endpoints: {{ http: {{ port: {jobs}, target: 8081 }} }}
    probes:
      startup: {{ flink: http, timeout: 5m }}
      ready: {{ flink: {{ min_task_managers: 3, min_slots: 30 }}, interval: 1s }}
"
        ),
    );
    for n in 1..=3 {
        yaml += &flink(&format!("taskmanager-{n}"), "taskmanager", 10, "");
    }
    yaml += &flink(
        "gateway",
        SQL_GATEWAY,
        10,
        &format!("    endpoints: {{ http: {{ port: {sql}, target: 8083 }} }}\n"),
    );
    yaml += &format!(
        "  counts: {{ external: true, endpoints: {{ http: {sql} }}, probes: {{ ready: {{ flink: {{ min_slots: 1 }}, interval: 1s }} }} }}\n"
    );
    let bench = Named::new("flink", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    let whole = wait(
        &bench,
        "jobmanager",
        "Healthy",
        "task managers: 3, slots: 30 (30 free)",
    );
    println!("{}", whole["details"]);
    let gateway = wait(
        &bench,
        "gateway",
        "Healthy",
        "SQL gateway of Apache Flink 2.",
    );
    assert_eq!(gateway["details"]["probe"], "default of a known image");
    benchtop_tests::eventually("the gateway has no slots", || {
        let said = answer(&bench.service("counts"), "ready");
        let fits = said["text"]
            .as_str()
            .is_some_and(|t| t.contains("ask the job manager"));
        fits.then_some(()).ok_or_else(|| said.to_string())
    });
    run_docker(&["kill", &bench.container("taskmanager-2")]);
    let less = wait(
        &bench,
        "jobmanager",
        "Degraded",
        "2 of 3 task managers, 20 of 30 slots",
    );
    assert_eq!(less["details"]["slots"], "20", "{less}");
    bench.call("start", &["taskmanager-2"]).expect(0);
    wait(
        &bench,
        "jobmanager",
        "Healthy",
        "task managers: 3, slots: 30",
    );
}

#[test]
fn a_frozen_database_is_unhealthy_until_it_thaws() {
    if !docker("a_frozen_database_is_unhealthy_until_it_thaws") {
        return;
    }
    let bench = Named::new(
        "frozen",
        "services:
  db:
    image: benchtop-test/postgres:15
    environment: { POSTGRES_PASSWORD: right }
    endpoints: { tcp: { port: auto, target: 5432 } }
    probes:
      live: { postgres: { password: right }, interval: 1s, timeout: 1s, failure_threshold: 3 }
      ready: { postgres: { password: right }, interval: 1s, timeout: 1s }
",
    );
    bench.call("up", &["--wait", "--detach"]).expect(0);
    wait(&bench, "db", "Healthy", "PostgreSQL 15.");
    let frozen = bench.container("db");
    run_docker(&["pause", &frozen]);
    wait(&bench, "db", "Unhealthy", "no answer within 1 s");
    let live = answer(&bench.service("db"), "live");
    let failures = live["failures"].as_u64();
    assert!(failures >= Some(3), "the threshold was waited for: {live}");
    run_docker(&["unpause", &frozen]);
    wait(&bench, "db", "Healthy", "PostgreSQL 15.");
}

#[test]
fn the_health_service_of_grpc_is_asked() {
    const IMAGE: &str = "benchtop-test/grpc-health:1";
    if !is_full("the_health_service_of_grpc_is_asked", IMAGE) {
        return;
    }
    let port = free_port();
    let watched = |name: &str, ask: &str| {
        format!(
            "  {name}: {{ external: true, endpoints: {{ grpc: {port} }}, probes: {{ ready: {{ {ask}, interval: 1s, timeout: 2s }} }} }}\n"
        )
    };
    let yaml = format!(
        "services:
  server:
    image: {IMAGE}
    environment: {{ SERVICES: shop.Orders }}
    endpoints: {{ grpc: {{ port: {port}, target: 50051 }} }}
    probes: {{ ready: {{ grpc: {{ service: shop.Orders }}, interval: 1s, timeout: 2s }} }}
{}{}{}",
        watched("whole", "grpc: true"),
        watched("stranger", "grpc: { service: shop.Order }"),
        watched("workflows", "temporal: true"),
    );
    let bench = Named::new("grpc", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    wait(&bench, "server", "Healthy", "shop.Orders is serving");
    wait(&bench, "whole", "Healthy", "serving");
    let says = |service: &str, text: &str| {
        benchtop_tests::eventually(text, || {
            let said = answer(&bench.service(service), "ready");
            let fits = said["text"]
                .as_str()
                .is_some_and(|said| said.contains(text));
            fits.then_some(()).ok_or_else(|| said.to_string())
        });
    };
    says("stranger", "the server does not know this service");
    says("workflows", "a gRPC server answers, but it is not Temporal");
    let container = bench.container("server");
    let order = "echo 'shop.Orders NOT_SERVING' > /tmp/state";
    run_docker(&["exec", &container, "sh", "-c", order]);
    wait(&bench, "server", "Degraded", "shop.Orders does not serve");
    wait(&bench, "whole", "Healthy", "serving");
    run_docker(&["pause", &container]);
    wait(&bench, "server", "Degraded", "no answer within 2 s");
    run_docker(&["unpause", &container]);
    run_docker(&["exec", &container, "sh", "-c", &order.replace("NOT_", "")]);
    wait(&bench, "server", "Healthy", "shop.Orders is serving");
}

#[test]
fn temporal_is_asked_for_its_namespace() {
    const IMAGE: &str = "benchtop-test/temporal:1.29.1";
    if !is_full("temporal_is_asked_for_its_namespace", IMAGE) {
        return;
    }
    let port = free_port();
    let yaml = format!(
        "services:
  temporal:
    image: {IMAGE}
    command: [server, start-dev, --ip, 0.0.0.0, --headless]
    endpoints: {{ grpc: {{ port: {port}, target: 7233 }} }}
    probes: {{ ready: {{ temporal: {{ namespace: default }}, interval: 1s, timeout: 2s }} }}
  shop: {{ external: true, endpoints: {{ grpc: {port} }}, probes: {{ ready: {{ temporal: {{ namespace: shop }}, interval: 1s }} }} }}
"
    );
    let bench = Named::new("temporal", &yaml);
    bench.call("up", &["--detach"]).expect(0);
    let ready = wait(&bench, "temporal", "Healthy", "Temporal 1.");
    println!("{}", ready["details"]);
    benchtop_tests::eventually("there is no such namespace", || {
        let said = answer(&bench.service("shop"), "ready");
        let fits = said["text"]
            .as_str()
            .is_some_and(|t| t.contains("there is no namespace `shop`"));
        fits.then_some(()).ok_or_else(|| said.to_string())
    });
    let container = bench.container("temporal");
    let create = "temporal operator namespace create --namespace shop --address 127.0.0.1:7233";
    run_docker(
        &[
            &["exec", &container][..],
            &create.split(' ').collect::<Vec<_>>(),
        ]
        .concat(),
    );
    wait(&bench, "shop", "Healthy", "Temporal 1.");
    run_docker(&["pause", &container]);
    wait(&bench, "temporal", "Degraded", "no answer within 2 s");
    run_docker(&["unpause", &container]);
    wait(&bench, "temporal", "Healthy", "Temporal 1.");
}

/// RabbitMQ takes logins as ever while it lets nobody publish; only its management API
/// says so.
#[test]
fn a_broker_that_is_out_of_memory_is_degraded_until_it_is_not() {
    if !docker("a_broker_that_is_out_of_memory_is_degraded_until_it_is_not") {
        return;
    }
    let bench = Named::new(
        "rabbit",
        "services:
  rabbitmq:
    image: benchtop-test/rabbitmq:3
    endpoints: { amqp: { port: auto, target: 5672 }, management: { port: auto, target: 15672 } }
    probes: { ready: { amqp: true, interval: 1s } }
",
    );
    bench.call("up", &["--wait", "--detach"]).expect(0);
    let container = bench.container("rabbitmq");
    let watermark = |share| {
        let set = ["rabbitmqctl", "set_vm_memory_high_watermark", share];
        run_docker(&[&["exec", &container][..], &set].concat());
    };
    watermark("0.00001");
    let said = wait(
        &bench,
        "rabbitmq",
        "Degraded",
        "memory alarm, publishers are blocked (",
    );
    assert_eq!(said["details"]["nodes"], "1", "{said}");
    watermark("0.4");
    let said = wait(&bench, "rabbitmq", "Healthy", "RabbitMQ 3.");
    assert_eq!(said["details"]["queues"], "0", "{said}");
}

/// A copy that no second node takes is yellow, a shard that nobody may have is red.
#[test]
fn the_colour_of_elasticsearch_is_its_health() {
    const ELASTICSEARCH: &str = "benchtop-test/elasticsearch:7.10.2";
    if !is_full("the_colour_of_elasticsearch_is_its_health", ELASTICSEARCH) {
        return;
    }
    let port = free_port();
    let bench = Named::new(
        "search",
        &format!(
            "services:
  search:
    image: {ELASTICSEARCH}
    environment: {{ discovery.type: single-node, cluster.name: shop, ES_JAVA_OPTS: -Xms256m -Xmx256m }}
    endpoints: {{ http: {{ port: {port}, target: 9200 }} }}
    probes: {{ ready: {{ elasticsearch: true, interval: 1s }} }}
"
        ),
    );
    bench.start();
    let said = wait(&bench, "search", "Healthy", "green, 1 node");
    assert_eq!(said["details"]["cluster"], "shop", "{said}");
    let index = |name: &str, settings: &str| {
        let body = format!(r#"{{"settings":{{"index":{{{settings}}}}}}}"#);
        let url = format!("http://localhost:{port}/{name}?wait_for_active_shards=0");
        let json = "content-type: application/json";
        let put = ["-sf", "-X", "PUT", &url, "-H", json, "-d", &body];
        let done = Command::new("curl").args(put).output().expect("run curl");
        assert!(done.status.success(), "{done:?}");
    };
    index("articles", r#""number_of_shards":2,"number_of_replicas":1"#);
    wait(
        &bench,
        "search",
        "Degraded",
        "yellow, 1 node, 2 unassigned shards",
    );
    let nowhere =
        r#""number_of_replicas":0,"routing":{"allocation":{"require":{"_name":"nobody"}}}"#;
    index("orders", nowhere);
    wait(
        &bench,
        "search",
        "Degraded",
        "red, 1 node, 3 unassigned shards",
    );
    let delete = format!("http://localhost:{port}/articles,orders");
    let gone = Command::new("curl")
        .args(["-sf", "-X", "DELETE", &delete])
        .status();
    assert!(gone.expect("run curl").success());
    wait(&bench, "search", "Healthy", "green, 1 node");
}

/// A server that is not ready before some time has passed, and notes when it is.
const SLOW: &str = r#"
import http.server, sys, time
time.sleep(float(sys.argv[2]))
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
open(sys.argv[3], "w").write(str(time.time() * 1000))
if sys.argv[4] == "speaks":
    print("listening", flush=True)
server.serve_forever()
"#;

/// How soon services are seen to be ready that take this long, in milliseconds: those
/// that say so, as nearly every server does, and those that are silent.
#[test]
fn readiness_is_noticed_at_once() {
    const NAME: &str = "readiness_is_noticed_at_once";
    if !full(NAME) {
        return;
    }
    let delays = [0.3, 0.7, 1.1, 1.9, 2.6, 3.4, 4.7, 6.1, 7.9, 9.3, 11.2, 14.5];
    let mut yaml = "services:\n".to_owned();
    for manner in ["speaks", "silent"] {
        for (n, delay) in delays.iter().enumerate() {
            let port = free_port();
            yaml += &format!(
                "  {manner}-{n}:
    process: python3 slow.py {port} {delay} {manner}-{n}.txt {manner}
    endpoints: {{ http: {port} }}
    probes: {{ ready: {{ http: / }} }}
"
            );
        }
    }
    let bench = Named::new("soon", &yaml);
    bench.project.write("slow.py", SLOW);
    bench.call("up", &["--wait", "--detach"]).expect(0);
    for manner in ["speaks", "silent"] {
        let mut took: Vec<f64> = (0..delays.len())
            .map(|n| {
                let note = bench.project.path().join(format!("{manner}-{n}.txt"));
                let ready: f64 = std::fs::read_to_string(note)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .expect("when it was ready");
                let state = bench.service(&format!("{manner}-{n}"));
                state["since"].as_f64().expect("when it was Healthy") - ready
            })
            .collect();
        took.sort_by(f64::total_cmp);
        println!(
            "{manner}: noticed after {:.0} ms at the median, {:.0} ms at the most, of {}",
            took[took.len() / 2],
            took.last().copied().unwrap_or_default(),
            took.len()
        );
    }
}
