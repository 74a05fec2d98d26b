//! Steps of scenarios against the real Flink and the real Temporal, in the images of
//! `tests/images/systems.sh`, and with the worker of the local-testing example.
//!
//! Only with `BENCHTOP_FULL=1`, but for databases and queues: the images take long to build.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_api::schema::{
    FlinkCancelRequest, FlinkSubmitRequest, ProbesHistoryRequest, ServiceFlinkRequest,
    ServiceTemporalRequest,
};
use benchtop_tests::programs::root;
use benchtop_tests::report::step;
use benchtop_tests::systems::{
    FLINK, KAFKA, POSTGRES, RABBITMQ, REDIS, TEMPORAL, brokers, flink_cluster,
};
use benchtop_tests::{Named, docker, eventually, full, images};
use serde_json::Value;
use std::process::Command;

fn flow(test: &str, services: &str, scenarios: &str) -> Named {
    Named::new(
        test,
        &format!("services:\n{services}scenarios:\n{scenarios}"),
    )
}

fn text<'a>(report: &'a Value, id: &str) -> &'a str {
    step(report, id)["text"].as_str().unwrap_or_default()
}

/// Whether a test that needs these images is to be run.
fn is_full(test: &str, needed: &[&str]) -> bool {
    full(test) && docker(test) && images(test, needed)
}

const FLINK_SCENARIOS: &str = r"  jobs:
    steps:
      - flink.sql:
          service: gateway
          statements:
            - |
              SET 'pipeline.name' = 'endless';  -- the job's name; not a statement
              CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
              CREATE TABLE nothing (n BIGINT) WITH ('connector' = 'blackhole');
            - INSERT INTO nothing SELECT n FROM numbers
        id: submit
        pass: [statements == 4, jobs == 1]
      - flink.job: { service: jobmanager, job: endless }
        id: runs
        pass: [slots == 1, restarts == 0, uptime_ms >= 0]
      - flink.sql:
          service: gateway
          statements:
            - SET 'execution.runtime-mode' = 'batch'
            - SELECT COUNT(*) AS n, 'x' AS t FROM (VALUES (1), (2), (3)) AS v(a)
        id: count
        pass: [n == 3, rows == 1, jobs == 0]
      - flink.job: { service: jobmanager, job: endless, state: CANCELED }
        id: cancel
        pass: cancelled == 1
      - flink.job: { service: jobmanager, job: never-began, state: CANCELED }
        id: cleanup
        always: true
  over:
    gate: false
    steps: [flink.job: { service: jobmanager, job: endless }]
  absent:
    gate: false
    steps: [flink.job: { service: jobmanager, job: endles, state: CANCELED }]
  wrong:
    gate: false
    steps: [flink.sql: { service: gateway, statements: [SELECT 1 FROM nix] }]
  endless-query:
    gate: false
    steps:
      - flink.sql:
          service: gateway
          statements:
            - SET 'pipeline.name' = 'left-over'
            - CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5')
            - SELECT n FROM numbers
        id: query
        timeout: 8s
  left:
    gate: false
    steps: [flink.job: { service: jobmanager, job: left-over, state: FINISHED }]
";

#[test]
fn statements_begin_jobs_that_are_waited_for_and_cancelled() {
    const NAME: &str = "statements_begin_jobs_that_are_waited_for_and_cancelled";
    if !is_full(NAME, &[FLINK]) {
        return;
    }
    let flow = flow("flink", &flink_cluster(1), FLINK_SCENARIOS);
    flow.start();
    let report = flow.run("jobs", 0);
    let submitted = step(&report, "submit")["details"]["job"].clone();
    assert!(
        submitted.as_str().is_some_and(|id| id.len() == 32),
        "{report:#}"
    );
    assert_eq!(step(&report, "runs")["details"]["job"], submitted);
    assert_eq!(step(&report, "count")["details"]["last rows"], "3 | x");
    assert_eq!(text(&report, "cleanup"), "there is no job `never-began`");

    let over = flow.run("over", 1);
    assert_eq!(text(&over, "flink-job"), "endless is CANCELED");
    let absent = flow.run("absent", 1);
    let said = text(&absent, "flink-job");
    assert!(said.starts_with("there is no job `endles`"), "{said}");
    let wrong = flow.run("wrong", 1);
    assert_eq!(
        text(&wrong, "flink-sql"),
        "`SELECT 1 FROM nix`: Object 'nix' not found"
    );
    // The session of a query that nobody waits for any more is closed, and so its job ends.
    flink_inside(&flow);
    let report = flow.run("endless-query", 1);
    let said = text(&report, "query");
    assert!(
        said.contains("had not ended after 8 s (SELECT n FROM numbers)"),
        "{said}"
    );
    let left = flow.run("left", 1);
    assert_eq!(text(&left, "flink-job"), "left-over is CANCELED");
}

