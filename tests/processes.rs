//! Host processes, from the command line to the process table.

use benchtop_tests::programs::program;
use benchtop_tests::{Home, Project, eventually};
use serde_json::Value;
use std::net::TcpListener;

/// A service that goes on for ever and can be asked for its health.
fn sample(name: &str, more: &str) -> String {
    format!(
        "  {name}:\n    process: {} sample {name}\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n{more}",
        program("benchtop").display()
    )
}

struct Bench {
    home: Home,
    project: Project,
    file: String,
}

impl Bench {
    fn new(services: &str) -> Self {
        let project = Project::new(&format!("services:\n{services}"));
        let file = project.file().display().to_string();
        Self {
            home: Home::new(),
            project,
            file,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn up(&self) -> benchtop_tests::home::Outcome {
        self.call("up", &["--wait", "--detach", "--timeout", "60s"])
    }

    fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
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

    fn fault(&self, name: &str, fault: &str) {
        let port = u16::try_from(
            self.service(name)["endpoints"][0]["port"]
                .as_u64()
                .expect("a port"),
        )
        .expect("a port");
        http_post(port, &format!("/fault/{fault}"));
    }
}

/// Enough HTTP to ask a sample service for a fault.
fn http_post(port: u16, path: &str) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connect");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("send");
    // The service may end before it has answered: that is the fault.
    _ = stream.read_to_string(&mut String::new());
}

fn is_alive(pid: &Value) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_sample_turns_healthy_and_goes_without_a_trace() {
    let home = Home::new();
    home.benchtop(&["up", "--sample", "--wait", "--detach", "--timeout", "60s"])
        .expect(0);
    let status = home.status(&["--sample"]);
    assert_eq!(status["status"], "Healthy");
    assert_eq!(status["metrics"]["healthy"], 5);
    let pids: Vec<Value> = status["services"]
        .as_array()
        .expect("services")
        .iter()
        .map(|s| s["pid"].clone())
        .collect();
    assert!(pids.iter().all(is_alive));
    home.benchtop(&["down", "--sample"]).expect(0);
    assert!(!pids.iter().any(is_alive), "{pids:?}");
    let runs = home
        .benchtop(&["runs", "--sample", "--json"])
        .expect(0)
        .stdout;
    let runs: Value = serde_json::from_str(&runs).expect("JSON");
    assert_eq!(
        (
            &runs[0]["result"],
            &runs[0]["services"],
            &runs[0]["restarts"]
        ),
        (&"clean".into(), &5.into(), &0.into())
    );
    assert!(runs[0]["time_to_ready"].as_u64().is_some_and(|ms| ms > 0));
}

#[test]
fn a_restart_changes_one_generation_and_no_other() {
    let bench = Bench::new(
        &[
            sample("store", ""),
            sample("gateway", "    references: [store]\n"),
        ]
        .concat(),
    );
    bench.up().expect(0);
    let (store, gateway) = (bench.service("store"), bench.service("gateway"));
    bench.call("restart", &["gateway"]).expect(0);
    let after = eventually("gateway is healthy anew", || {
        let now = bench.service("gateway");
        if now["generation"] == 2 && now["status"] == "Healthy" {
            Ok(now)
        } else {
            Err(now.to_string())
        }
    });
    assert_ne!(after["pid"], gateway["pid"]);
    assert!(!is_alive(&gateway["pid"]));
    assert_eq!(bench.service("store")["pid"], store["pid"]);
    assert_eq!(after["restarts"], 0);
}

#[test]
fn the_engine_can_be_killed_and_nothing_else_notices() {
    let bench = Bench::new(
        &[
            sample("store", ""),
            sample("gateway", "    references: [store]\n"),
        ]
        .concat(),
    );
    bench.up().expect(0);
    let identity = |s: &Value| {
        (
            s["pid"].clone(),
            s["generation"].clone(),
            s["started"].clone(),
        )
    };
    let before = [
        identity(&bench.service("store")),
        identity(&bench.service("gateway")),
    ];
    bench.home.kill_engine();
    // Any face starts an engine that takes over; the first answer is the truth.
    let store = bench.service("store");
    assert_eq!(
        (&store["status"], &store["lifecycle"]),
        (&"Healthy".into(), &"Running".into())
    );
    assert_eq!(
        [
            identity(&bench.service("store")),
            identity(&bench.service("gateway"))
        ],
        before
    );
    let lines = |bench: &Bench| {
        bench
            .call("logs", &["-n", "5000", "gateway"])
            .stdout
            .lines()
            .count()
    };
    let old = eventually("the log from before is there", || {
        if lines(&bench) > 1 {
            Ok(lines(&bench))
        } else {
            Err("no line".into())
        }
    });
    eventually("the log goes on", || {
        if lines(&bench) > old {
            Ok(())
        } else {
            Err(format!("{old} lines"))
        }
    });
    // It is followed to its end, too.
    bench.call("stop", &["gateway"]).expect(0);
    bench.wait_for("gateway", "lifecycle", "Stopped");
    assert!(!is_alive(&before[1].0));
}

#[test]
fn what_ends_while_no_engine_runs_is_known_with_its_exit_code() {
    let bench = Bench::new("  brief: { process: [sh, -c, sleep 1; exit 7] }\n");
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for("brief", "lifecycle", "Running");
    bench.home.kill_engine();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let brief = bench.wait_for("brief", "lifecycle", "Failed");
    assert_eq!(brief["exit_code"], 7);
}

#[test]
fn a_crash_is_restarted_and_counted() {
    let bench = Bench::new(&sample("store", "    restart: on-failure\n"));
    bench.up().expect(0);
    bench.fault("store", "crash");
    let after = eventually("store is back", || {
        let now = bench.service("store");
        if now["generation"] == 2 && now["status"] == "Healthy" {
            Ok(now)
        } else {
            Err(now.to_string())
        }
    });
    assert_eq!(
        (&after["restarts"], &after["exit_code"]),
        (&1.into(), &134.into())
    );
}

#[test]
fn a_process_that_exits_at_once_is_named_and_can_be_mended() {
    let bench = Bench::new(
        "  broken: { process: [sh, -c, echo out of order >&2; exit 3] }\n  after: { process: sleep 60, depends_on: [broken] }\n",
    );
    let said = bench.up().expect(1);
    let broken = bench.service("broken");
    assert_eq!(
        (&broken["status"], &broken["exit_code"]),
        (&"Unhealthy".into(), &3.into())
    );
    assert_eq!(broken["reason"], "exited with code 3");
    assert!(
        bench
            .call("logs", &["broken"])
            .stdout
            .contains("out of order"),
        "{said:?}"
    );
    // A mended definition and another `up` are all it takes.
    bench.project.write("benchtop.yaml", "services:\n  broken: { process: sleep 60 }\n  after: { process: sleep 60, depends_on: [broken] }\n");
    bench.up().expect(0);
    assert_eq!(bench.service("after")["status"], "Healthy");
}

#[test]
fn a_program_that_does_not_exist_is_said_so() {
    let bench = Bench::new("  ghost: { process: no-such-program --at-all }\n");
    bench.up().expect(1);
    let reason = bench.service("ghost")["reason"].to_string();
    assert!(
        reason.contains("program not found: no-such-program"),
        "{reason}"
    );
}

#[test]
fn row_8_a_taken_port_names_its_owner() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = holder.local_addr().expect("address").port();
    let bench = Bench::new(&format!(
        "  web: {{ process: sleep 60, endpoints: {{ http: {port} }} }}\n"
    ));
    bench.up().expect(1);
    let reason = bench.service("web")["reason"].to_string();
    assert!(
        reason.contains(&format!(
            "port {port} is held by pid {}",
            std::process::id()
        )),
        "{reason}"
    );
    drop(holder);
    bench.call("start", &["web"]).expect(0);
    bench.wait_for("web", "status", "Healthy");
}

