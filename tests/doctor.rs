//! The examination of a machine, on machines that are made to be wrong: without a loopback
//! address, with two runtimes, behind a proxy, with another engine. What a person is told is
//! asserted, with the evidence and the exit code.

use benchtop_tests::home::Outcome;
use benchtop_tests::workbench::Workbench;
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::Command;

const BUSYBOX: &str = "benchtop-test/busybox:1";

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

fn check(report: &Value, id: &str) -> Value {
    let all = report["checks"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("no check {id} in {report}"))
}

/// Demands a state and words of a reason.
fn assert_says(report: &Value, id: &str, state: &str, words: &str) -> Value {
    let check = check(report, id);
    let reason = check["reason"].as_str().unwrap_or_default();
    assert_eq!(check["state"], state, "{check}");
    assert!(reason.contains(words), "`{words}` is not in: {reason}");
    check
}

/// The exit code follows from the worst check.
fn assert_code(outcome: &Outcome) -> Value {
    let report = json(outcome);
    let code = i32::from(report["status"] == "fail");
    assert_eq!(outcome.code, code, "{report}");
    report
}

/// Runs a command in a network of its own, after what was done to its loopback.
fn in_network(home: &Home, prepare: &str, arguments: &[&str]) -> Option<Outcome> {
    let program = home.command(&[]);
    let script = format!("{prepare}; shift; exec \"$0\" \"$@\"");
    let output = Command::new("unshare")
        .args(["--net", "sh", "-c", &script])
        .arg(program.get_program())
        .arg("-")
        .args(arguments)
        .envs(home.variables())
        .output()
        .ok()?;
    let outcome = Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    if outcome.stderr.contains("unshare failed") {
        return None;
    }
    Some(outcome)
}

const UP: &str = "busybox ip link set lo up";
const NO_IPV6: &str = "busybox ip link set lo up; busybox ip addr del ::1/128 dev lo";
const ONLY_IPV6: &str = "busybox ip link set lo up; busybox ip addr del 127.0.0.1/8 dev lo";

/// Networks of one's own need root, as the container tests do.
fn networks(test: &str) -> bool {
    docker(test)
}

#[test]
fn without_an_engine_and_an_environment_the_machine_alone_is_examined() {
    let home = Home::new();
    let empty = tempfile::tempdir().expect("a folder");
    let said = home
        .command(&["doctor", "--json"])
        .current_dir(empty.path())
        .output();
    let said = said.expect("run benchtop");
    let report: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    for id in ["definition", "ports", "programs"] {
        assert_says(&report, id, "skipped", "no environment file in this folder");
    }
    assert_says(&report, "versions", "pass", "no engine runs");
    assert_says(&report, "history", "pass", "nothing was recorded");
    assert_says(&report, "loopback-ipv4", "pass", "connects to itself");
    let counts = &report["metrics"];
    let sum: u64 = ["passed", "warned", "failed", "skipped"]
        .iter()
        .filter_map(|key| counts[key].as_u64())
        .sum();
    assert_eq!(
        Some(sum as usize),
        report["checks"].as_array().map(Vec::len)
    );
    assert_eq!(
        said.status.code(),
        Some(i32::from(report["status"] == "fail"))
    );
    assert!(
        !home.path().join("run/engine.sock").exists(),
        "no engine was started for it"
    );
    for check in report["checks"].as_array().expect("checks") {
        let wrong = check["state"] == "warn" || check["state"] == "fail";
        assert_eq!(check["fix"].is_string(), wrong, "{check}");
    }
}

#[test]
fn a_machine_without_the_loopback_address_of_ipv6_is_told_and_so_is_the_program_that_needs_it() {
    if !networks(
        "a_machine_without_the_loopback_address_of_ipv6_is_told_and_so_is_the_program_that_needs_it",
    ) {
        return;
    }
    let home = Home::new();
    // What an orchestrator of the seed did: listen on [::1], and nowhere else.
    let project = Project::new(
        "services:\n  api: { process: node server.js, restart: 'no', environment: { PORT: 18999 } }\n",
    );
    project.write(
        "server.js",
        "require('http').createServer().listen(Number(process.env.PORT), '::1');",
    );
    let file = project.file().display().to_string();
    let report = in_network(&home, NO_IPV6, &["doctor", "--json", "-f", &file]).expect("a network");
    let report = assert_code(&report);
    let v6 = assert_says(
        &report,
        "loopback-ipv6",
        "warn",
        "this machine does not have the address",
    );
    assert!(v6["fix"].to_string().contains("disable_ipv6=0"), "{v6}");
    assert_says(&report, "loopback-ipv4", "pass", "connects to itself");
    // A program without a probe may count as up for a moment.
    in_network(&home, NO_IPV6, &["up", "-f", &file, "--detach"])
        .expect("a network")
        .expect(0);
    let found = eventually("the cause is told", || {
        let why = home.benchtop(&["why", "--json", "-f", &file]);
        let found = json(&why)["diagnoses"][0].clone();
        if why.code == 1 && found["rule"] == "address-not-available" {
            Ok(found)
        } else {
            Err(format!("{why:?}"))
        }
    });
    assert!(
        found["sentence"]
            .to_string()
            .contains("this machine does not have the address ::1"),
        "{found}"
    );
    assert!(
        found["evidence"].to_string().contains("EADDRNOTAVAIL"),
        "{found}"
    );
    assert!(
        found["next"].to_string().contains("benchtop doctor"),
        "{found}"
    );
}