/// What the details of Flink's services show, and what can be done there.
fn flink_inside(flow: &Named) {
    let look = |service: &str| {
        let view = flow.ask(|environment| ServiceFlinkRequest {
            environment,
            service: service.to_owned(),
        });
        view.expect("an answer")
    };
    let view = look("taskmanager");
    assert_eq!(view.job_manager.as_deref(), Some("jobmanager"), "{view:?}");
    assert_eq!(view.gateway.as_deref(), Some("gateway"), "{view:?}");
    assert_eq!((view.task_managers, view.slots), (1, 4));
    let ended = view.jobs.iter().find(|job| job.name == "endless");
    assert_eq!(ended.map(|job| job.state.as_str()), Some("CANCELED"));
    let submit = |sql: &str| {
        flow.ask(|environment| FlinkSubmitRequest {
            environment,
            service: "gateway".to_owned(),
            sql: sql.to_owned(),
        })
    };
    let wrong = submit("SELECT 1 FROM nix").expect_err("no such table");
    assert!(wrong.message.contains("'nix' not found"), "{wrong:?}");
    let begun = submit(
        "SET 'pipeline.name' = 'by-hand';
         CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
         CREATE TABLE nothing (n BIGINT) WITH ('connector' = 'blackhole');
         INSERT INTO nothing SELECT n FROM numbers;",
    );
    let begun = begun.expect("it is submitted");
    assert_eq!((begun.statements, begun.jobs.len()), (4, 1));
    let state = |wanted: &str| {
        eventually(&format!("by-hand is {wanted}"), || {
            let view = look("jobmanager");
            let job = view.jobs.iter().find(|job| job.id == begun.jobs[0]);
            match job.is_some_and(|job| job.state == wanted) {
                true => Ok(()),
                false => Err(format!("{view:?}")),
            }
        });
    };
    state("RUNNING");
    let cancel = |job: &str| {
        flow.ask(|environment| FlinkCancelRequest {
            environment,
            service: "jobmanager".to_owned(),
            job: job.to_owned(),
        })
    };
    cancel("../overview").expect_err("that is no job");
    cancel(&begun.jobs[0]).expect("it is cancelled");
    state("CANCELED");
}

const TEMPORAL_SCENARIOS: &str = r#"  renew:
    vars: { every: 10, messages: 35 }
    steps:
      - temporal.workflow:
          service: temporal
          workflow: SecurityTokenRenewal
          task_queue: security-token
          input: '{"every": ${{ vars.every }}, "messages": ${{ vars.messages }}, "total": ${{ vars.messages }}}'
        id: token
        pass: [renewals == 3, messages == vars.messages]
      - redis: { service: redis, command: GET security-token:serial }
        id: serial
        pass: value == 3
  nobody:
    gate: false
    steps:
      - temporal.workflow: { service: temporal, workflow: SecurityTokenRenewal, task_queue: nobody, workflow_id: alone }
        id: alone
        timeout: 5s
  wrong:
    gate: false
    steps:
      - temporal.workflow: { service: temporal, workflow: SecurityTokenRenewal, task_queue: security-token, namespace: nowhere }
  ended:
    gate: false
    steps:
      - temporal.workflow: { service: temporal, workflow: SecurityTokenRenewal, task_queue: security-token, workflow_id: long, input: '{"every": 10}' }
        id: long
"#;

