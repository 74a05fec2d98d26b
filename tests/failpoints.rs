//! The engine is killed at every border between a record and an act, during every
//! operation, for a process and for a container; the next engine makes the operation come
//! to its end, with one instance of the service or none. Row 16 of the fault matrix.
//!
//! First an operation is traced: the engine writes down which of its points it reaches.
//! Then it is done again for each of them, with an engine that dies there. Without
//! `BENCHTOP_FULL` the first time at each point counts, and of containers what is asked of
//! their engine; with it every time at every point.

#![cfg(debug_assertions)]
#![allow(clippy::print_stdout, reason = "what was done is said aloud")]

use benchtop_tests::home::Outcome;
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const BUSYBOX: &str = "benchtop-test/busybox:1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Start,
    Stop,
    Restart,
    Rebuild,
    Adopt,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Process,
    Container,
}

/// One service, and an engine that dies on order.
struct World {
    home: Home,
    project: Project,
    /// Of the project, and the mark of its processes.
    name: String,
    kind: Kind,
    order: PathBuf,
    _orders: tempfile::TempDir,
}

impl World {
    fn new(kind: Kind, operation: Operation) -> Self {
        let name = format!("fp{}{kind:?}{operation:?}", std::process::id()).to_lowercase();
        let orders = tempfile::tempdir().expect("a folder");
        let order = orders.path().join("order");
        let built = operation == Operation::Rebuild;
        let service = match (kind, built) {
            (Kind::Process, false) => "process: sleep 36000".to_owned(),
            (Kind::Process, true) => {
                "process: sleep 36000, build: { command: [\"true\"] }".to_owned()
            }
            (Kind::Container, false) => format!("image: {BUSYBOX}, command: sleep 36000"),
            (Kind::Container, true) => format!("image: \"benchtop-test/{name}:1\", build: ."),
        };
        let project = Project::new(&format!(
            "name: {name}\nservices:\n  s: {{ {service}, stop_grace_period: 0s, environment: {{ FAILPOINT_MARK: {name} }} }}\n"
        ));
        project.write(
            "Dockerfile",
            &format!("FROM {BUSYBOX}\nCMD [\"sleep\", \"36000\"]\n"),
        );
        Self {
            home: Home::new().with("BENCHTOP_FAILPOINTS", order.display().to_string()),
            project,
            name,
            kind,
            order,
            _orders: orders,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> Outcome {
        let file = self.project.file().display().to_string();
        self.home
            .benchtop(&[&[command, "-f", &file], more].concat())
    }

    /// The service; null where the engine died while it was asked.
    fn service(&self) -> Value {
        let said = self.call("status", &["--json"]).stdout;
        let status: Value = serde_json::from_str(&said).unwrap_or_default();
        status["services"][0].clone()
    }

    fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || {
            let service = self.service();
            if holds(&service) {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }

    /// What really runs: process ids or container ids.
    fn instances(&self) -> Vec<String> {
        match self.kind {
            Kind::Process => self.processes(),
            Kind::Container => self.containers(&["-q"]),
        }
    }

    fn containers(&self, which: &[&str]) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        let output = Command::new("docker")
            .args(["ps", "--no-trunc", "--filter", &filter])
            .args(which)
            .output();
        let text = output.expect("run docker").stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().map(str::to_owned).collect()
    }

    fn processes(&self) -> Vec<String> {
        let mark = format!("FAILPOINT_MARK={}", self.name);
        let all = std::fs::read_dir("/proc").expect("the process table");
        let ours = |entry: std::fs::DirEntry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let marked = environment.split(|b| *b == 0).any(|p| p == mark.as_bytes());
            (marked && line.starts_with(b"sleep")).then(|| pid.to_string())
        };
        all.flatten().filter_map(ours).collect()
    }

    /// The state from which the operation begins.
    fn prepare(&self, operation: Operation) -> Value {
        if operation == Operation::Start {
            self.insist("stop", &["s"]);
            return self.until("it is stopped", |s| s["lifecycle"] == "Stopped");
        }
        self.insist("start", &["s"]);
        let service = self.until("it is up", |s| s["status"] == "Healthy");
        if operation == Operation::Adopt {
            self.home.kill_engine();
        }
        service
    }

    /// A person gives the command again where it was not taken.
    fn insist(&self, command: &str, more: &[&str]) {
        eventually(command, || match self.call(command, more) {
            Outcome { code: 0, .. } => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    fn perform(&self, operation: Operation) {
        match operation {
            Operation::Start => self.insist("start", &["s"]),
            Operation::Stop => self.insist("stop", &["s"]),
            Operation::Restart => self.insist("restart", &["s"]),
            Operation::Rebuild => self.insist("rebuild", &["s"]),
            Operation::Down => self.insist("down", &[]),
            // Whoever asks starts the engine.
            Operation::Adopt => _ = self.service(),
        }
    }

    /// Waits for what the operation is for, and checks what must always hold.
    fn conclude(&self, operation: Operation, before: &Value, place: &str) {
        let what = format!("{operation:?} of a {:?}, killed at {place}", self.kind);
        let ends = matches!(operation, Operation::Stop | Operation::Down);
        let newer = |s: &Value| s["generation"].as_u64() > before["generation"].as_u64();
        let reached = |s: &Value| match operation {
            Operation::Stop | Operation::Down => s["lifecycle"] == "Stopped",
            Operation::Start | Operation::Adopt => s["status"] == "Healthy",
            Operation::Restart | Operation::Rebuild => s["status"] == "Healthy" && newer(s),
        };
        let after = eventually(&what, || {
            let service = self.service();
            // A shim that was killed is a start that failed, or an instance that ended:
            // that is said, and somebody starts it anew.
            if service["lifecycle"] == "Failed" && place.starts_with("program.") {
                self.call("start", &["s"]);
            }
            if reached(&service) {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        });
        let running = eventually(&what, || {
            let running = self.instances();
            match (ends, running.len()) {
                (true, 0) | (false, 1) => Ok(running),
                _ => Err(format!("{running:?} run, and the engine says {after}")),
            }
        });
        if !ends {
            let known = match self.kind {
                Kind::Process => after["pid"].to_string(),
                Kind::Container => after["container_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            };
            assert_eq!(running, [known], "{what}: {after}");
        }
        if operation == Operation::Adopt && !place.starts_with("program.") {
            assert_eq!(after["generation"], before["generation"], "{what}");
        }
        if operation == Operation::Down && self.kind == Kind::Container {
            eventually(&what, || match self.containers(&["-aq"]) {
                left if left.is_empty() => Ok(()),
                left => Err(format!("{left:?} are left")),
            });
        }
    }

    /// Every point that the operation reaches, as often as it does.
    fn trace(&self, operation: Operation) -> BTreeMap<String, usize> {
        let before = self.prepare(operation);
        std::fs::write(&self.order, "trace").expect("an order");
        self.perform(operation);
        self.conclude(operation, &before, "nothing");
        let text = std::fs::read_to_string(&self.order).expect("what was traced");
        std::fs::remove_file(&self.order).expect("the order");
        let mut points = BTreeMap::new();
        for point in text.lines().skip(1).filter(|line| !line.is_empty()) {
            *points.entry(point.to_owned()).or_default() += 1;
        }
        points
    }

    /// Whether the point was reached.
    fn round(&self, operation: Operation, point: &str, time: usize) -> bool {
        let before = self.prepare(operation);
        std::fs::write(&self.order, format!("kill {point} {time}")).expect("an order");
        self.perform(operation);
        self.conclude(operation, &before, &format!("{point} {time}"));
        std::fs::remove_file(&self.order).is_err()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.order);
        if std::thread::panicking() {
            let log = self.home.path().join("data/engine.log");
            println!("{}", std::fs::read_to_string(log).unwrap_or_default());
        }
        self.call("down", &[]);
        let image = format!("benchtop-test/{}:1", self.name);
        _ = Command::new("docker").args(["rmi", "-f", &image]).output();
    }
}

/// Which times at a point count.
fn times(kind: Kind, point: &str, reached: usize) -> std::ops::RangeInclusive<usize> {
    let last = match std::env::var_os("BENCHTOP_FULL") {
        Some(_) => reached,
        // What is done before and after is the same for both kinds.
        None if kind == Kind::Container && !point.starts_with("container.") => 0,
        None => 1,
    };
    1..=last
}

fn killed_everywhere(test: &str, operation: Operation) {
    let kinds = match docker(test) {
        true => vec![Kind::Process, Kind::Container],
        false => vec![Kind::Process],
    };
    for kind in kinds {
        let world = World::new(kind, operation);
        let points = world.trace(operation);
        let (mut killed, mut missed) = (0, 0);
        for (point, reached) in &points {
            for time in times(kind, point, *reached) {
                match world.round(operation, point, time) {
                    true => killed += 1,
                    // How often a record is written depends on what comes together.
                    false => missed += 1,
                }
            }
        }
        println!(
            "{operation:?} of a {kind:?}: killed {killed} times at {} points, {missed} not reached; services lost 0, duplicates 0, orphans 0",
            points.len()
        );
        // A container that lives on is adopted without a word to its engine that matters.
        let expected = usize::from(kind == Kind::Process || operation != Operation::Adopt);
        assert!(killed >= expected && missed <= killed, "{points:?}");
    }
}

#[test]
fn row_16_an_engine_killed_anywhere_in_a_start() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_in_a_start",
        Operation::Start,
    );
}

#[test]
fn row_16_an_engine_killed_anywhere_in_a_stop() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_in_a_stop",
        Operation::Stop,
    );
}

#[test]
fn row_16_an_engine_killed_anywhere_in_a_restart() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_in_a_restart",
        Operation::Restart,
    );
}

