//! The local-testing example on its real systems: Kafka, Flink, Temporal and what
//! watches them, in the images of `tests/images/systems.sh`.
//!
//! Only with `BENCHTOP_FULL=1`: the images take long to build, and a dozen servers long
//! to start. What cannot be had from package sources is left out, and said by name.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::programs::root;
use benchtop_tests::requirement::is_image;
use benchtop_tests::systems::beside_the_producer_of_kafka;
use benchtop_tests::{Home, docker, full};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;

/// Image as the example names it, as users pull it → the one that stands in for it.
const IMAGES: [(&str, &str); 8] = [
    ("apache/kafka:4.1.1", "benchtop-test/kafka:4.1.1"),
    ("flink:2.2.1-java17", "benchtop-test/flink:2.2.1"),
    ("postgres:15", "benchtop-test/postgres:15"),
    (
        "temporalio/auto-setup:1.29.1",
        "benchtop-test/temporal:1.29.1",
    ),
    ("temporalio/ui:2.42.1", "benchtop-test/temporal-ui:2.42.1"),
    ("redis:7", "benchtop-test/redis:7"),
    (
        "otel/opentelemetry-collector-contrib:0.155.0",
        "benchtop-test/otel-collector:0.155.0",
    ),
    ("prom/prometheus:v2.42.0", "benchtop-test/prometheus:2"),
];

/// Names that were given to images for this test; gone with it.
struct Names(Vec<&'static str>);

impl Names {
    /// Names the images that are there; what had the name already keeps it.
    fn give() -> Self {
        let given = IMAGES.iter().filter(|(public, own)| {
            !is_image(public) && is_image(own) && run("docker", &["tag", own, public]).is_some()
        });
        Self(given.map(|(public, _)| *public).collect())
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        for name in &self.0 {
            run("docker", &["rmi", "--no-prune", name]);
        }
    }
}

/// The example in a folder of its own, so that nothing is written into the checkout.
struct Example {
    home: Home,
    dir: TempDir,
}

impl Example {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let from = root().join("examples").join("local-testing");
        let from = from.display().to_string();
        let to = dir.path().display().to_string();
        run("cp", &["-r", &from, &to]).expect("copy the example");
        Self {
            home: Home::new(),
            dir,
        }
    }

    fn file(&self) -> String {
        let path: &Path = self.dir.path();
        let file = path.join("local-testing").join("benchtop.yaml");
        file.display().to_string()
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file()], more].concat())
    }

    /// Services whose image is here, and the images of the others.
    fn services(&self) -> (Vec<String>, Vec<(String, String)>) {
        let plan = self.call("check", &["--json"]).expect(0).stdout;
        let plan: Value = serde_json::from_str(&plan).expect("the plan");
        let services = plan["plan"]["services"].as_object().expect("services");
        let mut here = Vec::new();
        let mut absent = Vec::new();
        for (name, service) in services {
            match image(service) {
                Some(image) if !is_image(image) => absent.push((name.clone(), image.to_owned())),
                _ => here.push(name.clone()),
            }
        }
        (here, absent)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.call("down", &[]);
        run("docker", &["volume", "rm", "local-testing_temporal-pgdata"]);
    }
}

fn image(service: &Value) -> Option<&str> {
    service["run"]["container"]["image"].as_str()
}

/// What a program printed, where it succeeded.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(printed)
}

#[test]
fn the_local_testing_example_becomes_healthy_on_its_real_systems() {
    const NAME: &str = "the_local_testing_example_becomes_healthy_on_its_real_systems";
    if !full(NAME) || !docker(NAME) {
        return;
    }
    let _names = Names::give();
    let example = Example::new();
    let (services, absent) = example.services();
    for (service, image) in &absent {
        println!("SKIPPED local-testing/{service}: {image} cannot be had from package sources");
    }
    let started = Instant::now();
    let mut wanted = vec!["--wait", "--detach", "--timeout", "15m"];
    wanted.extend(services.iter().map(String::as_str));
    example.call("up", &wanted).expect(0);
    println!(
        "{} services healthy after {:.0} s",
        services.len(),
        started.elapsed().as_secs_f64()
    );
    for service in &services {
        let state = example.home.service(&["-f", &example.file()], service);
        let completed = state["lifecycle"] == "Completed";
        assert!(completed || state["status"] == "Healthy", "{state}");
    }
    for (service, said) in [
        // The topics are made after the brokers are ready; the next look is 30 s away.
        ("kafka-2", "3 brokers"),
        ("flink-jobmanager", "task managers: 3, slots: 30"),
        ("flink-sql-gateway", "SQL gateway of Apache Flink"),
        ("temporal", "Temporal 1."),
    ] {
        let state = example.home.service(&["-f", &example.file()], service);
        assert!(
            state["probes"].to_string().contains(said),
            "{said}: {state}"
        );
    }
    stress(&example, 10_000);
    stress(&example, 1_000_000);
    measured(&example);
    let format = "{{.Name}} {{.MemUsage}}";
    let used = run("docker", &["stats", "--no-stream", "--format", format]);
    println!("{}", used.unwrap_or_default());
}

/// The scenario of the example with so many messages: what each step measured.
fn stress(example: &Example, messages: u32) {
    println!("{messages} messages");
    let set = format!("messages={messages}");
    let words = ["run", "complex-logic-stress", "--json", "--set", &set];
    let told = example.call("scenario", &words);
    let report: Value = serde_json::from_str(&told.stdout).unwrap_or_default();
    for step in report["steps"].as_array().into_iter().flatten() {
        let (id, status) = (&step["id"], &step["status"]);
        println!("{id} {status} {}: {}", step["text"], step["metrics"]);
    }
    told.expect(0);
    assert_eq!(report["status"], "passed", "{report:#}");
    let metrics = &report["metrics"];
    let all = f64::from(messages);
    assert_eq!(metrics["deliver.delivered"], all, "{metrics:#}");
    assert_eq!(metrics["verify.verified"], all, "{metrics:#}");
    for wrong in ["missing", "duplicated", "unexpected"] {
        let wrong = format!("verify.{wrong}");
        assert_eq!(metrics[&wrong], 0.0, "{metrics:#}");
    }
    assert_eq!(metrics["renewals.renewals"], all / 10_000.0, "{metrics:#}");
}

/// As the input of the stress test: a million messages of 200 bytes for six partitions on
/// three brokers, each confirmed by all replicas in step.
const MEASURED: &str = "
  measured:
    gate: false
    steps:
      - kafka.produce: { service: kafka-1, topic: measured, count: 1000000, size: 200, partitions: 6, replicas: 3 }
        id: ours
";

/// The throughput of `kafka.produce` beside that of the producer that Kafka brings for
/// measuring, on the cluster of the example.
fn measured(example: &Example) {
    let mut file = std::fs::read_to_string(example.file()).expect("the file");
    file.push_str(MEASURED);
    std::fs::write(example.file(), file).expect("write it");
    beside_the_producer_of_kafka("local-testing-kafka-1-1", "measured", || {
        let told = example.call("scenario", &["run", "measured", "--json"]);
        let report: Value = serde_json::from_str(&told.stdout).unwrap_or_default();
        told.expect(0);
        let metrics = &report["metrics"];
        println!("ours: {metrics}");
        metrics["ours.throughput"].as_f64().expect("a number")
    });
}
