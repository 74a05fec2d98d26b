//! Starting, restarting, adopting and idling, beside a bare floor and a peer.
//!
//! The floor of `up` is the same calls of the container engine, issued in parallel by
//! nothing but a client library; the peer is `docker compose up --wait`. `BENCHTOP_COMPOSE`
//! names the Compose program; without it the plugin of `docker` is used, where there is one.

use benchtop_tests::bench::{Budget, Table};
use benchtop_tests::programs::program;
use benchtop_tests::{Home, Project, docker};
use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, NetworkCreateRequest};
use bollard::query_parameters as q;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// Containers of the `up`.
const CONTAINERS: usize = 20;

/// Services that are adopted, and that idle.
const SERVICES: usize = 50;

/// Each way of starting is measured so many times, in turns.
const TURNS: usize = 3;

/// How long is looked at an idle engine.
const IDLE: Duration = Duration::from_secs(30);

fn main() {
    let mut table = Table::new("orchestration: up, restart, adoption, idle");
    match docker("up of 20 containers") {
        true => up(&mut table),
        false => table.skipped("up of 20 containers", "no container engine answers"),
    }
    restart(&mut table);
    fifty(&mut table);
}

fn median(mut runs: Vec<Duration>) -> f64 {
    runs.sort();
    runs[runs.len() / 2].as_secs_f64() * 1000.0
}

fn up(table: &mut Table) {
    let name = format!("bench{}", std::process::id());
    let services: String = (0..CONTAINERS)
        .map(|n| {
            format!(
                "  c{n}: {{ image: \"{BUSYBOX}\", command: sleep 36000, stop_grace_period: 0s }}\n"
            )
        })
        .collect();
    let project = Project::new(&format!("name: {name}\nservices:\n{services}"));
    let file = project.file().display().to_string();
    let home = Home::new();
    // The engine runs already, as the container engine does.
    home.benchtop(&["status", "-f", &file]);
    let compose = compose();
    let (mut floor, mut ours, mut peer) = (Vec::new(), Vec::new(), Vec::new());
    let mut running = Vec::new();
    for _ in 0..TURNS {
        floor.push(bare(&name));
        let (began, at) = (Instant::now(), SystemTime::now());
        home.benchtop(&["up", "-f", &file, "--wait", "--detach", "--timeout", "100s"])
            .expect(0);
        ours.push(began.elapsed());
        running.push(last_started(&name).duration_since(at).expect("later"));
        home.benchtop(&["down", "-f", &file]).expect(0);
        if let Some(compose) = &compose {
            peer.push(compose_up(compose, &file));
        }
    }
    let (floor, ours) = (median(floor), median(ours));
    table.figure("up of 20 containers, bare calls", floor, "ms");
    table.figure("up of 20 containers, Benchtop", ours, "ms");
    table.budgeted(
        "  to the bare calls",
        ours / floor,
        "x",
        Budget::AtMost(1.15),
    );
    // The rest is the half second for which a service without probes must live before it
    // counts as Healthy.
    let running = median(running);
    table.figure("  until the last container runs", running, "ms");
    table.figure("  that to the bare calls", running / floor, "x");
    match peer.is_empty() {
        true => table.skipped(
            "docker compose up --wait",
            "there is no Compose; BENCHTOP_COMPOSE names one",
        ),
        false => {
            let peer = median(peer);
            table.figure("up of 20 containers, docker compose up --wait", peer, "ms");
            table.budgeted(
                "  Benchtop to Compose",
                ours / peer,
                "x",
                Budget::AtMost(1.0),
            );
        }
    }
}

/// When the last container of the project began to run, in the container engine's words.
fn last_started(project: &str) -> SystemTime {
    let label = format!("label=com.docker.compose.project={project}");
    let ids = output("docker", &["ps", "--quiet", "--filter", &label]);
    let mut inspect = vec!["inspect", "--format", "{{.State.StartedAt}}"];
    inspect.extend(ids.lines());
    let times = output("docker", &inspect);
    let last = times.lines().max().expect("a container").to_owned();
    let last: jiff::Timestamp = last.parse().expect("a time");
    last.into()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    String::from_utf8(output.expect("run it").stdout).expect("text")
}

