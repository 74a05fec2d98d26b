//! Ten minutes of random faults on a real environment of twenty services.
//!
//! Only with `BENCHTOP_FULL=1`; `BENCHTOP_CHAOS_MINUTES` changes its length and
//! `BENCHTOP_CHAOS_SEED` repeats an order of faults. At the end it prints what was
//! done and what was lost.

#![allow(clippy::print_stdout, reason = "what was done is said aloud")]

use benchtop_tests::programs::program;
use benchtop_tests::{Daemon, Home, Project, docker, eventually, full};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// Services of each kind.
const EACH: usize = 10;

/// Faults between two complete checks.
const ROUND: usize = 4;

/// Every fault that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillContainer,
    StopContainer,
    RemoveContainer,
    RestartContainer,
    KillProcess,
    KillShim,
    KillEngine,
    KillDaemon,
    RestartDaemon,
    FreezeDaemon,
    ChangeFile,
    UserRestart,
    UserRebuild,
    UserStopAndStart,
}

const FAULTS: [Fault; 14] = [
    Fault::KillContainer,
    Fault::StopContainer,
    Fault::RemoveContainer,
    Fault::RestartContainer,
    Fault::KillProcess,
    Fault::KillShim,
    Fault::KillEngine,
    Fault::KillDaemon,
    Fault::RestartDaemon,
    Fault::FreezeDaemon,
    Fault::ChangeFile,
    Fault::UserRestart,
    Fault::UserRebuild,
    Fault::UserStopAndStart,
];

/// A small generator, so that a seed repeats a run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("less than the sides")
    }
}

struct Chaos {
    home: Home,
    project: Project,
    name: String,
    daemon: Daemon,
    dice: Dice,
    injected: BTreeMap<Fault, usize>,
    checks: usize,
    /// What the last services wait for when they are changed.
    edits: usize,
}

/// The environment file; the last service of each kind differs with every edit.
fn definition(name: &str, edit: usize) -> String {
    let services: String = (0..EACH)
        .map(|n| {
            let edit = if n + 1 == EACH { edit } else { 0 };
            container(n, edit) + &process(n, name, edit)
        })
        .collect();
    format!("name: {name}\nservices:\n{services}")
}

fn container(number: usize, edit: usize) -> String {
    format!(
        "  c{number}: {{ image: {BUSYBOX}, command: sleep 36000, stop_grace_period: 0s, restart: always, environment: {{ EDIT: \"{edit}\" }} }}\n"
    )
}

