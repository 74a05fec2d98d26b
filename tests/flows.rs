//! Steps of scenarios against the real Flink and the real Temporal, in the images of
//! `tests/images/systems.sh`, and with the worker of the local-testing example.
//!
//! Only with `BENCHTOP_FULL=1`: the images take long to build.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::programs::root;
use benchtop_tests::report::step;
use benchtop_tests::systems::{FLINK, REDIS, TEMPORAL, flink_cluster};
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
    let report = flow.run("endless-query", 1);
    let said = text(&report, "query");
    assert!(
        said.contains("had not ended after 8 s (SELECT n FROM numbers)"),
        "{said}"
    );
    let left = flow.run("left", 1);
    assert_eq!(text(&left, "flink-job"), "left-over is CANCELED");
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
