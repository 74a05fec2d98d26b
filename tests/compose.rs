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

#[test]
fn hooks_run_beside_start_and_end_and_a_start_fails_with_them() {
    if !docker("hooks_run_beside_start_and_end_and_a_start_fails_with_them") {
        return;
    }
    let bench = Bench::new(
        "hooks",
        &format!(
            "services:
  a: {{ {} }}
  bad: {{ {} }}
  p:
    process: sleep 1000
    post_start: [{{ command: sh -c 'echo $$WHO > from-process', environment: {{ WHO: me }} }}]
    pre_stop: [{{ command: sh -c 'echo over >> from-process' }}]
",
            idle(
                "volumes: ['./shared:/shared'], \
                 post_start: [{ command: [sh, -c, 'echo hook says $$A; echo $$A > /shared/after'], environment: [A=started] }], \
                 pre_stop: [{ command: touch /shared/before }]"
            ),
            idle("post_start: [{ command: [sh, -c, 'echo no; exit 3'] }]"),
        ),
    );
    let up = ["--wait", "--detach", "--timeout", "80s"];
    bench.call("up", &up).expect(1);
    let read = |name: &str| {
        let text = std::fs::read_to_string(bench.project.path().join(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert_eq!(
        read("shared/after"),
        "started\n",
        "the folder was made, too"
    );
    assert_eq!(read("from-process"), "me\n");
    let log = bench.call("logs", &["a"]).stdout;
    assert!(log.contains("hook says started"), "{log}");
    let file = bench.project.file().display().to_string();
    let bad = bench.home.service(&["-f", &file], "bad");
    let reason = bad["reason"].to_string();
    assert!(
        reason.contains("post_start") && reason.contains("code 3"),
        "{bad}"
    );
    let name = format!("{}-bad-1", bench.name);
    let state = run(&["inspect", "-f", "{{.State.Running}}", &name]);
    assert_eq!(state.as_deref(), Ok("false"), "it is not left running");
    bench.call("down", &[]).expect(0);
    assert!(bench.project.path().join("shared/before").exists());
    assert_eq!(read("from-process"), "me\nover\n");
}

#[test]
fn row_8_a_port_that_is_held_is_replaced_for_one_run() {
    if !docker("row_8_a_port_that_is_held_is_replaced_for_one_run") {
        return;
    }
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = holder.local_addr().expect("address").port();
    let bench = Bench::new(
        "port",
        &format!(
            "services: {{ web: {{ {} }} }}\n",
            idle(&format!("ports: ['{port}:80']"))
        ),
    );
    let file = bench.project.file().display().to_string();
    let up = ["--wait", "--detach", "--timeout", "80s"];
    bench.call("up", &up).expect(1);
    let why = bench.call("why", &["web"]).stdout;
    let offer = why
        .split("--use-port ")
        .nth(1)
        .unwrap_or_else(|| panic!("{why}"));
    let offer = offer.split_whitespace().next().expect("ports");
    let (from, to) = offer.split_once('=').expect("two ports");
    assert_eq!(from, port.to_string(), "{why}");
    bench.call("start", &["web", "--use-port", offer]).expect(0);
    let published = || run(&["port", &format!("{}-web-1", bench.name), "80/tcp"]);
    let holds = |wanted: &str| {
        eventually(&format!("{wanted} is published"), || {
            let published = published()?;
            match published.contains(&format!(":{wanted}")) {
                true => Ok(()),
                false => Err(published),
            }
        });
    };
    holds(to);
    let web = bench.home.service(&["-f", &file], "web");
    assert!(web["endpoints"].to_string().contains(to), "{web}");
    let changes = bench.call("changes", &[]).stdout;
    assert!(
        !changes.contains(to),
        "the file counts as unchanged: {changes}"
    );
    // The next run takes what the file says.
    drop(holder);
    bench.call("down", &[]).expect(0);
    bench.call("up", &up).expect(0);
    holds(from);
}