/// Every process is built, by a command that has nothing to do.
fn process(number: usize, mark: &str, edit: usize) -> String {
    let benchtop = program("benchtop");
    format!(
        "  p{number}:\n    process: {} sample p{number}\n    environment: {{ CHAOS_MARK: {mark}, EDIT: \"{edit}\" }}\n    build: {{ command: [\"true\"] }}\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n    restart: always\n    stop_grace_period: 2s\n",
        benchtop.display()
    )
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let name = format!("chaos{}", std::process::id());
        let daemon = Daemon::start(true);
        Self {
            home: Home::new().with("DOCKER_HOST", daemon.address()),
            project: Project::new(&definition(&name, 0)),
            name,
            daemon,
            dice: Dice(seed | 1),
            injected: BTreeMap::new(),
            checks: 0,
            edits: 0,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        let file = self.project.file().display().to_string();
        self.home
            .benchtop(&[&[command, "-f", &file], more].concat())
    }

    fn services(&self) -> Vec<Value> {
        let said = self.call("status", &["--json"]).stdout;
        let status: Value = serde_json::from_str(&said).unwrap_or_default();
        status["services"].as_array().cloned().unwrap_or_default()
    }

    fn any(&mut self, kind: &str) -> String {
        format!("{kind}{}", self.dice.roll(EACH))
    }

    /// Processes of this environment: our mark is in what they were started with.
    fn processes(&self) -> Vec<(i32, String)> {
        let mark = format!("CHAOS_MARK={}", self.name);
        let all = std::fs::read_dir("/proc")
            .expect("the process table")
            .flatten();
        let of_ours = |entry: std::fs::DirEntry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let ours = environment
                .split(|b| *b == 0)
                .any(|pair| pair == mark.as_bytes());
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let words: Vec<_> = line.split(|b| *b == 0).collect();
            let role = words.iter().position(|word| *word == b"sample")?;
            let name = String::from_utf8_lossy(words.get(role + 1)?).into_owned();
            ours.then_some((pid, name))
        };
        all.filter_map(of_ours).collect()
    }

    fn inject(&mut self) -> Fault {
        let fault = FAULTS[self.dice.roll(FAULTS.len())];
        *self.injected.entry(fault).or_default() += 1;
        match fault {
            Fault::KillContainer => self.docker("c", &["kill"]),
            Fault::StopContainer => self.docker("c", &["stop", "-t", "0"]),
            Fault::RemoveContainer => self.docker("c", &["rm", "-f"]),
            Fault::RestartContainer => self.docker("c", &["restart", "-t", "0"]),
            Fault::KillProcess => self.kill_process(false),
            Fault::KillShim => self.kill_process(true),
            Fault::KillEngine => {
                // The one before may be dead still, and nobody has asked since.
                self.services();
                self.home.kill_engine();
            }
            Fault::KillDaemon => {
                self.daemon.kill();
                self.pause();
                self.daemon.launch();
            }
            Fault::RestartDaemon => {
                self.daemon.stop();
                self.daemon.launch();
            }
            Fault::FreezeDaemon => {
                self.daemon.freeze();
                std::thread::sleep(Duration::from_secs(6));
                self.daemon.thaw();
            }
            Fault::ChangeFile => {
                self.edits += 1;
                let text = definition(&self.name, self.edits);
                self.project.write("benchtop.yaml", &text);
                self.call("apply", &[]);
            }
            Fault::UserRebuild => {
                let service = self.any("p");
                self.call("rebuild", &[&service]);
            }
            Fault::UserRestart => {
                let service = ["c", "p"][self.dice.roll(2)];
                let service = self.any(service);
                self.call("restart", &[&service]);
            }
            Fault::UserStopAndStart => {
                let service = ["c", "p"][self.dice.roll(2)];
                let service = self.any(service);
                self.call("stop", &[&service]);
                self.call("start", &[&service]);
            }
        }
        fault
    }

    /// The container may be away for the moment: then there is nothing to do.
    fn docker(&mut self, kind: &str, words: &[&str]) {
        let service = self.any(kind);
        let container = format!("{}-{service}-1", self.name);
        let mut command = self.daemon.command(&[words, &[&container]].concat());
        _ = command.output();
    }

    fn kill_process(&mut self, shim: bool) {
        let service = self.any("p");
        let found = self
            .processes()
            .into_iter()
            .find(|(_, name)| *name == service);
        let Some((pid, _)) = found else { return };
        let target = if shim { parent_of(pid) } else { Some(pid) };
        // Its shim is the parent, unless that was killed before.
        if let Some(pid) = target.filter(|pid| *pid > 1) {
            _ = Command::new("kill").args(["-9", &pid.to_string()]).output();
        }
    }

    /// Somewhere between nothing and a second: the next fault meets the
    /// mending of the last.
    fn pause(&mut self) {
        let millis = self.dice.roll(1000) as u64;
        std::thread::sleep(Duration::from_millis(millis));
    }

    /// What must hold at every moment: no second live instance of any service.
    fn assert_no_duplicates(&self, after: &[Fault]) {
        let mut running = self.daemon.command(&[
            "ps",
            "--filter",
            &format!("label=com.docker.compose.project={}", self.name),
            "--format",
            "{{.Label \"dev.benchtop.service\"}}",
        ]);
        let running = running.output().expect("run docker");
        let containers = String::from_utf8_lossy(&running.stdout).into_owned();
        let mut names: Vec<String> = containers.lines().map(str::to_owned).collect();
        names.extend(self.processes().into_iter().map(|(_, name)| name));
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len(), "a service runs twice after {after:?}");
    }

    /// What must hold once all is mended: every service runs, once, and nothing
    /// else does.
    fn assert_whole(&mut self, after: &[Fault]) {
        let lost = |services: &[Value]| -> Vec<String> {
            let missing = services
                .iter()
                .filter(|s| s["status"] != "Healthy" || s["stale"] == true);
            missing
                .map(|s| format!("{} {} {}", s["name"], s["status"], s["reason"]))
                .collect()
        };
        eventually(&format!("all is well after {after:?}"), || {
            let services = self.services();
            // Somebody whose service was parked starts it again by hand.
            for service in services.iter().filter(|s| s["lifecycle"] == "Failed") {
                self.call("start", &[service["name"].as_str().unwrap_or_default()]);
            }
            match lost(&services) {
                lost if lost.is_empty() && services.len() == 2 * EACH => Ok(()),
                lost => Err(format!("{lost:?}")),
            }
        });
        let services = self.services();
        let ids = self.daemon.containers(&self.name);
        assert_eq!(ids.len(), EACH, "containers after {after:?}");
        for service in services.iter().filter(|s| s["kind"] == "container") {
            let id = service["container_id"].as_str().unwrap_or_default();
            assert!(
                ids.iter().any(|known| known == id),
                "{service} after {after:?}"
            );
        }
        let processes = self.processes();
        assert_eq!(
            processes.len(),
            EACH,
            "processes {processes:?} after {after:?}"
        );
        for service in services.iter().filter(|s| s["kind"] == "process") {
            let known = processes
                .iter()
                .any(|(pid, name)| service["pid"] == *pid && service["name"] == **name);
            assert!(known, "{service} is none of {processes:?} after {after:?}");
        }
        self.checks += 1;
    }

    fn report(&self, orphans: usize) {
        let total: usize = self.injected.values().sum();
        println!(
            "faults injected {total}, complete checks {}, services lost 0, duplicates 0, orphans {orphans}",
            self.checks
        );
        for (fault, count) in &self.injected {
            println!("  {fault:?} {count}");
        }
    }
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = stat.rsplit_once(") ")?.1;
    rest.split(' ').nth(1)?.parse().ok()
}

impl Drop for Chaos {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.call("status", &[]).stdout);
        }
        self.call("down", &[]);
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn nothing_is_lost_doubled_or_orphaned_in_minutes_of_random_faults() {
    const NAME: &str = "nothing_is_lost_doubled_or_orphaned_in_minutes_of_random_faults";
    if !full(NAME) || !docker(NAME) {
        return;
    }
    let minutes = number("BENCHTOP_CHAOS_MINUTES").unwrap_or(10);
    let seed = number("BENCHTOP_CHAOS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}, {minutes} minutes");
    let mut chaos = Chaos::new(seed);
    chaos
        .call("up", &["--wait", "--detach", "--timeout", "85s"])
        .expect(0);
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    while Instant::now() < end {
        let mut faults = Vec::new();
        for _ in 0..ROUND {
            faults.push(chaos.inject());
            chaos.assert_no_duplicates(&faults);
            chaos.pause();
        }
        chaos.assert_whole(&faults);
    }
    chaos.call("down", &[]).expect(0);
    eventually("everything ends", || {
        let left = (chaos.daemon.containers(&chaos.name), chaos.processes());
        if left.0.is_empty() && left.1.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
    let orphans = chaos.daemon.containers(&chaos.name).len() + chaos.processes().len();
    chaos.report(orphans);
}