#[test]
fn a_machine_with_the_loopback_address_of_ipv6_alone_refuses_to_start_with_the_same_words() {
    if !networks(
        "a_machine_with_the_loopback_address_of_ipv6_alone_refuses_to_start_with_the_same_words",
    ) {
        return;
    }
    let home = Home::new();
    let project = Project::new("services:\n  api: { process: sleep 60 }\n");
    let file = project.file().display().to_string();
    let report =
        in_network(&home, ONLY_IPV6, &["doctor", "--json", "-f", &file]).expect("a network");
    assert_eq!(report.code, 1);
    let report = assert_code(&report);
    let v4 = assert_says(
        &report,
        "loopback-ipv4",
        "fail",
        "a connection of 127.0.0.1 to itself fails",
    );
    assert_says(&report, "loopback-ipv6", "pass", "connects to itself");
    let up = in_network(&home, ONLY_IPV6, &["up", "-f", &file, "--wait", "--detach"]);
    let up = up.expect("a network").expect(1);
    let same = v4["reason"].as_str().expect("a reason");
    assert!(
        up.stderr.contains(same),
        "`{same}` is not in: {}",
        up.stderr
    );
    assert_eq!(
        home.service(&["-f", &file], "api")["generation"],
        0,
        "nothing was started"
    );
}

#[test]
fn a_network_in_which_loopback_is_well_is_told_so() {
    if !networks("a_network_in_which_loopback_is_well_is_told_so") {
        return;
    }
    let report = in_network(&Home::new(), UP, &["doctor", "--json"]).expect("a network");
    let report = json(&report);
    assert_says(&report, "loopback-ipv4", "pass", "connects to itself");
    assert_says(&report, "loopback-ipv6", "pass", "connects to itself");
}

#[test]
fn of_two_runtimes_the_one_in_use_is_named_with_its_reason_until_one_is_chosen() {
    if !docker("of_two_runtimes_the_one_in_use_is_named_with_its_reason_until_one_is_chosen") {
        return;
    }
    // A second socket in the place of a rootless runtime.
    let wire = benchtop_tests::cut::Proxy::to("/var/run/docker.sock".as_ref());
    let user = tempfile::Builder::new()
        .prefix("bt-u")
        .tempdir_in("/tmp")
        .expect("a folder");
    let socket = wire.address().replace("unix://", "");
    std::os::unix::fs::symlink(&socket, user.path().join("docker.sock")).expect("a link");
    let home = Home::new().with("XDG_RUNTIME_DIR", user.path().display().to_string());
    let examine = || {
        let said = home
            .command(&["doctor", "--json"])
            .env_remove("DOCKER_HOST")
            .env_remove("DOCKER_CONTEXT")
            .output();
        serde_json::from_slice::<Value>(&said.expect("run benchtop").stdout).expect("JSON")
    };
    let report = examine();
    assert_says(
        &report,
        "container-runtime",
        "pass",
        "the first that answers in the documented order",
    );
    let choice = assert_says(
        &report,
        "runtime-choice",
        "warn",
        "nobody chose between them",
    );
    assert!(
        choice["reason"]
            .to_string()
            .contains(&user.path().display().to_string()),
        "{choice}"
    );
    assert!(
        choice["fix"].to_string().contains("benchtop runtime use"),
        "{choice}"
    );
    let second = format!("unix://{}/docker.sock", user.path().display());
    home.benchtop(&["runtime", "use", &second]).expect(0);
    let report = examine();
    assert_says(
        &report,
        "container-runtime",
        "pass",
        "because it was chosen",
    );
    assert_says(&report, "runtime-choice", "pass", "was chosen");
    // One that hangs or is gone is told, and the other one offered.
    wire.cut();
    let report = examine();
    let runtime = check(&report, "container-runtime");
    assert_ne!(runtime["state"], "pass", "{runtime}");
    assert!(
        runtime["fix"]
            .to_string()
            .contains("benchtop runtime use unix:///var/run/docker.sock"),
        "{runtime}"
    );
}

