//! The steps of scenarios that are about Kafka, against real brokers: what is sent is
//! there exactly once, what is not is named, and a group that lags holds the sender back.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::{Home, Project, docker, eventually, full, images};
use serde_json::Value;
use std::process::{Command, Stdio};

const KAFKA: &str = "benchtop-test/kafka:4.1.1";

/// An environment of a test's own.
struct Bench {
    home: Home,
    project: Project,
    name: String,
}

impl Bench {
    fn new(test: &str, rest: &str) -> Self {
        let name = format!("m{}-{test}", std::process::id());
        let rest = rest.replace("@NAME", &name);
        let bench = Self {
            home: Home::new(),
            project: Project::new(&format!("name: {name}\n{rest}")),
            name,
        };
        let file = bench.project.file().display().to_string();
        let up = ["up", "-f", &file, "--wait", "--detach", "--timeout", "5m"];
        bench.home.benchtop(&up).expect(0);
        bench
    }

    fn command(&self, scenario: &str) -> Command {
        let file = self.project.file().display().to_string();
        let words = ["scenario", "run", "-f", &file, scenario, "--json"];
        let mut command = self.home.command(&words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, scenario: &str) -> Value {
        let output = self.command(scenario).output().expect("run benchtop");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
    }

    fn history(&self) -> Value {
        let file = self.project.file().display().to_string();
        let words = ["scenario", "history", "-f", &file, "--json"];
        let told = self.home.benchtop(&words).expect(0);
        serde_json::from_str(&told.stdout).expect("JSON")
    }

    fn docker(&self, words: &[&str], service: &str, rest: &str) -> String {
        let container = format!("{}-{service}-1", self.name);
        let rest = rest.split(' ').filter(|word| !word.is_empty());
        let all = words
            .iter()
            .copied()
            .chain([container.as_str()])
            .chain(rest);
        let output = Command::new("docker")
            .args(all)
            .output()
            .expect("run docker");
        assert!(output.status.success(), "{words:?} {service}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let file = self.project.file().display().to_string();
        self.home.benchtop(&["down", "-f", &file]);
    }
}

fn step<'a>(report: &'a Value, id: &str) -> &'a Value {
    let steps = report["steps"].as_array().expect("steps");
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("no step {id} in {report:#}"))
}

/// A port that is free at this moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// One of so many brokers, which are called `kafka-1` and so on.
fn broker(id: usize, all: usize, heap: &str) -> String {
    let port = free_port();
    let voters: Vec<String> = (1..=all).map(|n| format!("{n}@kafka-{n}:29093")).collect();
    format!(
        r#"  kafka-{id}:
    image: {KAFKA}
    environment:
      CLUSTER_ID: MkU3OEVBNTcwNTJENDM2Qk
      KAFKA_NODE_ID: "{id}"
      KAFKA_PROCESS_ROLES: broker,controller
      KAFKA_CONTROLLER_QUORUM_VOTERS: {}
      KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
      KAFKA_INTER_BROKER_LISTENER_NAME: INTERNAL
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT
      KAFKA_LISTENERS: INTERNAL://:29092,CONTROLLER://:29093,EXTERNAL://:9092
      KAFKA_ADVERTISED_LISTENERS: INTERNAL://kafka-{id}:29092,EXTERNAL://localhost:{port}
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "{all}"
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "3"
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0"
      KAFKA_LOG_DIRS: /tmp/logs
      KAFKA_HEAP_OPTS: {heap}
    endpoints: {{ kafka: {{ port: {port}, target: 9092 }} }}
    probes:
      startup: {{ kafka: {{ endpoint: kafka }}, timeout: 5m }}
      ready: {{ kafka: {{ endpoint: kafka, min_brokers: {all} }}, interval: 1s }}
"#,
        voters.join(",")
    )
}

/// Several executions and steps share topics, and none sees the messages of another.
const SCENARIOS: &str = r#"scenarios:
  exact:
    gate: false
    steps:
      - kafka.produce: { service: kafka-1, topic: orders, count: 3000, partitions: 4 }
        id: before
      - kafka.produce: { service: kafka-1, topic: orders, count: 10000, size: 300 }
        id: feed
      - kafka.verify: { service: kafka-1, topic: orders, count: 3000, of: before }
        id: older
      - kafka.verify: { service: kafka-1, topic: orders, count: 10000 }
        id: exact
  missing:
    gate: false
    steps:
      - kafka.produce: { service: kafka-1, topic: orders, count: 100 }
        id: feed
      - kafka.verify: { service: kafka-1, topic: orders, count: 103 }
        id: verify
        timeout: 10s
  held:
    gate: false
    steps:
      - kafka.produce: { service: kafka-1, topic: held, count: 10 }
        id: begin
      - parallel:
          - kafka.produce: { service: kafka-1, topic: held, count: 3000, rate: 1000, burst: 200, group: slow, lag_threshold: 500ms }
            id: feed
          - run: docker exec @NAME-kafka-1-1 /opt/kafka/bin/kafka-console-consumer.sh --bootstrap-server kafka-1:29092 --topic held --group slow --consumer-property auto.commit.interval.ms=200 --from-beginning --max-messages 3010
            id: consumer
      - kafka.lag: { service: kafka-1, topic: held, group: slow }
        id: lag
      - kafka.verify: { service: kafka-1, topic: held, count: 3000, of: feed }
        id: verify
"#;

/// Whether there is what every test here needs.
fn is_possible(test: &str) -> bool {
    docker(test) && images(test, &[KAFKA])
}

