//! The steps of scenarios that are about Kafka, against real brokers: what is sent is
//! there exactly once, what is not is named, and a group that lags holds the sender back.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_api::schema::ServiceKafkaRequest;
use benchtop_tests::report::step;
use benchtop_tests::systems::{KAFKA, beside_the_producer_of_kafka, brokers};
use benchtop_tests::{Named, docker, eventually, full, images};
use serde_json::Value;

/// For brokers with little to do.
const SMALL: &str = "-Xms192m -Xmx256m";

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
    let services = brokers(1, SMALL);
    let bench = Named::new("one", &format!("services:\n{services}{SCENARIOS}"));
    bench.start();

    let report = bench.run("exact", 0);
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

    let report = bench.run("missing", 1);
    let verify = step(&report, "verify");
    assert_eq!(verify["status"], "failed", "{report:#}");
    let text = verify["text"].as_str().expect("a text");
    assert!(text.contains("3 of 103 messages are missing"), "{text}");
    assert!(text.contains(":feed:1:100, "), "the first is named: {text}");
    assert_eq!(verify["metrics"]["verified"], 100.0, "{verify}");

    let report = bench.run("held", 0);
    assert_eq!(report["status"], "passed", "{report:#}");
    let fed = &step(&report, "feed")["metrics"];
    println!("{fed}");
    assert!(fed["waited_ms"].as_f64() > Some(0.0), "{fed}");
    assert!(fed["lag_max"].as_f64() > Some(0.0), "{fed}");
    assert_eq!(step(&report, "lag")["metrics"]["lag"], 0.0);
    // How the lag went is a curve, whose peak is the number.
    let curve = &step(&report, "feed")["curves"][0];
    assert_eq!(curve["name"], "lag", "{curve}");
    let points = curve["points"].as_array().expect("points");
    let peak = points.iter().filter_map(|point| point["value"].as_f64());
    assert_eq!(
        peak.fold(0.0, f64::max),
        fed["lag_max"].as_f64().expect("a number"),
        "{curve}"
    );
    inside(&bench);
}

/// What the details of the broker show of all that.
fn inside(bench: &Named) {
    let look = |service: &str| {
        bench.ask(|environment| ServiceKafkaRequest {
            environment,
            service: service.to_owned(),
        })
    };
    let view = look("kafka-1").expect("an answer");
    assert_eq!(view.brokers.len(), 1, "{view:?}");
    assert_eq!(view.problems, [""; 0], "{view:?}");
    let topic = |name: &str| view.topics.iter().find(|topic| topic.name == name);
    let orders = topic("orders").expect("the topic");
    assert_eq!(orders.messages, Some(13_100), "{orders:?}");
    assert_eq!(orders.partitions.len(), 4);
    let first = &orders.partitions[0];
    assert_eq!((first.leader, &first.in_sync), (Some(1), &vec![1]));
    assert!(topic("__consumer_offsets").expect("Kafka's own").internal);
    let slow = view.groups.iter().find(|group| group.name == "slow");
    let slow = slow.expect("the group");
    assert_eq!((slow.lag, slow.topics[0].topic.as_str()), (0, "held"));
    assert_eq!((slow.members, slow.state.as_str()), (Some(0), "Empty"));
    bench.docker(&["pause"], "kafka-1", "");
    let silent = look("kafka-1").expect_err("nobody answers");
    assert!(silent.message.contains("does not answer"), "{silent:?}");
    bench.docker(&["unpause"], "kafka-1", "");
    bench.call("stop", &["kafka-1"]).expect(0);
    bench.wait_for("kafka-1", "lifecycle", "Stopped");
    look("kafka-1").expect_err("it is stopped");
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
    let services = brokers(3, SMALL);
    let bench = Named::new(
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
    bench.start();
    let running = bench.scenario("s").spawn().expect("run benchtop");
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

#[test]
fn a_million_messages_are_measured() {
    const NAME: &str = "a_million_messages_are_measured";
    if !is_full(NAME) {
        return;
    }
    let services = brokers(3, "-Xms256m -Xmx512m");
    let bench = Named::new(
        "million",
        &format!(
            "services:\n{services}scenarios:
  s:
    gate: false
    steps:
      - kafka.produce: {{ service: kafka-1, topic: million, count: 1000000, size: 200, partitions: 6, replicas: 3 }}
        id: feed
      - kafka.verify: {{ service: kafka-1, topic: million, count: 1000000 }}
        id: verify
"
        ),
    );
    bench.start();
    beside_the_producer_of_kafka(&bench.container("kafka-1"), "million", || {
        let report = bench.run("s", 0);
        assert_eq!(report["status"], "passed", "{report:#}");
        let verified = &step(&report, "verify")["metrics"];
        assert_eq!(verified["verified"], 1_000_000.0, "{verified}");
        assert_eq!(verified["duplicated"], 0.0, "{verified}");
        let throughput = step(&report, "feed")["metrics"]["throughput"].as_f64();
        throughput.expect("a number")
    });
}