#[test]
fn a_proxy_that_would_be_asked_for_this_machine_is_told() {
    let proxies = Home::new()
        .with("HTTP_PROXY", "http://me:hunter2@proxy.example:3128")
        .with("NO_PROXY", "example.com")
        .with("no_proxy", "example.com");
    let said = proxies.benchtop(&["doctor", "--json"]);
    assert!(
        !said.stdout.contains("hunter2"),
        "a password is never shown"
    );
    let report = assert_code(&said);
    let check = assert_says(
        &report,
        "proxy",
        "warn",
        "does not cover localhost, 127.0.0.1, ::1",
    );
    assert!(
        check["reason"].to_string().contains("HTTP_PROXY"),
        "{check}"
    );
    assert!(
        check["fix"]
            .to_string()
            .contains("export NO_PROXY=example.com,localhost,127.0.0.1,::1"),
        "{check}"
    );
    let covered = Home::new()
        .with("HTTP_PROXY", "http://proxy.example:3128")
        .with("no_proxy", "localhost,127.0.0.0/8,[::1]");
    assert_says(
        &json(&covered.benchtop(&["doctor", "--json"])),
        "proxy",
        "pass",
        "covers loopback",
    );
}

#[test]
fn a_port_that_is_taken_on_either_family_is_told_before_the_start_and_at_it() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(holder) = TcpListener::bind(address) else {
            continue;
        };
        let held = holder.local_addr().expect("an address");
        let bench = Workbench::new(&format!(
            "  slow: {{ process: sleep 600 }}\n  web: {{ process: sleep 600, endpoints: {{ http: {} }} }}\n",
            held.port()
        ));
        let words = format!("port {} is held by pid {}", held.port(), std::process::id());
        let said = bench.call("doctor", &["--json"]);
        assert_eq!(said.code, 1, "{said:?}");
        let report = assert_code(&said);
        let ports = assert_says(&report, "ports", "fail", &words);
        assert!(
            ports["details"]
                .to_string()
                .contains(&held.ip().to_string()),
            "{ports}"
        );
        assert_eq!(ports["action"]["pid"], std::process::id(), "{ports}");
        // The start says so at once, and what can run runs.
        let up = bench.up().expect(1);
        assert!(up.stderr.contains(&words), "{up:?}");
        assert_eq!(bench.service("slow")["status"], "Healthy");
        assert!(bench.service("web")["reason"].to_string().contains(&words));
        drop(holder);
        bench.call("start", &["web"]).expect(0);
        bench.wait_for("web", "status", "Healthy");
        // Its own port is no obstacle.
        let report = json(&bench.call("doctor", &["--json"]));
        let ports = check(&report, "ports");
        assert_eq!(ports["state"], "pass", "{ports}");
    }
}

#[test]
fn without_any_runtime_a_start_of_containers_is_refused_with_the_words_of_the_doctor() {
    let home = Home::new().with("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let project = Project::new(&format!(
        "services:\n  box: {{ image: {BUSYBOX} }}\n  user: {{ process: sleep 60, depends_on: [box] }}\n"
    ));
    let file = project.file().display().to_string();
    let said = home.benchtop(&["doctor", "--json", "-f", &file]);
    assert_eq!(said.code, 1);
    let report = assert_code(&said);
    let runtime = assert_says(
        &report,
        "container-runtime",
        "fail",
        "and a service needs one",
    );
    let up = home
        .benchtop(&["up", "-f", &file, "--wait", "--detach"])
        .expect(3);
    let reason = runtime["reason"].as_str().expect("a reason");
    assert!(
        up.stderr.contains(reason),
        "`{reason}` is not in: {}",
        up.stderr
    );
    assert!(
        up.stderr.contains("systemctl start docker"),
        "{}",
        up.stderr
    );
    assert_eq!(
        home.service(&["-f", &file], "user")["generation"],
        0,
        "nothing was started"
    );
}