#[test]
fn a_health_endpoint_that_hangs_is_noticed_and_recovers() {
    let bench = Bench::new(&sample("store", "").replace(
        "/health/ready",
        "/health/ready, timeout: 300ms, interval: 500ms",
    ));
    bench.up().expect(0);
    bench.fault("store", "hang");
    let hanging = bench.wait_for("store", "status", "Degraded");
    assert!(
        hanging["reason"]
            .to_string()
            .contains("no answer within 300 ms"),
        "{hanging}"
    );
    bench.fault("store", "none");
    bench.wait_for("store", "status", "Healthy");
}

#[test]
fn waiting_ends_at_the_timeout_and_says_what_it_waited_for() {
    let bench = Bench::new(
        "  slow:\n    process: sleep 60\n    endpoints: { http: auto }\n    probes: { ready: { http: / } }\n",
    );
    let said = bench
        .call("up", &["--wait", "--detach", "--timeout", "2s"])
        .expect(4);
    assert!(
        said.stderr
            .contains("slow: ready probe fails: connection refused"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_whole_tree_is_stopped_even_what_left_the_session() {
    // Seconds that no other process sleeps, not even those of another copy of this test.
    let own = std::process::id();
    let bench = Bench::new(&format!(
        "  tree: {{ process: [sh, -c, \"setsid sleep 8{own:07} & sleep 9{own:07} & wait\"], stop_grace_period: 1s }}\n"
    ));
    bench.up().expect(0);
    let children = || processes(&format!("^sleep [89]{own:07}$"));
    eventually("both children run", || {
        if children().len() == 2 {
            Ok(())
        } else {
            Err(format!("{:?}", children()))
        }
    });
    bench.call("down", &[]).expect(0);
    assert_eq!(children(), Vec::<String>::new());
}

#[test]
fn one_that_ignores_sigterm_is_killed_after_its_grace_and_that_is_recorded() {
    let bench = Bench::new(
        "  deaf: { process: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"], stop_grace_period: 1s }\n",
    );
    bench.up().expect(0);
    bench.call("stop", &["deaf"]).expect(0);
    let deaf = bench.wait_for("deaf", "lifecycle", "Stopped");
    assert_eq!(deaf["reason"], "killed after 1 s");
}

#[test]
fn references_inject_addresses_and_secrets_are_masked() {
    let bench = Bench::new(&[
        sample("store", ""),
        "  shown: { process: [sh, -c, env; sleep 60], references: [store], environment: { API_TOKEN: hush, COLOUR: blue } }\n".to_owned(),
    ].concat());
    bench.up().expect(0);
    let port = bench.service("store")["endpoints"][0]["port"].to_string();
    let log = eventually("the variables are printed", || {
        let log = bench.call("logs", &["-n", "5000", "shown"]).stdout;
        if log.contains("COLOUR=blue") {
            Ok(log)
        } else {
            Err(log)
        }
    });
    for expected in [
        format!("services__store__http__0=http://localhost:{port}"),
        format!("STORE_URL=http://localhost:{port}"),
        format!("STORE_PORT={port}"),
        "STORE_HOST=localhost".to_owned(),
        format!("ASPNETCORE_STORE_URL=http://localhost:{port}"),
    ] {
        assert!(log.contains(&expected), "{expected} is missing in {log}");
    }
    let plan = bench.call("check", &["--json"]).stdout;
    assert!(
        plan.contains("blue") && !plan.contains("hush"),
        "secrets are masked"
    );
}

#[test]
fn two_faces_at_once_share_one_engine() {
    let home = Home::new();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            home.command(&["status", "--sample", "--json"])
                .stdout(std::process::Stdio::piped())
                .spawn()
                .expect("spawn")
        })
        .collect();
    for call in calls {
        assert!(call.wait_with_output().expect("wait").status.success());
    }
    assert!(home.engine_pid() > 0);
}

