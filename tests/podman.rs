//! Podman through its Docker-compatible service: the life of a container, what an engine
//! adopts there, and the choice between it and Docker.

use benchtop_tests::home::Outcome;
use benchtop_tests::{Home, Podman, Project, docker, eventually, full};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// So many were made; their names differ.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

struct World {
    home: Home,
    file: String,
    name: String,
    podman: Podman,
    _project: Project,
}

impl World {
    /// `None` where there is no Podman.
    fn new(test: &str, variable: bool) -> Option<Self> {
        // The image comes from Docker.
        if !docker(test) {
            return None;
        }
        Some(Self::on(Podman::start(test)?, variable))
    }

    fn on(podman: Podman, variable: bool) -> Self {
        let home = match variable {
            true => Home::new().with("DOCKER_HOST", podman.address()),
            false => Home::new(),
        };
        let name = format!(
            "pod{}x{}",
            std::process::id(),
            WORLDS.fetch_add(1, Ordering::Relaxed)
        );
        let project = Project::new(&format!(
            "name: {name}\nservices:
  web:
    image: {BUSYBOX}
    command: [sh, -c, \"httpd -p 80 -h /etc; n=0; while :; do n=$$((n+1)); echo tick $$n; sleep 1; done\"]
    endpoints: {{ http: {{ port: auto, target: 80 }} }}
    probes: {{ ready: {{ http: /passwd, interval: 1s }}, live: {{ exec: [\"true\"], interval: 1s }} }}
    stop_grace_period: 0s
  after:
    image: {BUSYBOX}
    command: sleep 36000
    stop_grace_period: 0s
    depends_on: {{ web: {{ condition: service_healthy }} }}
"
        ));
        Self {
            home,
            file: project.file().display().to_string(),
            name,
            podman,
            _project: project,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
    }

    fn until(&self, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || {
            let service = self.service(name);
            if holds(&service) {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }

    fn containers(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        let said = self
            .podman
            .run(&["ps", "-aq", "--no-trunc", "--filter", &filter]);
        said.lines().map(str::to_owned).collect()
    }

    fn ticks(&self) -> usize {
        let log = self.call("logs", &["-n", "5000", "web"]).stdout;
        log.lines().filter(|line| line.contains("tick ")).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

fn is_healthy(service: &Value) -> bool {
    service["status"] == "Healthy" && service["stale"] == false
}

#[test]
fn row_39_a_container_lives_its_whole_life_in_podman() {
    let test = "row_39_a_container_lives_its_whole_life_in_podman";
    if !full(test) {
        return;
    }
    if let Some(world) = World::new(test, true) {
        lives_its_whole_life(world);
    }
}

#[test]
fn row_39_a_container_lives_its_whole_life_in_podman_without_root() {
    let test = "row_39_a_container_lives_its_whole_life_in_podman_without_root";
    if !full(test) || !docker(test) {
        return;
    }
    if let Some(podman) = Podman::start_rootless(test) {
        lives_its_whole_life(World::on(podman, true));
    }
}

fn lives_its_whole_life(mut world: World) {
    let up = ["--wait", "--detach", "--timeout", "80s"];
    world.call("up", &up).expect(0);
    let web = world.service("web");
    let id = web["container_id"].as_str().expect("an id").to_owned();
    assert!(world.containers().contains(&id), "it runs in Podman");
    eventually("its log goes on", || match world.ticks() {
        ticks if ticks >= 2 => Ok(()),
        ticks => Err(format!("{ticks} ticks")),
    });

    world.call("restart", &["web"]).expect(0);
    world.until("web", "it is healthy anew", |s| {
        s["generation"] == 2 && is_healthy(s)
    });
    world.call("stop", &["after"]).expect(0);
    world.until("after", "it is stopped", |s| s["status"] == "Stopped");
    world.call("start", &["after"]).expect(0);
    world.until("after", "it is up again", is_healthy);

    // Another engine takes both over, and goes on with the log.
    let before = [world.service("web"), world.service("after")];
    world.home.kill_engine();
    for old in &before {
        let now = world.service(old["name"].as_str().expect("a name"));
        assert_eq!(now["container_id"], old["container_id"]);
        assert_eq!(now["generation"], old["generation"]);
        assert!(is_healthy(&now), "{now}");
    }
    let ticks = world.ticks();
    eventually("its log goes on after the adoption", || {
        match world.ticks() {
            now if now > ticks + 1 => Ok(()),
            now => Err(format!("{ticks} and then {now}")),
        }
    });

    // The service of Podman goes away and returns: its containers do not.
    world.podman.kill();
    world.until("web", "it is shown as stale", |s| s["stale"] == true);
    world.podman.launch();
    let back = world.until("web", "it is healthy again", is_healthy);
    assert_eq!(back["container_id"], before[0]["container_id"]);

    world.podman.run(&["kill", &id]);
    let killed = world.until("web", "it is said to have ended", |s| {
        s["status"] == "Unhealthy"
    });
    assert_eq!(killed["exit_code"], 137);
    world.call("down", &[]).expect(0);
    assert_eq!(world.containers(), Vec::<String>::new());
}

#[test]
fn row_39_podman_beside_docker_is_chosen_by_flag_and_by_settings() {
    let test = "row_39_podman_beside_docker_is_chosen_by_flag_and_by_settings";
    if !full(test) {
        return;
    }
    let Some(world) = World::new(test, false) else {
        return;
    };
    let (address, up) = (
        world.podman.address(),
        ["--wait", "--detach", "--timeout", "80s"],
    );
    let by_flag = [&up[..], &["--runtime", &address]].concat();
    world.call("up", &by_flag).expect(0);
    assert_eq!(world.containers().len(), 2);
    world.call("down", &[]).expect(0);
    let file = ["-f", world.file.as_str()];
    let runtime = |words: &[&str]| world.home.benchtop(&[&["runtime"], words].concat());
    runtime(&[&["use", "auto"], &file[..]].concat()).expect(0);
    // The setting for every environment without a choice of its own.
    runtime(&["use", &address]).expect(0);
    world.call("up", &up).expect(0);
    assert_eq!(world.containers().len(), 2);
    let said = runtime(&[&["list", "--json"], &file[..]].concat()).stdout;
    let all: Vec<Value> = serde_json::from_str(&said).expect("JSON");
    let chosen = all.iter().find(|choice| choice["chosen"] == true);
    let chosen = chosen.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(
        (&chosen["address"], &chosen["kind"]),
        (&address.as_str().into(), &"podman".into())
    );
    world.call("down", &[]).expect(0);
    assert_eq!(world.containers(), Vec::<String>::new());
}

#[test]
fn row_38_podman_that_does_not_listen_is_named_with_its_own_fix() {
    let home = Home::new();
    let project = Project::new(&format!("services:\n  a: {{ image: {BUSYBOX} }}\n"));
    let socket = home.path().join("podman/podman.sock");
    let home = home.with("DOCKER_HOST", format!("unix://{}", socket.display()));
    let file = project.file().display().to_string();
    let up = ["up", "-f", &file, "--wait", "--detach", "--timeout", "30s"];
    home.benchtop(&up).expect(3);
    let runtime = home.status(&["-f", &file])["runtime"].clone();
    let text = |key: &str| runtime[key].as_str().unwrap_or_default().to_owned();
    let (problem, hint) = (text("problem"), text("hint"));
    match hint.contains("install Docker Engine or Podman") {
        true => assert_eq!(problem, "no container runtime is installed"),
        false => {
            assert!(problem.contains("is not running"), "{problem}");
            assert!(hint.contains("podman.socket"), "{hint}");
        }
    }
}