/// The calls that bring up 20 containers on a network, all at once, and how long they take.
fn bare(name: &str) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let docker = Docker::connect_with_defaults().expect("an address");
        let network = format!("{name}_bare");
        let began = Instant::now();
        let create = NetworkCreateRequest {
            name: network.clone(),
            ..NetworkCreateRequest::default()
        };
        docker.create_network(create).await.expect("a network");
        let starts =
            (0..CONTAINERS).map(|n| bare_start(&docker, format!("{name}-bare-{n}"), &network));
        let ids = futures_util::future::join_all(starts).await;
        let took = began.elapsed();
        let force = || q::RemoveContainerOptions {
            force: true,
            ..q::RemoveContainerOptions::default()
        };
        let removals = ids
            .iter()
            .map(|id| docker.remove_container(id, Some(force())));
        for removed in futures_util::future::join_all(removals).await {
            removed.expect("remove a container");
        }
        remove_network(&docker, &network).await;
        took
    })
}

/// On a busy machine the engine lets go of an endpoint a moment after its container, and
/// Docker 20.10 sometimes never: then the network is left, which changes no figure.
async fn remove_network(docker: &Docker, network: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while docker.remove_network(network).await.is_err() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn bare_start(docker: &Docker, name: String, network: &str) -> String {
    docker.inspect_image(BUSYBOX).await.expect("the image");
    // Whether the name is free; it is.
    _ = docker
        .inspect_container(&name, None::<q::InspectContainerOptions>)
        .await;
    let body = ContainerCreateBody {
        image: Some(BUSYBOX.to_owned()),
        cmd: Some(vec!["sleep".to_owned(), "36000".to_owned()]),
        labels: Some(HashMap::from([("bench".to_owned(), "bare".to_owned())])),
        host_config: Some(HostConfig {
            network_mode: Some(network.to_owned()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let options = q::CreateContainerOptions {
        name: Some(name),
        ..q::CreateContainerOptions::default()
    };
    let created = docker
        .create_container(Some(options), body)
        .await
        .expect("a container");
    let start = docker.start_container(&created.id, None::<q::StartContainerOptions>);
    start.await.expect("it starts");
    let found = docker
        .inspect_container(&created.id, None::<q::InspectContainerOptions>)
        .await;
    assert!(found.is_ok(), "it is there");
    created.id
}

/// How Compose is called here.
fn compose() -> Option<Vec<String>> {
    let named = std::env::var("BENCHTOP_COMPOSE")
        .ok()
        .map(|path| vec![path]);
    let all = named
        .into_iter()
        .chain([vec!["docker".to_owned(), "compose".to_owned()]]);
    all.into_iter().find(|words| {
        let version = Command::new(&words[0])
            .args(&words[1..])
            .arg("version")
            .output();
        version.is_ok_and(|output| output.status.success())
    })
}

fn compose_up(compose: &[String], file: &str) -> Duration {
    let call = |arguments: &[&str]| {
        Command::new(&compose[0])
            .args(&compose[1..])
            .args(["-f", file])
            .args(arguments)
            .output()
            .expect("run Compose")
    };
    let began = Instant::now();
    let started = call(&["up", "--detach", "--wait"]);
    let took = began.elapsed();
    assert!(started.status.success(), "{started:?}");
    // It fails where Docker keeps a network, which changes no figure.
    drop(call(&["down", "--timeout", "0"]));
    took
}

/// From the click to Healthy, and the same by hand: end it, start it, ask until it answers.
fn restart(table: &mut Table) {
    let benchtop = program("benchtop");
    let project = Project::new(&format!(
        "services:\n  api:\n    process: {} sample api\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n",
        benchtop.display()
    ));
    let file = project.file().display().to_string();
    let home = Home::new();
    home.benchtop(&["up", "-f", &file, "--wait", "--detach"])
        .expect(0);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let ours = (0..5)
        .map(|_| runtime.block_on(clicked(&home, &file)))
        .collect();
    let mut child = by_hand(None).0;
    let floor = (0..5)
        .map(|_| {
            let began = Instant::now();
            child.take_down();
            child = by_hand(None).0;
            began.elapsed()
        })
        .collect();
    child.take_down();
    let (ours, floor): (f64, f64) = (median(ours), median(floor));
    table.figure(
        "restart of a process by hand, until it answers",
        floor,
        "ms",
    );
    table.figure(
        "restart of a process, from the click to Healthy",
        ours,
        "ms",
    );
    table.figure("  ratio", ours / floor, "x");
}

trait TakeDown {
    fn take_down(&mut self);
}

impl TakeDown for Child {
    fn take_down(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.id()).expect("a pid"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("signal it");
        self.wait().expect("it ends");
    }
}

/// The same program, started and asked every few milliseconds until it is ready.
fn by_hand(port: Option<u16>) -> (Child, u16) {
    let port = port.unwrap_or_else(|| {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        free.expect("a port").port()
    });
    let child = Command::new(program("benchtop"))
        .args(["sample", "api"])
        .env("HTTP_PORT", port.to_string())
        .env("PORT", port.to_string())
        .env("API_PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start it");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !answers(port) {
        assert!(Instant::now() < deadline, "it does not answer at {port}");
        std::thread::sleep(Duration::from_millis(2));
    }
    (child, port)
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

async fn clicked(home: &Home, file: &str) -> Duration {
    use benchtop_api::client::Client;
    use benchtop_api::paths::Paths;
    use benchtop_api::schema::{
        EnvironmentListRequest, EnvironmentStatusRequest, ServiceRestartRequest,
    };
    let paths = Paths {
        data: home.path().join("data"),
        runtime: home.path().join("run"),
    };
    let client = Client::new(paths).expect("a client");
    let all = client
        .call(&EnvironmentListRequest {})
        .await
        .expect("a list");
    let environment = all.first().map(|e| e.id.clone()).expect(file);
    let request = EnvironmentStatusRequest {
        environment: environment.clone(),
    };
    let status = || client.call(&request);
    let state = |view: &benchtop_api::view::EnvironmentView| {
        let json = serde_json::to_value(view).expect("JSON");
        let service = &json["services"][0];
        (service["generation"].clone(), service["status"].clone())
    };
    let (before, _) = state(&status().await.expect("its status"));
    let began = Instant::now();
    let request = ServiceRestartRequest {
        environment: environment.clone(),
        service: "api".to_owned(),
    };
    client.call(&request).await.expect("a restart");
    loop {
        let (generation, status) = state(&status().await.expect("its status"));
        if generation != before && status == "Healthy" {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Fifty services: what they cost while nothing happens, and how soon a new engine has
/// them all.
fn fifty(table: &mut Table) {
    let services: String = (0..SERVICES)
        .map(|n| {
            format!(
                "  s{n}: {{ process: [sh, -c, \"exec busybox httpd -f -p 127.0.0.1:$${{PORT}}\"], endpoints: {{ http: auto }}, probes: {{ ready: {{ tcp: http }} }} }}\n"
            )
        })
        .collect();
    let project = Project::new(&format!("services:\n{services}"));
    let file = project.file().display().to_string();
    let home = Home::new();
    let began = Instant::now();
    home.benchtop(&["up", "-f", &file, "--wait", "--detach", "--timeout", "100s"])
        .expect(0);
    table.figure(
        "up of 50 processes",
        began.elapsed().as_secs_f64() * 1000.0,
        "ms",
    );
    let engine = home.engine_pid();
    // Statistics are sampled often only while somebody looks.
    std::thread::sleep(Duration::from_secs(10));
    let before = processor_time(engine);
    std::thread::sleep(IDLE);
    let used = (processor_time(engine) - before).max(0.0);
    table.budgeted(
        "idle engine, 50 services that are probed",
        used / IDLE.as_secs_f64() * 100.0,
        "% of a core",
        Budget::AtMost(0.5),
    );
    table.budgeted(
        "  its memory (PSS)",
        pss_mib(engine),
        "MiB",
        Budget::AtMost(60.0),
    );
    let pids = |status: &Value| -> Vec<Value> {
        let services = status["services"].as_array().cloned().unwrap_or_default();
        services.iter().map(|s| s["pid"].clone()).collect()
    };
    let before = pids(&home.status(&["-f", &file]));
    home.kill_engine();
    let began = Instant::now();
    let after = pids(&home.status(&["-f", &file]));
    let took = began.elapsed().as_secs_f64();
    assert_eq!(before, after, "the same processes");
    table.budgeted(
        "50 services adopted after kill -9",
        took,
        "s",
        Budget::AtMost(3.0),
    );
}

/// Processor time of the living threads of a process, in seconds, to the nanosecond. The
/// ticks of its `stat` are whole hundredths that fall to whom the timer met, which is much
/// beside a share of a hundredth.
fn processor_time(pid: i32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let of_task = |task: std::fs::DirEntry| {
        // A thread may end meanwhile.
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let first = text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
        first.unwrap_or_default() / 1e9
    };
    tasks.flatten().map(of_task).sum()
}

fn pss_mib(pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("it lives");
    let line = text.lines().find(|line| line.starts_with("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok())
        .expect("a number")
        / 1024.0
}
