//! Faults of the container runtime, on a daemon that the test may kill, freeze
//! and restart. Each test is called after its row of the fault matrix.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::{Daemon, Home, Project, docker, eventually};
use serde_json::Value;
use std::process::Command;

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// A user with an environment on a daemon of their own.
struct World {
    home: Home,
    file: String,
    name: String,
    daemon: Daemon,
    _project: Project,
}

impl World {
    fn new(test: &str, live_restore: bool, services: &str) -> Self {
        Self::on(Daemon::start(live_restore), test, services)
    }

    fn on(daemon: Daemon, test: &str, services: &str) -> Self {
        let home = Home::new().with("DOCKER_HOST", daemon.address());
        let name = format!("d{}-{test}", std::process::id());
        let project = Project::new(&format!("name: {name}\nservices:\n{services}"));
        Self {
            home,
            file: project.file().display().to_string(),
            name,
            daemon,
            _project: project,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn runtime(&self, words: &[&str]) -> benchtop_tests::home::Outcome {
        let file = ["-f", self.file.as_str()];
        self.home.benchtop(&[&["runtime"], words, &file].concat())
    }

    fn up(&self) -> benchtop_tests::home::Outcome {
        self.call("up", &["--wait", "--detach", "--timeout", "80s"])
    }

    fn status(&self) -> Value {
        self.home.status(&["-f", &self.file])
    }

    fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
    }

    fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.name)
    }

    fn wait_for(&self, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{name}: {what}"), || {
            let service = self.service(name);
            if holds(&service) {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }

    fn wait_until_available(&self, available: bool) -> Value {
        eventually("the runtime's state is known", || {
            let status = self.status();
            if status["runtime"]["available"] == available {
                Ok(status)
            } else {
                Err(status["runtime"].to_string())
            }
        })
    }

    /// Every service once, and nothing else.
    fn assert_no_duplicate(&self, services: usize) {
        let containers = self.daemon.containers(&self.name);
        assert_eq!(containers.len(), services, "{containers:?}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.call("status", &[]).stdout);
        }
        self.call("down", &[]);
    }
}

fn sleeper(name: &str, more: &str) -> String {
    format!("  {name}: {{ image: {BUSYBOX}, command: sleep 3600, stop_grace_period: 0s{more} }}\n")
}

fn is_healthy(service: &Value) -> bool {
    service["status"] == "Healthy" && service["stale"] == false
}

#[test]
fn row_1_a_daemon_killed_in_the_midst_of_a_start_is_waited_for() {
    if !docker("row_1_a_daemon_killed_in_the_midst_of_a_start_is_waited_for") {
        return;
    }
    let names = ["a", "b", "c", "d", "e", "f"];
    let services: String = names.iter().map(|name| sleeper(name, "")).collect();
    let mut world = World::new("mid", true, &services);
    world.call("up", &["--detach"]).expect(0);
    eventually("the first container is there", || {
        match world.daemon.containers(&world.name).len() {
            0 => Err("none yet".to_owned()),
            _ => Ok(()),
        }
    });
    world.daemon.kill();
    world.daemon.launch();
    for name in names {
        let service = world.wait_for(name, "is healthy", is_healthy);
        assert_eq!(service["generation"], 1, "the same start goes on");
    }
    world.assert_no_duplicate(names.len());
}

