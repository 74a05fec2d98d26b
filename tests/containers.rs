//! Containers of a real engine, and the B2X example on it. Every test makes its
//! own project; what it leaves is removed with it.

use benchtop_tests::programs::program;
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::process::Command;

#[path = "containers/b2x.rs"]
mod b2x;

/// A container that answers HTTP as soon as it runs.
const BUSYBOX: &str = "benchtop-test/busybox:1";

struct Bench {
    home: Home,
    project: Project,
    file: String,
    name: String,
}

impl Bench {
    /// An environment with a name of its own, so that tests run side by side.
    fn new(test: &str, rest: &str) -> Self {
        Self::with_home(Home::new(), test, rest)
    }

    fn with_home(home: Home, test: &str, rest: &str) -> Self {
        let name = format!("t{}-{test}", std::process::id());
        let project = Project::new(&format!("name: {name}\n{rest}"));
        let file = project.file().display().to_string();
        Self {
            home,
            project,
            file,
            name,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn up(&self) -> benchtop_tests::home::Outcome {
        self.call("up", &["--wait", "--detach", "--timeout", "80s"])
    }

    fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
    }

    fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.name)
    }

    fn wait_for(&self, name: &str, key: &str, value: &str) -> Value {
        eventually(&format!("{name} has {key} {value}"), || {
            let service = self.service(name);
            if service[key] == value {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
        run(&["volume", "rm", "-f", &format!("{}_data", self.name)]);
    }
}

/// Calls `docker` and returns what it printed.
fn run(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("run docker");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn inspect(container: &str, format: &str) -> String {
    run(&["inspect", container, "--format", format])
}

fn web(more: &str) -> String {
    format!(
        "services:\n  web:\n    image: {BUSYBOX}\n    command: [httpd, -f, -p, \"80\", -h, /etc]\n    endpoints: {{ http: {{ port: auto, target: 80 }} }}\n    probes: {{ ready: {{ http: /passwd }} }}\n{more}"
    )
}

#[test]
fn a_container_is_started_reached_restarted_and_removed() {
    if !docker("a_container_is_started_reached_restarted_and_removed") {
        return;
    }
    let bench = Bench::new(
        "life",
        &web("    volumes: [data:/data]\nvolumes: { data: }\n"),
    );
    bench.up().expect(0);
    let web = bench.service("web");
    let id = web["container_id"].as_str().expect("an id").to_owned();
    assert_eq!(inspect(&bench.container("web"), "{{.Id}}"), id);
    assert_eq!(
        inspect(&id, "{{index .Config.Labels \"dev.benchtop.service\"}}"),
        "web"
    );
    assert_eq!(
        inspect(
            &id,
            "{{index .Config.Labels \"com.docker.compose.project\"}}"
        ),
        bench.name
    );
    bench.call("restart", &["web"]).expect(0);
    let again = eventually("healthy anew", || {
        let now = bench.service("web");
        if now["generation"] == 2 && now["status"] == "Healthy" {
            Ok(now)
        } else {
            Err(now.to_string())
        }
    });
    assert_eq!(
        again["container_id"],
        id.as_str(),
        "the same definition keeps its container"
    );
    bench.call("down", &[]).expect(0);
    assert_eq!(
        run(&[
            "ps",
            "-aq",
            "--filter",
            &format!("name={}", bench.container("web"))
        ]),
        ""
    );
    assert_eq!(
        run(&[
            "network",
            "ls",
            "-q",
            "--filter",
            &format!("name={}", bench.name)
        ]),
        ""
    );
    assert_ne!(
        run(&[
            "volume",
            "ls",
            "-q",
            "--filter",
            &format!("name={}_data", bench.name)
        ]),
        "",
        "volumes stay"
    );
}

#[test]
fn a_container_reaches_another_by_name_and_a_process_by_the_host() {
    if !docker("a_container_reaches_another_by_name_and_a_process_by_the_host") {
        return;
    }
    let script =
        "wget -qO- $WEB_URL/passwd && echo reached $WEB_HOST && echo host at $STORE_HOST; sleep 60";
    let more = format!(
        "  store:\n    process: {} sample store\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n  client:\n    image: {BUSYBOX}\n    command: [sh, -c, {script:?}]\n    references: [web, store]\n",
        program("benchtop").display(),
        script = script.replace('$', "$$"),
    );
    let bench = Bench::new("dns", &web(&more));
    bench.up().expect(0);
    eventually("the client has reached both", || {
        let log = bench.call("logs", &["client"]).stdout;
        if log.contains("reached web") && log.contains("host at host.docker.internal") {
            Ok(())
        } else {
            Err(log)
        }
    });
}

#[test]
fn the_containers_own_health_check_counts() {
    if !docker("the_containers_own_health_check_counts") {
        return;
    }
    let yaml = format!(
        "services:\n  a:\n    image: {BUSYBOX}\n    command: [sh, -c, \"sleep 1; touch /tmp/ok; sleep 600\"]\n    healthcheck: {{ test: [CMD, test, -e, /tmp/ok], interval: 1s, retries: 1 }}\n  b: {{ image: {BUSYBOX}, command: sleep 600, depends_on: {{ a: {{ condition: service_healthy }} }} }}\n"
    );
    let bench = Bench::new("health", &yaml);
    bench.up().expect(0);
    let started = |name: &str| inspect(&bench.container(name), "{{.State.StartedAt}}");
    assert!(started("a") < started("b"));
    run(&["exec", &bench.container("a"), "rm", "/tmp/ok"]);
    bench.wait_for("a", "status", "Degraded");
    run(&["exec", &bench.container("a"), "touch", "/tmp/ok"]);
    bench.wait_for("a", "status", "Healthy");
}

#[test]
fn a_missing_image_is_named_and_mended() {
    if !docker("a_missing_image_is_named_and_mended") {
        return;
    }
    let image = format!("benchtop-test/absent-{}:1", std::process::id());
    let bench = Bench::new(
        "image",
        &format!("services:\n  a: {{ image: \"{image}\", command: sleep 600 }}\n"),
    );
    bench.up().expect(1);
    let reason = bench.service("a")["reason"].to_string();
    assert!(
        reason.contains(&image) && reason.contains("cannot be pulled"),
        "{reason}"
    );
    run(&["tag", BUSYBOX, &image]);
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);
    run(&["rmi", &image]);
}

#[test]
fn row_11_a_missing_folder_is_refused_and_never_made_where_the_file_says_so() {
    if !docker("row_11_a_missing_folder_is_refused_and_never_made_where_the_file_says_so") {
        return;
    }
    // Without that key the folder is made, as Compose does: see tests/compose.rs.
    let mount = "{ type: bind, source: ./absent, target: /x, bind: { create_host_path: false } }";
    let bench = Bench::new(
        "mount",
        &format!(
            "services:\n  a: {{ image: {BUSYBOX}, command: sleep 600, volumes: [{mount}] }}\n"
        ),
    );
    bench.up().expect(1);
    assert!(bench.service("a")["reason"].to_string().contains("absent"));
    assert!(!bench.project.path().join("absent").exists());
}

#[test]
fn without_a_container_runtime_processes_run_and_the_rest_says_why() {
    let home = Home::new().with("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let yaml =
        format!("services:\n  box: {{ image: {BUSYBOX} }}\n  here: {{ process: sleep 60 }}\n");
    let bench = Bench::with_home(home, "none", &yaml);
    bench.up().expect(3);
    let reason = bench.service("box")["reason"].to_string();
    assert!(reason.contains("container runtime is not"), "{reason}");
    assert_eq!(bench.service("here")["status"], "Healthy");
    let status = bench.home.status(&["-f", &bench.file]);
    assert_eq!(status["runtime"]["available"], false);
    assert!(
        status["runtime"]["hint"]
            .as_str()
            .is_some_and(|hint| !hint.is_empty())
    );
}

#[test]
fn a_container_removed_by_somebody_else_is_said_so() {
    if !docker("a_container_removed_by_somebody_else_is_said_so") {
        return;
    }
    let bench = Bench::new("gone", &web(""));
    bench.up().expect(0);
    run(&["rm", "-f", &bench.container("web")]);
    eventually("it is noticed", || {
        let web = bench.service("web");
        if web["lifecycle"] == "Running" {
            Err(web.to_string())
        } else {
            Ok(())
        }
    });
    bench.call("start", &["web"]).expect(0);
    bench.wait_for("web", "status", "Healthy");
}

#[test]
fn what_is_not_ours_is_never_touched() {
    if !docker("what_is_not_ours_is_never_touched") {
        return;
    }
    let bench = Bench::new("foreign", &web(""));
    let foreign = run(&[
        "run",
        "-d",
        "--name",
        &bench.container("web"),
        BUSYBOX,
        "sleep",
        "600",
    ]);
    bench.up().expect(1);
    let reason = bench.service("web")["reason"].to_string();
    bench.call("down", &[]).expect(0);
    let state = inspect(&foreign, "{{.State.Running}}");
    run(&["rm", "-f", &foreign]);
    assert!(reason.contains("is taken by another container"), "{reason}");
    assert_eq!(state, "true");
}

#[test]
fn a_bind_mount_a_user_and_an_exit_code_arrive() {
    if !docker("a_bind_mount_a_user_and_an_exit_code_arrive") {
        return;
    }
    let yaml = format!(
        "services:\n  once:\n    image: {BUSYBOX}\n    command: [sh, -c, \"cat /conf/greeting; id -u; exit 5\"]\n    volumes: [\"./conf:/conf:ro\"]\n    user: \"1234\"\n    environment: [A=1]\n"
    );
    let bench = Bench::new("bind", &yaml);
    std::fs::create_dir(bench.project.path().join("conf")).expect("folder");
    bench
        .project
        .write("conf/greeting", "hello from the host\n");
    bench.up().expect(1);
    assert_eq!(bench.service("once")["exit_code"], 5);
    eventually("its output is kept", || {
        let log = bench.call("logs", &["once"]).stdout;
        if log.contains("hello from the host") && log.contains("1234") {
            Ok(())
        } else {
            Err(log)
        }
    });
}

#[test]
fn the_build_of_an_image_shows_its_step_and_ends_when_it_is_called_off() {
    if !docker("the_build_of_an_image_shows_its_step_and_ends_when_it_is_called_off") {
        return;
    }
    let image = format!("benchtop-test/step{}:1", std::process::id());
    let services = format!(
        "services:\n  a: {{ build: ., image: \"{image}\", command: sleep 600, stop_grace_period: 0s }}\n"
    );
    let bench = Bench::new("step", &services);
    let seconds = std::process::id() + 10_000;
    let recipe = format!("FROM {BUSYBOX}\nENV LONG=1\nRUN sleep {seconds}\n");
    bench.project.write("Dockerfile", &recipe);
    bench.call("up", &["--detach"]).expect(0);
    let step = format!("step 3 of 3: RUN sleep {seconds}");
    let shows = |what: &str| {
        eventually(what, || match bench.service("a") {
            a if a["progress"].to_string().contains(what) => Ok(()),
            a => Err(a.to_string()),
        });
    };
    let runs = || {
        let list = ["ps", "--no-trunc", "--format", "{{.Command}}"];
        let output = Command::new("docker").args(list).output().expect("a list");
        String::from_utf8_lossy(&output.stdout).contains(&format!("sleep {seconds}"))
    };
    let has_ended = || {
        eventually("the build has ended in the engine, too", || match runs() {
            false => Ok(()),
            true => Err("it runs on".to_owned()),
        });
    };
    shows(&step);
    bench.call("stop", &["a"]).expect(0);
    bench.wait_for("a", "status", "Stopped");
    has_ended();
    bench
        .project
        .write("Dockerfile", &format!("FROM {BUSYBOX}\n"));
    bench.up().expect(0);
    // The same where something runs already.
    bench.project.write("Dockerfile", &recipe);
    bench.call("rebuild", &["a"]).expect(0);
    shows(&step);
    bench.call("stop", &["a"]).expect(0);
    has_ended();
    bench.call("down", &[]).expect(0);
    let remove = Command::new("docker").args(["rmi", "-f", &image]).output();
    assert!(remove.is_ok());
}
