//! What a new engine makes of what an old one left behind. The names begin with
//! the row of the fault matrix.

use benchtop_tests::workbench::{Workbench, is_alive, sample};
use benchtop_tests::{Home, Project, eventually};
use serde_json::Value;
use std::path::PathBuf;

/// The folder of a service's only start.
fn first_start(bench: &Workbench, service: &str) -> PathBuf {
    let environments = bench.home.path().join("data/environments");
    let mut folders = std::fs::read_dir(environments).expect("environments");
    let folder = folders.next().expect("one").expect("readable").path();
    folder.join("services").join(service).join("1")
}

/// Changes a JSON file of a start.
fn edit(path: &std::path::Path, change: impl Fn(&mut Value)) {
    let text = std::fs::read(path).expect("a file");
    let mut value: Value = serde_json::from_slice(&text).expect("JSON");
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("write");
}

fn kill(pid: &Value) {
    let pid = i32::try_from(pid.as_i64().expect("a pid")).expect("a pid");
    let pid = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("kill");
}

#[test]
fn row_15_fifty_services_are_adopted_after_a_kill_of_the_engine() {
    let services: String = (0..50)
        .map(|n| format!("  s{n}: {{ process: sleep 6{n:03} }}\n"))
        .collect();
    let bench = Workbench::new(&services);
    bench.up().expect(0);
    let pids = |bench: &Workbench| -> Vec<Value> {
        let status = bench.status();
        let services = status["services"].as_array().expect("services").clone();
        services.iter().map(|s| s["pid"].clone()).collect()
    };
    let before = pids(&bench);
    assert!(before.iter().all(is_alive));
    bench.home.kill_engine();
    let begun = std::time::Instant::now();
    // The first answer is the truth, and comes when all are adopted.
    assert_eq!(pids(&bench), before);
    println!("50 services adopted within {:?}", begun.elapsed());
}

#[test]
fn row_15_a_stop_that_was_under_way_when_the_engine_died_comes_to_its_end() {
    let bench = Workbench::new(
        "  deaf: { process: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"], stop_grace_period: 4s }\n",
    );
    bench.up().expect(0);
    let pid = bench.service("deaf")["pid"].clone();
    let mut stop = bench.home.command(&[
        "stop",
        "-f",
        &bench.project.file().display().to_string(),
        "deaf",
    ]);
    let mut stop = stop.spawn().expect("spawn");
    bench.wait_for("deaf", "lifecycle", "Stopping");
    bench.home.kill_engine();
    stop.wait().expect("wait");
    bench.wait_for("deaf", "lifecycle", "Stopped");
    assert!(!is_alive(&pid));
}

#[test]
fn row_16_what_waited_when_the_engine_died_goes_on_waiting_and_is_started_in_its_turn() {
    let services = [
        sample("store", "    environment: { X: y }\n").replace("/health/ready", "/health/none"),
        "  after: { process: sleep 600, depends_on: { store: { condition: service_healthy } } }\n"
            .to_owned(),
    ]
    .concat();
    let bench = Workbench::new(&services);
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for("store", "lifecycle", "Running");
    assert_eq!(bench.service("after")["lifecycle"], "Waiting");
    bench.home.kill_engine();
    assert_eq!(bench.service("after")["lifecycle"], "Waiting");
    bench.redefine(&services.replace("/health/none", "/health/ready"));
    bench.up().expect(0);
}

#[test]
fn row_17_after_a_restart_of_the_machine_everything_is_stopped_by_it() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let pid = bench.service("a")["pid"].clone();
    bench.home.kill_engine();
    let state = first_start(&bench, "a").join("state.json");
    let shim: Value =
        serde_json::from_slice(&std::fs::read(&state).expect("a file")).expect("JSON");
    kill(&shim["shim"]["pid"]);
    kill(&pid);
    edit(&state, |state| {
        state["shim"]["boot_id"] = "another boot".into();
        state["child"]["boot_id"] = "another boot".into();
    });
    let a = bench.service("a");
    assert_eq!(
        (&a["lifecycle"], &a["reason"]),
        (
            &"Stopped".into(),
            &"stopped by a restart of the machine".into()
        )
    );
}

#[test]
fn a_pid_that_is_used_again_is_somebody_else_s_and_is_left_alone() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let mut stranger = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("spawn");
    bench.home.kill_engine();
    let path = first_start(&bench, "a").join("state.json");
    let state: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    kill(&state["shim"]["pid"]);
    kill(&state["child"]["pid"]);
    edit(&path, |state| state["child"]["pid"] = stranger.id().into());
    bench.wait_for("a", "lifecycle", "Failed");
    assert!(is_alive(&stranger.id().into()), "it is not ours");
    stranger.kill().expect("kill");
    stranger.wait().expect("wait");
}

#[test]
fn a_service_whose_shim_is_killed_is_ended_and_started_anew_once() {
    let bench = Workbench::new("  a: { process: sleep 600, restart: always }\n");
    bench.up().expect(0);
    let before = bench.service("a")["pid"].clone();
    let path = first_start(&bench, "a").join("state.json");
    let state: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    kill(&state["shim"]["pid"]);
    let after = bench.until("a", "runs anew", |s| {
        s["generation"] == 2 && s["status"] == "Healthy"
    });
    assert!(!is_alive(&before) && is_alive(&after["pid"]));
}

#[test]
fn what_has_failed_is_still_failed_for_the_next_engine() {
    let bench = Workbench::new("  a: { process: [sh, -c, exit 7] }\n  b: { process: sleep 600 }\n");
    bench.up().expect(1);
    let before = bench.wait_for("a", "lifecycle", "Failed");
    bench.home.kill_engine();
    let after = bench.service("a");
    assert_eq!(
        (&after["lifecycle"], &after["reason"], &after["exit_code"]),
        (&before["lifecycle"], &before["reason"], &7.into())
    );
}

#[test]
fn row_14_a_service_that_left_the_file_is_ended_even_when_the_engine_dies_meanwhile() {
    let deaf = "  deaf: { process: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"], stop_grace_period: 4s }\n";
    let rest = "  b: { process: sleep 600 }\n";
    let bench = Workbench::new(&[deaf, rest].concat());
    bench.up().expect(0);
    let pid = bench.service("deaf")["pid"].clone();
    bench.redefine(rest);
    bench.call("apply", &[]).expect(0);
    bench.home.kill_engine();
    let status = bench.status();
    assert_eq!(
        status["services"].as_array().map(Vec::len),
        Some(1),
        "{status}"
    );
    eventually("it is ended", || match is_alive(&pid) {
        true => Err(bench.status().to_string()),
        false => Ok(()),
    });
}

#[test]
fn two_folders_of_one_name_never_meet() {
    let home = Home::new();
    let text = "name: shop\nservices:\n  a: { process: sleep 600 }\n";
    let projects = [Project::new(text), Project::new(text)];
    let files = projects.each_ref().map(|p| p.file().display().to_string());
    for file in &files {
        home.benchtop(&["up", "-f", file, "--wait", "--detach"])
            .expect(0);
    }
    let pid = |file: &str| home.service(&["-f", file], "a")["pid"].clone();
    let [first, second] = files.each_ref().map(|file| pid(file));
    assert_ne!(first, second);
    home.benchtop(&["down", "-f", &files[0]]).expect(0);
    assert!(!is_alive(&first) && is_alive(&second));
    home.kill_engine();
    assert_eq!(pid(&files[1]), second);
}