#[test]
fn row_1_with_live_restore_containers_live_through_a_restart_of_the_daemon() {
    if !docker("row_1_with_live_restore_containers_live_through_a_restart_of_the_daemon") {
        return;
    }
    let services = sleeper("kept", "") + &sleeper("lost", "");
    let mut world = World::new("live", true, &services);
    world.up().expect(0);
    let before = world.service("kept");
    let lost = world
        .daemon
        .inspect(&world.container("lost"), "{{.State.Pid}}");
    world.daemon.kill();
    world.wait_for("kept", "is shown as stale", |s| s["stale"] == true);
    // One that ends while nobody watches is found to have ended.
    let killed = Command::new("kill").args(["-9", &lost]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    world.daemon.launch();
    let after = world.wait_for("kept", "is healthy again", is_healthy);
    assert_eq!(after["container_id"], before["container_id"]);
    assert_eq!(after["generation"], 1);
    world.wait_for("lost", "is said to have ended", |s| {
        s["status"] == "Unhealthy"
    });
}

#[test]
fn row_1_without_live_restore_what_the_daemon_ended_is_started_again() {
    if !docker("row_1_without_live_restore_what_the_daemon_ended_is_started_again") {
        return;
    }
    let services = sleeper("again", ", restart: always") + &sleeper("not", "");
    let mut world = World::new("dead", false, &services);
    world.up().expect(0);
    world.daemon.stop();
    world.wait_until_available(false);
    world.daemon.launch();
    world.wait_for("again", "is started again by its restart policy", |s| {
        let of_before = s["generation"] == 1 && is_healthy(s);
        assert!(!of_before || s["stale"] == true, "nobody has looked: {s}");
        is_healthy(s) && s["generation"] == 2
    });
    let not = world.wait_for("not", "has ended", |s| s["status"] == "Unhealthy");
    assert!(
        not["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    world.assert_no_duplicate(2);
}

#[test]
fn row_2_a_daemon_that_hangs_makes_its_services_stale_and_nothing_else() {
    if !docker("row_2_a_daemon_that_hangs_makes_its_services_stale_and_nothing_else") {
        return;
    }
    let probes = ", probes: { live: { exec: [\"true\"], interval: 1s, timeout: 1s, failure_threshold: 1 } }, restart: always";
    let services = sleeper("probed", probes) + &sleeper("stopped", "");
    let mut world = World::new("hang", true, &services);
    world.up().expect(0);
    let before = world.service("probed");
    world.daemon.freeze();
    let frozen = std::time::Instant::now();
    let stale = world.wait_for("probed", "is shown as stale", |s| s["stale"] == true);
    println!("stale after {:.1} s", frozen.elapsed().as_secs_f64());
    let runtime = world.status()["runtime"].clone();
    assert_eq!(runtime["available"], false);
    let problem = runtime["problem"].as_str().unwrap_or_default();
    assert!(problem.contains("not responding"), "{problem}");
    assert_eq!(stale["generation"], before["generation"]);
    // A command is taken at once, and done when the daemon goes on.
    world.call("stop", &["stopped"]).expect(0);
    world.wait_for("stopped", "is being stopped", |s| {
        s["lifecycle"] == "Stopping"
    });
    world.daemon.thaw();
    world.wait_for("stopped", "is stopped", |s| s["status"] == "Stopped");
    let after = world.wait_for("probed", "is healthy again", is_healthy);
    assert_eq!(after["container_id"], before["container_id"]);
    assert_eq!(
        after["generation"], 1,
        "silence of the daemon is no failed probe"
    );
    assert_eq!(after["restarts"], 0);
}

#[test]
fn row_3_what_happens_during_a_break_of_the_events_is_found_afterwards() {
    if !docker("row_3_what_happens_during_a_break_of_the_events_is_found_afterwards") {
        return;
    }
    let daemon = Daemon::start(true);
    let proxy = benchtop_tests::cut::Proxy::to(&daemon.socket());
    let services = sleeper("ends", "") + &sleeper("goes", "") + &sleeper("stays", "");
    let mut world = World::on(daemon, "cut", &services);
    world.home = Home::new().with("DOCKER_HOST", proxy.address());
    world.up().expect(0);
    proxy.cut();
    world.wait_until_available(false);
    world.daemon.run(&["kill", &world.container("ends")]);
    world.daemon.run(&["rm", "-f", &world.container("goes")]);
    proxy.mend();
    world.wait_until_available(true);
    let ends = world.wait_for("ends", "has ended", |s| s["status"] == "Unhealthy");
    assert_eq!(ends["exit_code"], 137);
    let goes = world.wait_for("goes", "is gone", |s| s["lifecycle"] != "Running");
    assert!(goes["reason"].to_string().contains("removed"), "{goes}");
    assert!(is_healthy(&world.service("stays")));
    // A short break that nobody sees is healed without a word.
    proxy.cut();
    proxy.mend();
    world.wait_until_available(true);
    let stays = world.wait_for("stays", "is healthy", is_healthy);
    assert_eq!(stays["generation"], 1);
}

#[test]
fn row_4_memory_that_ran_out_is_told_from_a_kill() {
    if !docker("row_4_memory_that_ran_out_is_told_from_a_kill") {
        return;
    }
    // A variable that doubles until the limit is met.
    let greedy = format!(
        "  greedy:\n    image: {BUSYBOX}\n    command: [sh, -c, \"a=x; while :; do a=$$a$$a; done\"]\n    mem_limit: 20m\n    memswap_limit: 20m\n"
    );
    let world = World::new("oom", true, &(greedy + &sleeper("killed", "")));
    world.call("up", &["--detach"]).expect(0);
    let greedy = world.wait_for("greedy", "has failed", |s| s["status"] == "Unhealthy");
    assert_eq!(greedy["exit_code"], 137);
    assert!(greedy["reason"].to_string().contains("memory"), "{greedy}");
    world.wait_for("killed", "runs", is_healthy);
    world.daemon.run(&["kill", &world.container("killed")]);
    let killed = world.wait_for("killed", "has failed", |s| s["status"] == "Unhealthy");
    assert_eq!(killed["exit_code"], 137);
    assert!(!killed["reason"].to_string().contains("memory"), "{killed}");
}

#[test]
fn row_9_without_a_network_only_what_needs_the_missing_image_waits() {
    if !docker("row_9_without_a_network_only_what_needs_the_missing_image_waits") {
        return;
    }
    // The daemon's network has no way out.
    let absent = "  absent: { image: \"benchtop-test/busybox:99\", command: sleep 3600 }\n  after: { image: \"benchtop-test/busybox:1\", depends_on: [absent] }\n";
    let world = World::new("nonet", true, &(sleeper("here", "") + absent));
    world.up().expect(1);
    let here = world.service("here");
    assert!(is_healthy(&here), "{here}");
    let absent = world.service("absent");
    let reason = absent["reason"].as_str().unwrap_or_default();
    for said in [
        "benchtop-test/busybox:99",
        "no network",
        "present are benchtop-test/busybox:1",
    ] {
        assert!(reason.contains(said), "`{said}` is not in: {reason}");
    }
    let after = world.service("after");
    assert_eq!(after["generation"], 0, "it was not started: {after}");
    assert_eq!(world.service("here")["container_id"], here["container_id"]);
}

#[test]
fn row_16_an_engine_killed_while_it_starts_containers_leaves_no_duplicate() {
    if !docker("row_16_an_engine_killed_while_it_starts_containers_leaves_no_duplicate") {
        return;
    }
    let names = ["a", "b", "c", "d"];
    let services: String = names.iter().map(|name| sleeper(name, "")).collect();
    let once = format!("  once: {{ image: {BUSYBOX}, command: \"true\" }}\n");
    let world = World::new("kill", true, &(services + &once));
    // Each round kills it at another moment: after so many containers exist.
    for round in 0..names.len() {
        world.call("up", &["--detach"]).expect(0);
        eventually("so many containers are there", || {
            let there = world.daemon.containers(&world.name).len();
            if there >= round {
                Ok(())
            } else {
                Err(there.to_string())
            }
        });
        world.home.kill_engine();
        for name in names {
            world.wait_for(name, "is healthy", is_healthy);
        }
        world.wait_for("once", "is completed", |s| s["lifecycle"] == "Completed");
        world.assert_no_duplicate(names.len() + 1);
        world.call("down", &["--keep"]).expect(0);
        world.wait_for("a", "is stopped", |s| s["status"] == "Stopped");
        if round % 2 == 0 {
            world.call("down", &[]).expect(0);
            eventually("nothing is left", || {
                match world.daemon.containers(&world.name) {
                    left if left.is_empty() => Ok(()),
                    left => Err(format!("{left:?}")),
                }
            });
        }
    }
}

#[test]
fn row_18_what_is_done_behind_our_back_is_seen() {
    if !docker("row_18_what_is_done_behind_our_back_is_seen") {
        return;
    }
    let probe = ", probes: { ready: { exec: [\"true\"], interval: 1s, timeout: 2s, failure_threshold: 1 } }";
    let services = sleeper("stopped", "")
        + &sleeper("restarted", "")
        + &sleeper("paused", probe)
        + &sleeper("removed", "");
    let world = World::new("back", true, &services);
    world.up().expect(0);
    let docker = |arguments: &[&str], service: &str| {
        world
            .daemon
            .run(&[arguments, &[&world.container(service)]].concat())
    };
    docker(&["pause"], "paused");
    docker(&["stop", "-t", "0"], "stopped");
    docker(&["restart", "-t", "0"], "restarted");
    docker(&["rm", "-f"], "removed");
    world.wait_for("paused", "answers no more", |s| s["status"] == "Degraded");
    let stopped = world.wait_for("stopped", "has ended", |s| s["status"] == "Unhealthy");
    assert_eq!(stopped["exit_code"], 137);
    world.wait_for("restarted", "runs again", is_healthy);
    let removed = world.wait_for("removed", "is gone", |s| s["lifecycle"] != "Running");
    assert!(
        removed["reason"].to_string().contains("removed"),
        "{removed}"
    );
    docker(&["unpause"], "paused");
    let paused = world.wait_for("paused", "answers again", is_healthy);
    assert_eq!(paused["generation"], 1, "nobody restarted it");
    // What somebody else starts is ours still: shown, and ended with the rest.
    docker(&["start"], "stopped");
    let started = world.wait_for("stopped", "is taken over", is_healthy);
    assert_eq!(started["generation"], 2);
    world.call("down", &[]).expect(0);
    world.assert_no_duplicate(0);
}

#[test]
fn row_21_what_bears_our_names_and_not_our_label_is_left_alone() {
    if !docker("row_21_what_bears_our_names_and_not_our_label_is_left_alone") {
        return;
    }
    let world = World::new("foreign", true, &sleeper("a", ""));
    world.up().expect(0);
    let filter = format!("name={}", world.name);
    let network = world.daemon.run(&[
        "network",
        "ls",
        "--filter",
        &filter,
        "--format",
        "{{.Name}}",
    ]);
    world.call("down", &[]).expect(0);
    eventually("our network is removed", || {
        let left = world
            .daemon
            .run(&["network", "ls", "-q", "--filter", &filter]);
        if left.is_empty() { Ok(()) } else { Err(left) }
    });
    world.daemon.run(&["network", "create", &network]);
    world.up().expect(1);
    let reason = world.service("a")["reason"].to_string();
    assert!(reason.contains("taken by another network"), "{reason}");
    world.call("down", &[]).expect(0);
    let left = world
        .daemon
        .run(&["network", "ls", "-q", "--filter", &filter]);
    assert!(!left.is_empty(), "a foreign network is never removed");
}

#[test]
fn row_25_a_daemon_without_disk_space_is_named_and_recovered_from() {
    if !docker("row_25_a_daemon_without_disk_space_is_named_and_recovered_from") {
        return;
    }
    let mut daemon = Daemon::prepare(true);
    daemon.limit_disk("48m");
    daemon.launch();
    daemon.load(BUSYBOX);
    let world = World::on(daemon, "full", &sleeper("a", ""));
    world.daemon.fill_disk();
    world.up().expect(1);
    let reason = world.service("a")["reason"].to_string();
    assert!(reason.contains("no space left"), "{reason}");
    world.daemon.free_disk();
    world.up().expect(0);
    world.assert_no_duplicate(1);
}

#[test]
fn row_38_a_daemon_that_appears_later_is_picked_up() {
    if !docker("row_38_a_daemon_that_appears_later_is_picked_up") {
        return;
    }
    let mut world = World::on(Daemon::prepare(true), "later", &sleeper("a", ""));
    world.up().expect(3);
    let engine = world.home.engine_pid();
    let status = world.wait_until_available(false);
    let hint = status["runtime"]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("systemctl start docker"), "{status}");
    world.daemon.launch();
    world.daemon.load(BUSYBOX);
    world.wait_until_available(true);
    world.up().expect(0);
    assert_eq!(world.home.engine_pid(), engine, "by the same engine");
}

#[test]
fn row_38_an_up_right_after_the_daemon_has_come_finds_it() {
    if !docker("row_38_an_up_right_after_the_daemon_has_come_finds_it") {
        return;
    }
    let daemon = Daemon::start(true);
    let proxy = benchtop_tests::cut::Proxy::to(&daemon.socket());
    let mut world = World::on(daemon, "soon", &sleeper("a", ""));
    world.home = Home::new().with("DOCKER_HOST", proxy.address());
    proxy.cut();
    for _ in 0..3 {
        world.up().expect(3);
        // The engine looks by itself seconds later only.
        proxy.mend();
        world.up().expect(0);
        world.call("down", &[]).expect(0);
        world.assert_no_duplicate(0);
        proxy.cut();
        world.wait_until_available(false);
    }
    proxy.mend();
}

#[test]
fn row_39_of_two_runtimes_the_chosen_one_is_used_and_the_other_left_alone() {
    if !docker("row_39_of_two_runtimes_the_chosen_one_is_used_and_the_other_left_alone") {
        return;
    }
    let (mut first, second) = (
        World::new("two", true, &sleeper("a", "")),
        Daemon::start(true),
    );
    let listed = |world: &World| -> Vec<Value> {
        let said = world.runtime(&["list", "--json"]).stdout;
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
    };
    let chosen = |world: &World| -> Value {
        let all = listed(world);
        let chosen = all.iter().find(|choice| choice["chosen"] == true);
        chosen.cloned().unwrap_or_else(|| panic!("{all:?}"))
    };
    let now = chosen(&first);
    assert_eq!(now["address"], first.daemon.address().as_str());
    assert_eq!(now["state"], "ready");
    assert_eq!(now["source"], "DOCKER_HOST");
    assert_eq!(now["kind"], "docker");
    first.up().expect(0);
    // Containers stay where they run.
    let refused = first.runtime(&["use", &second.address()]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("stop the environment first"),
        "{refused:?}"
    );
    first.call("down", &["--keep"]).expect(0);
    first.wait_for("a", "is stopped", |s| s["status"] == "Stopped");
    first
        .call(
            "up",
            &["--wait", "--detach", "--runtime", &second.address()],
        )
        .expect(0);
    assert_eq!(second.containers(&first.name).len(), 1);
    assert_eq!(chosen(&first)["address"], second.address().as_str());
    assert_eq!(first.daemon.containers(&first.name).len(), 1, "left alone");
    // The choice outlives the engine, and the way back is open.
    first.home.kill_engine();
    assert_eq!(chosen(&first)["address"], second.address().as_str());
    first.wait_for("a", "is adopted", is_healthy);
    first.call("down", &[]).expect(0);
    first.runtime(&["use", "auto"]).expect(0);
    assert_eq!(chosen(&first)["source"], "DOCKER_HOST");
    // A frozen one is told from one that is not there.
    first.daemon.freeze();
    let states: Vec<Value> = listed(&first).iter().map(|c| c["state"].clone()).collect();
    assert!(states.contains(&Value::from("silent")), "{states:?}");
    first.daemon.thaw();
}
