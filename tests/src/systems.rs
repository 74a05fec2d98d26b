//! Real systems as services of an environment file: their images, which
//! `tests/images/systems.sh` makes, and how they are told to run.

use crate::port::free_port;
use crate::programs::are_optimised;
use std::process::Command;

/// The image of a Kafka broker.
pub const KAFKA: &str = "benchtop-test/kafka:4.1.1";

/// The image of Flink.
pub const FLINK: &str = "benchtop-test/flink:2.2.1";

/// The image of Temporal.
pub const TEMPORAL: &str = "benchtop-test/temporal:1.29.1";

/// The image of Redis.
pub const REDIS: &str = "benchtop-test/redis:7";

/// The image of PostgreSQL.
pub const POSTGRES: &str = "benchtop-test/postgres:15";

/// The image of RabbitMQ.
pub const RABBITMQ: &str = "benchtop-test/rabbitmq:3";

/// Kafka brokers, called `kafka-1` and so on, each reached at a port of its own.
#[must_use]
pub fn brokers(all: usize, heap: &str) -> String {
    (1..=all).map(|id| broker(id, all, heap)).collect()
}

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
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "{all}"
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: "3"
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1"
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

/// A program of Flink with so many slots in each task manager; `more` are further keys of
/// the service, indented by four spaces.
#[must_use]
pub fn flink(name: &str, command: &str, slots: u32, more: &str) -> String {
    format!(
        r"  {name}:
    image: {FLINK}
    command: {command}
    environment:
      FLINK_PROPERTIES: |
        jobmanager.rpc.address: jobmanager
        rest.address: jobmanager
        jobmanager.memory.process.size: 900m
        taskmanager.memory.process.size: 900m
        taskmanager.memory.managed.size: 64m
        taskmanager.numberOfTaskSlots: {slots}
        pekko.startup-timeout: 2 min
        heartbeat.interval: 1000
        heartbeat.timeout: 8000
{more}"
    )
}

/// What starts the SQL gateway of Flink.
pub const SQL_GATEWAY: &str =
    "/opt/flink/bin/sql-gateway.sh start-foreground -Dsql-gateway.endpoint.rest.address=0.0.0.0";

/// A job manager, so many task managers with four slots each, and an SQL gateway.
#[must_use]
pub fn flink_cluster(task_managers: usize) -> String {
    let job_manager = flink(
        "jobmanager",
        "jobmanager",
        4,
        &format!("    endpoints: {{ http: {{ port: auto, target: 8081 }} }}
    probes: {{ startup: {{ flink: http, timeout: 5m }}, ready: {{ flink: {{ min_task_managers: {task_managers} }}, interval: 1s }} }}\n"),
    );
    let gateway = flink(
        "gateway",
        SQL_GATEWAY,
        4,
        "    endpoints: { http: { port: auto, target: 8083 } }
    probes: { startup: { flink: http, timeout: 5m }, ready: { flink: http, interval: 1s } }\n",
    );
    let names: Vec<String> = match task_managers {
        1 => vec!["taskmanager".to_owned()],
        _ => (1..=task_managers)
            .map(|n| format!("taskmanager-{n}"))
            .collect(),
    };
    let workers = names.iter().map(|name| flink(name, "taskmanager", 4, ""));
    [job_manager, gateway].into_iter().chain(workers).collect()
}

/// Messages a second of the producer that Kafka brings for measuring: a million of 200 bytes,
/// from inside the container of a broker, each confirmed by all replicas in step. It is
/// started as `kafka-producer-perf-test.sh` of Kafka does it: the script of the test image
/// spares the machine, and would spare the comparison, too.
///
/// # Panics
/// Where it does not measure.
#[must_use]
pub fn producer_of_kafka(container: &str, topic: &str, properties: &str) -> f64 {
    let java = "java -Xmx512M -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties";
    let program = "-cp /opt/kafka/libs/* org.apache.kafka.tools.ProducerPerformance";
    let what = format!("--topic {topic} --num-records 1000000 --record-size 200 --throughput -1");
    let how = "--producer-props acks=all bootstrap.servers=kafka-1:29092,kafka-2:29092";
    let words = format!(
        "exec -e KAFKA_LOG4J_ROOT_LOGLEVEL=WARN {container} {java} {program} {what} {how} {properties}"
    );
    let words = words.split(' ').filter(|word| !word.is_empty());
    let output = Command::new("docker").args(words).output();
    let output = output.expect("run docker");
    let printed = String::from_utf8_lossy(&output.stdout);
    let summary = printed.lines().rfind(|line| line.contains("99.9th"));
    println!(
        "kafka-producer-perf-test {properties}: {}",
        summary.unwrap_or(&printed)
    );
    let rate = summary.and_then(|line| line.split(", ").nth(1)?.split(' ').next());
    let rate = rate.and_then(|rate| rate.parse().ok());
    rate.unwrap_or_else(|| panic!("it measured nothing: {output:?}"))
}

/// The throughput of `ours` beside that of Kafka's own producer on the same cluster, in
/// turns; that one as it is, and with batches as large as ours. What each can do best counts:
/// the machine may have other work as well. A program for use reaches 0.8 at the least.
///
/// # Panics
/// Where it does not.
pub fn beside_the_producer_of_kafka(container: &str, topic: &str, ours: impl Fn() -> f64) {
    let (mut own, mut theirs) = (0.0_f64, 0.0_f64);
    for _ in 0..3 {
        own = own.max(ours());
        for properties in ["", "batch.size=131072"] {
            theirs = theirs.max(producer_of_kafka(container, topic, properties));
        }
    }
    let ratio = own / theirs;
    println!("ours {own:.0}/s, kafka-producer-perf-test {theirs:.0}/s, ratio {ratio:.2}");
    assert!(ratio >= 0.8 || !are_optimised(), "ratio {ratio:.2}");
}