#[test]
fn opened_by_many_at_once_an_environment_has_one_owner() {
    let bench = Bench::new(&sample("api", ""));
    bench.home.benchtop(&["runs", "--all"]).expect(0);
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| bench.up())).collect();
        for start in starts {
            start.join().expect("it was started").expect(0);
        }
    });
    let api = bench.service("api");
    assert_eq!(api["status"], "Healthy", "{api}");
    assert_eq!(api["generation"], 1, "one start for all who asked: {api}");
}

#[test]
fn ctrl_c_stops_everything_that_up_has_started() {
    use std::io::{BufRead as _, BufReader};
    let bench =
        Bench::new("  ticker: { process: [sh, -c, \"while :; do echo tick; sleep 0.1; done\"] }\n");
    let mut up = bench
        .home
        .command(&["up", "-f", &bench.file])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("spawn");
    let stdout = up.stdout.take().expect("stdout");
    assert!(
        BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("tick")),
        "the log is shown"
    );
    let pid = bench.service("ticker")["pid"].clone();
    let up_pid = nix::unistd::Pid::from_raw(i32::try_from(up.id()).expect("pid"));
    nix::sys::signal::kill(up_pid, nix::sys::signal::Signal::SIGINT).expect("interrupt");
    assert_eq!(up.wait().expect("wait").code(), Some(0));
    assert!(!is_alive(&pid));
}

#[test]
fn killing_the_engine_at_any_moment_never_makes_two() {
    let marker = format!("77{}", std::process::id());
    let services: String = (0..4)
        .map(|n| format!("  s{n}: {{ process: sleep {marker}.{n}, restart: always }}\n"))
        .collect();
    let bench = Bench::new(&services);
    for round in 0_u64..8 {
        bench.call("up", &["--detach"]).expect(0);
        // Somewhere between the record, the shim, the program and the report.
        std::thread::sleep(std::time::Duration::from_millis(round * 13 % 60));
        bench.home.kill_engine();
        for n in 0..4 {
            bench.wait_for(&format!("s{n}"), "status", "Healthy");
            assert_eq!(
                processes(&format!("^sleep {marker}.{n}$")).len(),
                1,
                "round {round}"
            );
        }
        bench.call("down", &[]).expect(0);
        assert_eq!(
            processes(&format!("^sleep {marker}")),
            Vec::<String>::new(),
            "round {round}"
        );
    }
}

/// Process ids of the programs whose command line matches.
fn processes(pattern: &str) -> Vec<String> {
    let output = std::process::Command::new("pgrep")
        .args(["-f", pattern])
        .output()
        .expect("pgrep");
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}