#[test]
fn a_workflow_is_run_to_its_end_by_the_worker_of_the_example() {
    const NAME: &str = "a_workflow_is_run_to_its_end_by_the_worker_of_the_example";
    if !is_full(NAME, &[TEMPORAL, REDIS]) {
        return;
    }
    let services = format!(
        "  temporal:
    image: {TEMPORAL}
    command: [server, start-dev, --ip, 0.0.0.0, --headless]
    endpoints: {{ grpc: {{ port: auto, target: 7233 }} }}
    probes: {{ startup: {{ temporal: {{ namespace: default }}, timeout: 2m }}, ready: {{ temporal: {{ namespace: default }}, interval: 1s }} }}
  redis: {{ image: {REDIS}, endpoints: {{ tcp: {{ port: auto, target: 6379 }} }} }}
  worker:
    process: sh run.sh
    working_dir: worker
    references: [temporal, redis]
    depends_on: {{ temporal: {{ condition: service_healthy }} }}
    endpoints: {{ http: auto }}
    probes: {{ startup: {{ http: /health/ready, timeout: 300s }}, ready: {{ http: /health/ready }} }}
"
    );
    let flow = flow("temporal", &services, TEMPORAL_SCENARIOS);
    let worker = root().join("examples").join("local-testing").join("worker");
    let copied = Command::new("cp")
        .arg("-r")
        .args([&worker, flow.project.path()])
        .status();
    assert!(copied.expect("cp").success());
    flow.start();
    let report = flow.run("renew", 0);
    let result = step(&report, "token")["details"]["result"].as_str();
    assert!(result.is_some_and(|r| r.contains("renewals")), "{report:#}");

    let view = flow.ask(|environment| ServiceTemporalRequest {
        environment,
        service: "temporal".to_owned(),
    });
    let view = view.expect("an answer");
    let token = view.workflows.first().expect("a workflow");
    assert_eq!(view.namespace, "default");
    assert_eq!(
        (token.kind.as_str(), token.state.as_str()),
        ("SecurityTokenRenewal", "Completed"),
        "{view:?}"
    );
    assert_eq!(token.task_queue, "security-token");
    assert!(token.events > 3 && token.ended > token.started, "{token:?}");

    let report = flow.run("nobody", 1);
    let said = text(&report, "alone");
    assert!(
        said.contains("no worker polls the task queue `nobody`"),
        "{said}"
    );
    // Nobody would ever end it otherwise.
    eventually("its end is asked for", || {
        let history = temporal(&flow, &["workflow", "show", "--workflow-id", "alone"]);
        match history.contains("WorkflowExecutionCancelRequested") {
            true => Ok(()),
            false => Err(history),
        }
    });
    let report = flow.run("wrong", 1);
    let said = text(&report, "temporal-workflow");
    assert!(said.contains("nowhere"), "{said}");

    let killer = std::thread::scope(|scope| {
        let report = scope.spawn(|| flow.run("ended", 1));
        eventually("it runs, and is terminated", || {
            let words = ["workflow", "terminate", "--workflow-id", "long"];
            let said = temporal(&flow, &[&words[..], &["--reason", "enough"]].concat());
            match said.contains("terminated") || report.is_finished() {
                true => Ok(()),
                false => Err(said),
            }
        });
        report.join().expect("the report")
    });
    assert_eq!(
        text(&killer, "long"),
        "SecurityTokenRenewal was terminated: enough"
    );
}

