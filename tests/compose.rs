//! Compose projects on a real engine: networks, several instances, shared
//! volumes.

use benchtop_tests::{Home, Project, docker, eventually};
use std::process::Command;

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// A project of its own, and what is left of it in the engine removed with it.
struct Bench {
    home: Home,
    project: Project,
    name: String,
}

impl Bench {
    fn new(test: &str, services: &str) -> Self {
        let name = format!("t{}-{test}", std::process::id());
        Self {
            home: Home::new(),
            project: Project::new(&format!("name: {name}\n{services}")),
            name,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        let file = self.project.file().display().to_string();
        self.home
            .benchtop(&[&[command, "-f", &file], more].concat())
    }

    fn up(&self) {
        self.call("up", &["--wait", "--detach", "--timeout", "80s"])
            .expect(0);
    }

    /// What a command prints in a container, and whether it ended well.
    fn exec(&self, container: &str, command: &[&str]) -> Result<String, String> {
        let name = format!("{}-{container}", self.name);
        let arguments = [&["exec", &name], command].concat();
        run(&arguments)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("run docker");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

/// A network of somebody else's, gone with the test.
struct Foreign(String);

impl Drop for Foreign {
    fn drop(&mut self) {
        // Whoever looks at what is left sees it by its name.
        _ = run(&["network", "rm", &self.0]);
    }
}

/// A service that does nothing for ever.
fn idle(more: &str) -> String {
    format!("image: {BUSYBOX}, command: [sleep, '1000'], stop_grace_period: 1s, {more}")
}

#[test]
fn services_meet_on_the_networks_that_they_share_and_on_no_other() {
    if !docker("services_meet_on_the_networks_that_they_share_and_on_no_other") {
        return;
    }
    let foreign = Foreign(format!("t{}-foreign", std::process::id()));
    run(&["network", "create", &foreign.0]).expect("a network");
    let bench = Bench::new(
        "nets",
        &format!(
            "services:
  front: {{ {} }}
  both: {{ {} }}
  back: {{ {} }}
networks:
  front:
  back: {{ internal: true, ipam: {{ config: [{{ subnet: 10.213.7.0/24 }}] }} }}
  theirs: {{ external: true, name: {} }}
",
            idle("networks: [front]"),
            idle("networks: { front: { aliases: [middle] }, back: , theirs: }"),
            idle("networks: { back: { ipv4_address: 10.213.7.77 } }"),
            foreign.0,
        ),
    );
    bench.up();
    // The static busybox crashes when wget looks up a name; ping does not.
    let reach = |from: &str, host: &str| bench.exec(from, &["ping", "-c", "1", "-W", "3", host]);
    for (from, host, how) in [
        ("front-1", "both", "by its name"),
        ("front-1", "middle", "by its alias"),
        ("both-1", "back", "on the second network"),
        ("both-1", "10.213.7.77", "at its fixed address"),
    ] {
        eventually(&format!("{from} reaches {host} {how}"), || {
            reach(from, host)
        });
    }
    assert!(reach("front-1", "back").is_err(), "they share no network");
    let ours = format!("label=com.docker.compose.project={}", bench.name);
    let list = ["network", "ls", "-q", "--filter", &ours];
    let made = run(&list).expect("networks");
    assert_eq!(
        made.lines().count(),
        2,
        "one is not used, one not ours: {made}"
    );
    bench.call("down", &[]).expect(0);
    assert_eq!(run(&list).as_deref(), Ok(""), "ours are removed");
    assert!(
        run(&["network", "inspect", &foreign.0]).is_ok(),
        "theirs stays"
    );
}

#[test]
fn a_network_that_must_be_there_and_is_not_is_named() {
    if !docker("a_network_that_must_be_there_and_is_not_is_named") {
        return;
    }
    let bench = Bench::new(
        "lost",
        &format!(
            "services:\n  a: {{ {} }}\nnetworks: {{ n: {{ external: true, name: no-such-net }} }}\n",
            idle("networks: [n]")
        ),
    );
    let said = bench.call("up", &["--wait", "--detach", "--timeout", "60s"]);
    assert_ne!(said.code, 0);
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(all.contains("docker network create no-such-net"), "{all}");
}

#[test]
fn several_instances_answer_to_one_name_and_share_volumes() {
    if !docker("several_instances_answer_to_one_name_and_share_volumes") {
        return;
    }
    let bench = Bench::new(
        "many",
        &format!(
            "services:
  web: {{ {} }}
  guest: {{ {} }}
  keeper: {{ {} }}
",
            idle("deploy: { replicas: 3 }, ports: [80]"),
            idle("depends_on: [web], volumes_from: ['keeper:ro']"),
            idle("volumes: ['/shared']"),
        ),
    );
    bench.up();
    let mut seen: Vec<String> = ["web-1", "web-2", "web-3"]
        .map(|name| bench.exec(name, &["hostname"]).expect("each runs"))
        .to_vec();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3, "three containers: {seen:?}");
    let found = bench
        .exec("guest-1", &["nslookup", "web"])
        .unwrap_or_else(|error| error);
    let addresses = found
        .lines()
        .filter(|l| l.starts_with("Address") && !l.contains("127.0.0.11"));
    assert_eq!(addresses.count(), 3, "one name for all: {found}");
    bench
        .exec("keeper-1", &["touch", "/shared/x"])
        .expect("it is written by its owner");
    bench
        .exec("guest-1", &["ls", "/shared/x"])
        .expect("it is seen by the guest");
    let written = bench.exec("guest-1", &["touch", "/shared/y"]);
    assert!(written.is_err(), "the guest may only read");
}