/// Answers every request on the engine's socket as an engine of another version does.
fn other_engine(home: &Home, version: &str, protocol: u32) {
    let dir = home.path().join("run");
    std::fs::create_dir_all(&dir).expect("a folder");
    let listener = UnixListener::bind(dir.join("engine.sock")).expect("the socket");
    let body = format!(
        r#"{{"version":"{version}","protocol":{protocol},"pid":1,"started":0,"data_dir":"/x"}}"#
    );
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            _ = stream.read(&mut request);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            _ = stream.write_all((head + &body).as_bytes());
        }
    });
}

#[test]
fn an_engine_of_another_version_is_told_by_doctor_and_by_every_command() {
    let home = Home::new();
    other_engine(&home, "9.9.9", 999);
    let said = home.benchtop(&["doctor", "--json"]);
    assert_eq!(said.code, 1);
    let versions = assert_says(
        &assert_code(&said),
        "versions",
        "fail",
        "the running engine is version 9.9.9, this is",
    );
    assert!(
        versions["fix"]
            .to_string()
            .contains("benchtop engine stop --leave-running"),
        "{versions}"
    );
    let project = Project::new("services:\n  a: { process: sleep 60 }\n");
    let status = home
        .benchtop(&["status", "-f", &project.file().display().to_string()])
        .expect(1);
    assert!(
        status
            .stderr
            .contains("the running engine is version 9.9.9, this is"),
        "{status:?}"
    );
    assert!(
        status
            .stderr
            .contains("benchtop engine stop --leave-running"),
        "{status:?}"
    );
}

#[test]
fn a_program_that_never_registered_its_rate_limiter_is_told_with_line_and_exit_code() {
    let bench = Workbench::new("  api: { process: sh ./program.sh, restart: 'no' }\n");
    bench.project.write(
        "program.sh",
        "cat >&2 <<'END'\nUnhandled exception. System.InvalidOperationException: Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddRateLimiter' inside the call to 'ConfigureServices(...)' in the application startup code.\n   at Program.<Main>$(String[] args) in /src/Shop/Program.cs:line 31\nEND\n# The CLR aborts: one byte of 0xE0434352 would say nothing.\nkill -ABRT $$\n",
    );
    // A program without a probe may count as up for a moment.
    let up = bench.up();
    assert!([0, 1].contains(&up.code), "{up:?}");
    let found = eventually("the cause is told", || {
        let why = bench.call("why", &["--json"]);
        let found = json(&why)["diagnoses"][0].clone();
        if why.code == 1 && found["rule"] == "dotnet-rate-limiter" {
            Ok(found)
        } else {
            Err(format!("{why:?}"))
        }
    });
    assert!(
        found["sentence"].to_string().contains("AddRateLimiter"),
        "{found}"
    );
    assert!(
        found["next"].to_string().contains("AddServiceDefaults"),
        "{found}"
    );
    let evidence = found["evidence"].to_string();
    assert!(
        evidence.contains("IServiceCollection.AddRateLimiter"),
        "{evidence}"
    );
    assert!(
        evidence.contains("exited with code 134 (ended by SIGABRT)"),
        "{evidence}"
    );
    assert_eq!(bench.service("api")["exit_code"], 134);
    assert!(
        found["actions"].to_string().contains("show_line"),
        "{found}"
    );
}

#[test]
fn a_file_that_is_locked_during_a_rebuild_is_told_with_the_line_of_the_build() {
    let bench = Workbench::new(
        "  api:\n    process: sleep 600\n    build: { command: sh build.sh }\n    restart: 'no'\n",
    );
    bench.project.write("build.sh", "exit 0");
    bench.up().expect(0);
    bench.project.write(
        "build.sh",
        "echo 'error MSB3027: Could not copy \"apphost\" to \"bin/Shop.Api\". Exceeded retry count of 10. Failed. The file is locked by: \"Shop.Api (4711)\"'; exit 1",
    );
    let rebuild = bench.call("rebuild", &["api"]);
    assert!([0, 1].contains(&rebuild.code), "{rebuild:?}");
    let found = eventually("the cause is told", || {
        let why = bench.call("why", &["--json"]);
        let found = json(&why)["diagnoses"][0].clone();
        if why.code == 1 && found["rule"] == "dotnet-build-file-locked" {
            Ok(found)
        } else {
            Err(format!("{why:?}"))
        }
    });
    assert!(
        found["sentence"]
            .to_string()
            .contains("that a running program or another build holds"),
        "{found}"
    );
    assert!(
        found["evidence"].to_string().contains("Shop.Api (4711)"),
        "{found}"
    );
    assert!(found["actions"].to_string().contains("rebuild"), "{found}");
    assert_eq!(bench.service("api")["build"]["ok"], false);
}