/// What Temporal's own client prints, whether it succeeds or not.
fn temporal(flow: &Named, words: &[&str]) -> String {
    let output = Command::new("docker")
        .args(["exec", &flow.container("temporal"), "temporal"])
        .args(words)
        .output()
        .expect("docker");
    let all = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// As the flagship of the example: messages through a Flink job into another topic, each
/// verified there.
const PIPELINE: &str = r#"  pipeline:
    gate: false
    timeout: 20m
    vars: { messages: 60000, rate: 1500 }
    steps:
      - kafka.produce: { service: kafka-1, topic: in, count: 0, partitions: 6, replicas: 3 }
        id: in
      - kafka.produce: { service: kafka-1, topic: out, count: 0, partitions: 6, replicas: 3 }
        id: out
      - flink.sql:
          service: gateway
          statements:
            - |
              SET 'pipeline.name' = 'pipeline';
              SET 'parallelism.default' = '6';
              SET 'execution.checkpointing.interval' = '2 s';
              CREATE TABLE source (correlation_id STRING, sent BIGINT, payload STRING) WITH (
                'connector' = 'kafka', 'topic' = 'in',
                'properties.bootstrap.servers' = 'kafka-1:29092,kafka-2:29092,kafka-3:29092',
                'properties.group.id' = 'pipeline', 'scan.startup.mode' = 'earliest-offset',
                'format' = 'json');
              CREATE TABLE sink (correlation_id STRING, sending_id STRING, sent BIGINT, payload STRING) WITH (
                'connector' = 'kafka', 'topic' = 'out',
                'properties.bootstrap.servers' = 'kafka-1:29092,kafka-2:29092,kafka-3:29092',
                'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'correlation_id',
                'sink.delivery-guarantee' = 'exactly-once',
                'sink.transactional-id-prefix' = 'pipeline',
                'properties.transaction.timeout.ms' = '600000');
              INSERT INTO sink SELECT correlation_id, UUID(), sent, payload FROM source;
        id: submit
      - flink.job: { service: jobmanager, job: pipeline }
        id: runs
      - kafka.produce: { service: kafka-1, topic: in, count: "${{ vars.messages }}", rate: "${{ vars.rate }}", group: pipeline, lag_threshold: 60s }
        id: feed
      - kafka.lag: { service: kafka-1, topic: in, group: pipeline }
        id: lag
      - kafka.verify: { service: kafka-1, topic: out, count: "${{ vars.messages }}", of: feed }
        id: verify
        pass: [verified == vars.messages, missing == 0, duplicated == 0]
      - flink.job: { service: jobmanager, job: pipeline }
        id: after
        pass: restarts >= 1
"#;

/// So far has a step come that is under way.
fn wait_for_messages(flow: &Named, least: f64) {
    eventually(&format!("{least} messages are sent"), || {
        let all = flow.history();
        if all[0].is_null() {
            return Err("it has not begun".to_owned());
        }
        let done = step(&all[0], "feed")["progress"]["done"].as_f64();
        (done >= Some(least))
            .then_some(())
            .ok_or_else(|| step(&all[0], "feed").to_string())
    });
}

#[test]
fn a_killed_task_manager_and_a_stopped_broker_lose_and_double_nothing() {
    const NAME: &str = "a_killed_task_manager_and_a_stopped_broker_lose_and_double_nothing";
    if !is_full(NAME, &[FLINK, KAFKA]) {
        return;
    }
    // A task manager that ends unexpectedly is started anew, as in the example.
    let cluster = flink_cluster(2).replace(
        "    command: taskmanager\n",
        "    command: taskmanager\n    restart: on-failure\n",
    );
    let services = brokers(3, "-Xms192m -Xmx256m") + &cluster;
    let flow = flow("faults", &services, PIPELINE);
    flow.start();
    let running = flow.scenario("pipeline").spawn().expect("run benchtop");
    wait_for_messages(&flow, 10_000.0);
    flow.docker(&["kill"], "taskmanager-1", "");
    println!("taskmanager-1 killed");
    wait_for_messages(&flow, 35_000.0);
    flow.call("stop", &["kafka-2"]).expect(0);
    println!("kafka-2 stopped");
    let ended = running.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    for step in report["steps"].as_array().expect("steps") {
        let (id, text, took) = (&step["id"], &step["text"], &step["duration"]);
        println!("{id}: {took} ms: {text} {}", step["metrics"]);
    }
    assert_eq!(report["status"], "passed", "{report:#}");
    // The run says what happened.
    let run = flow.call("runs", &["show", "--json"]).expect(0);
    let run: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let changes = run["transitions"].as_array().expect("changes");
    let said = |service: &str, lifecycle: &str| {
        let found = changes
            .iter()
            .find(|one| one["service"] == service && one["lifecycle"] == lifecycle);
        found.unwrap_or_else(|| panic!("{service} is not said to be {lifecycle}: {run:#}"))
    };
    println!("{}", said("taskmanager-1", "Backoff")["cause"]);
    println!("{}", said("kafka-2", "Stopped")["cause"]);
    let turned = changes
        .iter()
        .filter(|one| one["service"] == "kafka-1" && one["status"] == "Degraded");
    let causes: Vec<&str> = turned.filter_map(|one| one["cause"].as_str()).collect();
    println!("kafka-1: {causes:?}");
    assert!(!causes.is_empty(), "{run:#}");
    let answers = broker_answers(&flow, run["run"]["id"].as_str().expect("its id"));
    let named = |text: &String| text.contains("2 of 3 brokers; broker 2 is missing");
    assert!(answers.iter().any(named), "{answers:?}");
}

/// What the probe of the first broker answered in a run.
fn broker_answers(flow: &Named, run: &str) -> Vec<String> {
    let history = flow.ask(|environment| ProbesHistoryRequest {
        environment,
        service: Some("kafka-1".to_owned()),
        run: Some(run.to_owned()),
    });
    let services = history.expect("an answer").services;
    let probes = services.into_iter().flat_map(|service| service.probes);
    let spans = probes.flat_map(|probe| probe.spans);
    spans.map(|span| span.text).collect()
}

/// The clients of the steps on the servers that they are for.
const STORES: &str = r#"  stores:
    steps:
      - sql: { service: postgres, query: "select 40 + 2 as answer, 'x' as word" }
        id: sql
        pass: answer == 42
      - sql: { service: postgres, query: select 1 from nowhere }
        id: wrong
        always: true
      - redis: { service: redis, command: "set greeting hello" }
        id: set
        always: true
      - redis: { service: redis, command: "incrby counter 7" }
        id: counter
        always: true
        pass: value == 7
      - amqp.publish: { service: rabbit, routing_key: orders, body: '{"order": 1}', count: 200 }
        id: publish
        always: true
        pass: [published == 200, confirmed == 200, returned == 0]
      - amqp.publish: { service: rabbit, routing_key: nowhere, body: x }
        id: lost
        always: true
"#;

#[test]
fn databases_and_queues_are_used_as_their_clients_do() {
    const NAME: &str = "databases_and_queues_are_used_as_their_clients_do";
    if !docker(NAME) || !images(NAME, &[POSTGRES, REDIS, RABBITMQ]) {
        return;
    }
    let services = format!(
        "  postgres:
    image: {POSTGRES}
    environment: {{ POSTGRES_PASSWORD: right }}
    endpoints: {{ tcp: {{ port: auto, target: 5432 }} }}
    probes: {{ ready: {{ postgres: {{ password: right }}, interval: 1s }} }}
  redis:
    image: {REDIS}
    endpoints: {{ tcp: {{ port: auto, target: 6379 }} }}
    probes: {{ ready: {{ redis: true, interval: 1s }} }}
  rabbit:
    image: {RABBITMQ}
    endpoints: {{ amqp: {{ port: auto, target: 5672 }} }}
    probes: {{ startup: {{ amqp: true, timeout: 2m }}, ready: {{ amqp: true, interval: 1s }} }}
"
    );
    let flow = flow("stores", &services, STORES);
    flow.start();
    let declare = r#"rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>,queue,<<"orders">>),true,false,[],none,<<"me">>)."#;
    flow.docker(&["exec"], "rabbit", &format!("rabbitmqctl eval {declare}"));
    let report = flow.run("stores", 1);
    let status = |id: &str| step(&report, id)["status"].clone();
    let statuses = ["sql", "wrong", "set", "counter", "publish", "lost"].map(status);
    assert_eq!(
        statuses,
        ["passed", "failed", "passed", "passed", "passed", "failed"],
        "{report:#}"
    );
    assert!(text(&report, "wrong").contains("nowhere"), "{report:#}");
    // They are where others find them.
    let greeting = flow.docker(&["exec"], "redis", "redis-cli get greeting");
    assert_eq!(greeting, "hello");
    let queues = flow.docker(
        &["exec"],
        "rabbit",
        "rabbitmqctl list_queues -q name messages",
    );
    assert!(queues.lines().any(|line| line == "orders\t200"), "{queues}");
}