#[test]
fn messages_are_there_exactly_once_and_a_lag_holds_them_back() {
    if !is_possible("messages_are_there_exactly_once_and_a_lag_holds_them_back") {
        return;
    }
    let services = broker(1, 1, "-Xms192m -Xmx256m");
    let bench = Bench::new("one", &format!("services:\n{services}{SCENARIOS}"));

    let report = bench.run("exact");
    assert_eq!(report["status"], "passed", "{report:#}");
    let exact = &step(&report, "exact")["metrics"];
    let counts = ["verified", "missing", "duplicated"].map(|name| exact[name].as_f64());
    assert_eq!(counts, [Some(10_000.0), Some(0.0), Some(0.0)], "{exact}");
    assert_eq!(
        exact["foreign"], 3_000.0,
        "those of the first step: {exact}"
    );
    let fed = &step(&report, "feed")["metrics"];
    assert_eq!(fed["broker_1"], 10_000.0, "{fed}");
    assert!(fed["bytes"].as_f64() > Some(3_000_000.0), "{fed}");
    println!("{fed}");

    let report = bench.run("missing");
    let verify = step(&report, "verify");
    assert_eq!(verify["status"], "failed", "{report:#}");
    let text = verify["text"].as_str().expect("a text");
    assert!(text.contains("3 of 103 messages are missing"), "{text}");
    assert!(text.contains(":feed:1:100, "), "the first is named: {text}");
    assert_eq!(verify["metrics"]["verified"], 100.0, "{verify}");

    let report = bench.run("held");
    assert_eq!(report["status"], "passed", "{report:#}");
    let fed = &step(&report, "feed")["metrics"];
    println!("{fed}");
    assert!(fed["waited_ms"].as_f64() > Some(0.0), "{fed}");
    assert!(fed["lag_max"].as_f64() > Some(0.0), "{fed}");
    assert_eq!(step(&report, "lag")["metrics"]["lag"], 0.0);
}

/// Whether a test that takes minutes is to be run.
fn is_full(test: &str) -> bool {
    full(test) && is_possible(test)
}

#[test]
fn nothing_is_lost_when_a_broker_dies_in_the_middle() {
    const NAME: &str = "nothing_is_lost_when_a_broker_dies_in_the_middle";
    if !is_full(NAME) {
        return;
    }
    let services: String = (1..=3)
        .map(|id| broker(id, 3, "-Xms192m -Xmx256m"))
        .collect();
    let bench = Bench::new(
        "three",
        &format!(
            "services:\n{services}scenarios:
  s:
    gate: false
    steps:
      - kafka.produce: {{ service: kafka-1, topic: orders, count: 40000, partitions: 6, replicas: 3, rate: 2000 }}
        id: feed
      - kafka.verify: {{ service: kafka-1, topic: orders, count: 40000 }}
        id: verify
"
        ),
    );
    let running = bench.command("s").spawn().expect("run benchtop");
    eventually("some messages are sent", || {
        let all = bench.history();
        if all[0].is_null() {
            return Err("it has not begun".to_owned());
        }
        let done = step(&all[0], "feed")["progress"]["done"].as_f64();
        (done > Some(5_000.0))
            .then_some(())
            .ok_or_else(|| all.to_string())
    });
    bench.docker(&["kill"], "kafka-2", "");
    let ended = running.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    println!("{}", step(&report, "feed"));
    assert_eq!(report["status"], "passed", "{report:#}");
    let verified = &step(&report, "verify")["metrics"];
    assert_eq!(verified["verified"], 40_000.0, "{verified}");
    assert_eq!(verified["duplicated"], 0.0, "{verified}");
}

/// Beside the producer that Kafka brings for measuring, one after the other. A build for
/// debugging is not judged by it.
#[test]
fn a_million_messages_are_measured() {
    const NAME: &str = "a_million_messages_are_measured";
    if !is_full(NAME) {
        return;
    }
    let services = broker(1, 1, "-Xms512m -Xmx512m");
    let bench = Bench::new(
        "million",
        &format!(
            "services:\n{services}scenarios:
  s:
    gate: false
    steps:
      - kafka.produce: {{ service: kafka-1, topic: million, count: 1000000, size: 100 }}
        id: feed
      - kafka.verify: {{ service: kafka-1, topic: million, count: 1000000 }}
        id: verify
"
        ),
    );
    let report = bench.run("s");
    assert_eq!(report["status"], "passed", "{report:#}");
    let ours = step(&report, "feed")["metrics"]["throughput"].as_f64();
    let ours = ours.expect("a number");
    let theirs = bench.docker(
        &["exec"],
        "kafka-1",
        "/opt/kafka/bin/kafka-producer-perf-test.sh --topic million --num-records 1000000 --record-size 100 --throughput -1 --producer-props bootstrap.servers=kafka-1:29092 acks=all",
    );
    println!("{}", step(&report, "feed")["metrics"]);
    println!("{}", step(&report, "verify")["metrics"]);
    println!("{theirs}");
    if let Some(rate) = theirs
        .lines()
        .rfind(|line| line.contains("99.9th"))
        .and_then(|line| {
            line.split(", ")
                .nth(1)?
                .split(' ')
                .next()?
                .parse::<f64>()
                .ok()
        })
    {
        println!(
            "ours {ours:.0}/s, theirs {rate:.0}/s, ratio {:.2}",
            ours / rate
        );
    }
}