#[test]
fn row_16_an_engine_killed_anywhere_in_a_rebuild() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_in_a_rebuild",
        Operation::Rebuild,
    );
}

#[test]
fn row_16_an_engine_killed_anywhere_while_it_adopts() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_while_it_adopts",
        Operation::Adopt,
    );
}

#[test]
fn row_16_an_engine_killed_anywhere_while_it_takes_all_down() {
    killed_everywhere(
        "row_16_an_engine_killed_anywhere_while_it_takes_all_down",
        Operation::Down,
    );
}

#[test]
fn row_16_a_removal_that_was_under_way_is_gone_on_with_unasked() {
    const NAME: &str = "row_16_a_removal_that_was_under_way_is_gone_on_with_unasked";
    if !docker(NAME) {
        return;
    }
    let world = World::new(Kind::Container, Operation::Down);
    world.prepare(Operation::Down);
    std::fs::write(&world.order, "kill container.remove 1").expect("an order");
    world.call("down", &[]);
    assert!(!world.order.exists(), "the engine died");
    // Nobody says `down` again: any question starts an engine.
    eventually("its container is removed", || {
        world.service();
        match world.containers(&["-aq"]) {
            left if left.is_empty() => Ok(()),
            left => Err(format!("{left:?}")),
        }
    });
}
