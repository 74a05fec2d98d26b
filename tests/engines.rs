//! What happens to the engine itself: a second one, one that hangs or sleeps, one that is
//! told to end, and one whose program is replaced. The names begin with the row of the
//! fault matrix.

#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use benchtop_tests::programs::program;
use benchtop_tests::workbench::{Workbench, is_alive, sample};
use benchtop_tests::{Home, Project, eventually, full};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn pids(status: &Value) -> Vec<Value> {
    let services = status["services"].as_array().cloned().unwrap_or_default();
    services.iter().map(|s| s["pid"].clone()).collect()
}

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("signal the engine");
}

fn wait_until_gone(pid: i32) {
    eventually("the engine ends", || match is_alive(&pid.into()) {
        true => Err(format!("pid {pid} lives")),
        false => Ok(()),
    });
}

#[test]
fn row_19_after_a_long_sleep_nothing_is_taken_for_failed() {
    let probed = "    restart: always\n";
    let service = sample("store", probed).replace(
        "probes: { ready: { http: /health/ready } }",
        "probes: { live: { http: /health/ready, interval: 300ms, timeout: 1s, failure_threshold: 1 } }",
    );
    let bench = Workbench::new(&service);
    bench.up().expect(0);
    let before = bench.service("store");
    // The engine stands still for many intervals, in the midst of whatever it does.
    let engine = bench.home.engine_pid();
    for _ in 0..3 {
        signal(engine, Signal::SIGSTOP);
        std::thread::sleep(Duration::from_millis(2300));
        signal(engine, Signal::SIGCONT);
        let after = bench.until("store", "is healthy", |s| s["status"] == "Healthy");
        assert_eq!(
            (&after["generation"], &after["restarts"], &after["pid"]),
            (&before["generation"], &0.into(), &before["pid"]),
            "{after}"
        );
    }
}

#[test]
fn row_20_a_second_engine_of_the_same_user_gives_way() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let (engine, before) = (bench.home.engine_pid(), bench.status());
    let seconds: Vec<_> = (0..4)
        .map(|_| {
            let mut second = bench.home.command(&["engine", "run"]);
            second.stderr(Stdio::null()).spawn().expect("start it")
        })
        .collect();
    for mut second in seconds {
        assert!(second.wait().expect("it ends").success(), "it is no fault");
    }
    assert_eq!(bench.home.engine_pid(), engine, "the first one goes on");
    assert_eq!(pids(&bench.status()), pids(&before));
}

#[test]
fn row_20_an_engine_that_hangs_is_named_with_its_pid() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let engine = bench.home.engine_pid();
    let before = pids(&bench.status());
    signal(engine, Signal::SIGSTOP);
    let said = bench.call("status", &[]);
    signal(engine, Signal::SIGCONT);
    assert_ne!(said.code, 0);
    let expected = format!("the engine (pid {engine}) has not answered for 5 s");
    assert!(said.stderr.contains(&expected), "{said:?}");
    assert_eq!(pids(&bench.status()), before);
    assert_eq!(bench.home.engine_pid(), engine);
}

#[test]
fn row_21_of_two_engines_with_folders_of_their_own_one_supervises_a_project() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let engine = bench.home.engine_pid();
    let before = pids(&bench.status());
    let file = bench.project.file().display().to_string();
    let (second, up) = (Home::new(), ["up", "-f", &file, "--wait", "--detach"]);
    let said = second.benchtop(&up);
    assert_ne!(said.code, 0);
    assert!(
        said.stderr
            .contains(&format!("another engine (pid {engine})")),
        "{said:?}"
    );
    assert!(said.stderr.contains("BENCHTOP_DATA_DIR"), "{said:?}");
    assert_eq!(pids(&bench.status()), before, "the first one goes on");
    // The kernel drops the lock with its holder, however that ends; what ran for the first
    // one is not the second one's, and goes on running.
    bench.home.kill_engine();
    second.benchtop(&["status", "-f", &file]).expect(0);
    assert!(before.iter().all(is_alive));
    let said = bench.call("status", &[]);
    let second_engine = second.engine_pid();
    assert!(
        said.stderr
            .contains(&format!("another engine (pid {second_engine})")),
        "an engine that starts anew gives way as well: {said:?}"
    );
    second.benchtop(&["engine", "stop"]).expect(0);
    wait_until_gone(second_engine);
    assert_eq!(pids(&bench.status()), before, "the first one's are adopted");
}

#[test]
fn row_5_what_ends_well_at_once_is_completed_and_lets_its_dependants_go_on() {
    let bench = Workbench::new(
        "  migrate: { process: \"true\" }
  fails: { process: \"false\" }
  web: { process: sleep 600, depends_on: { migrate: { condition: service_completed_successfully } } }
  never: { process: sleep 601, depends_on: { fails: { condition: service_completed_successfully } } }\n",
    );
    bench.up().expect(1);
    let (migrate, web) = (bench.service("migrate"), bench.service("web"));
    assert_eq!(
        (&migrate["lifecycle"], &migrate["exit_code"]),
        (&"Completed".into(), &0.into()),
        "{migrate}"
    );
    assert_eq!(migrate["restarts"], 0, "an end that is well is no failure");
    assert_eq!(web["status"], "Healthy", "{web}");
    assert_eq!(bench.service("fails")["status"], "Unhealthy");
    let never = bench.service("never");
    assert_eq!(never["generation"], 0, "it was not started: {never}");
    assert!(never["reason"].to_string().contains("fails"), "{never}");
    // Once more: what is completed runs anew with the next start, and completes again.
    bench.call("start", &["migrate"]).expect(0);
    let again = bench.until("migrate", "has run again", |s| {
        s["generation"] == 2 && s["lifecycle"] == "Completed"
    });
    assert_eq!(again["exit_code"], 0);
    assert_eq!(bench.service("web")["pid"], web["pid"], "web is left alone");
}

/// Another program of the same kind: what follows the last byte is not looked at.
fn newer(path: &Path) {
    let beside = path.with_extension("new");
    let mut bytes = std::fs::read(program("benchtop")).expect("the program");
    bytes.extend(b"newer");
    std::fs::write(&beside, bytes).expect("write it");
    let mode = std::fs::metadata(program("benchtop")).expect("its mode");
    std::fs::set_permissions(&beside, mode.permissions()).expect("make it a program");
    std::fs::rename(&beside, path).expect("put it in place");
}

#[test]
fn row_21_the_program_is_replaced_by_a_newer_one_while_services_run() {
    let home = Home::new();
    let installed: PathBuf = home.path().join("benchtop");
    std::fs::copy(program("benchtop"), &installed).expect("install it");
    let project =
        Project::new("services:\n  a: { process: sleep 600 }\n  b: { process: sleep 601 }\n");
    let file = project.file().display().to_string();
    let call = |arguments: &[&str]| {
        let mut command = Command::new(&installed);
        command
            .args(arguments)
            .args(["-f", &file])
            .envs(home.variables());
        let output = command.stdin(Stdio::null()).output().expect("run it");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let status = || -> Value { serde_json::from_str(&call(&["status", "--json"])).expect("JSON") };
    call(&["up", "--wait", "--detach"]);
    let before = pids(&status());
    let old = home.engine_pid();

    newer(&installed);
    // The old engine goes on with the new program as its shim.
    call(&["restart", "a"]);
    let mixed = eventually("a is up anew", || {
        let now = pids(&status());
        match !now[0].is_null() && now[0] != before[0] {
            true => Ok(now),
            false => Err(format!("{now:?}")),
        }
    });
    assert_eq!(mixed[1], before[1], "b is not disturbed");
    home.benchtop(&["engine", "stop", "--leave-running"])
        .expect(0);
    wait_until_gone(old);
    assert_eq!(pids(&status()), mixed, "the new engine has both");
    assert_ne!(home.engine_pid(), old);
    call(&["down"]);
    assert!(!mixed.iter().any(is_alive), "and ends both");
}

#[test]
fn row_41_an_end_of_the_session_leaves_services_running_and_recorded() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n  b: { process: sleep 601 }\n");
    bench.up().expect(0);
    let (engine, before) = (bench.home.engine_pid(), pids(&bench.status()));
    signal(engine, Signal::SIGTERM);
    wait_until_gone(engine);
    assert!(before.iter().all(is_alive), "they go on");
    assert_eq!(pids(&bench.status()), before, "the next engine has them");
}

#[test]
fn row_41_whoever_ends_the_engine_chooses_what_becomes_of_services() {
    let bench = Workbench::new("  a: { process: sleep 600 }\n");
    bench.up().expect(0);
    let before = pids(&bench.status());
    let stop = |more: &[&str]| {
        let engine = bench.home.engine_pid();
        let words = [&["engine", "stop"], more].concat();
        bench.home.benchtop(&words).expect(0);
        wait_until_gone(engine);
    };
    stop(&["--leave-running"]);
    assert!(before.iter().all(is_alive));
    assert_eq!(pids(&bench.status()), before);
    stop(&[]);
    assert!(!before.iter().any(is_alive));
    assert_eq!(bench.service("a")["lifecycle"], "Stopped");
}

#[test]
fn row_40_five_hundred_services_are_started_and_adopted() {
    if !full("row_40_five_hundred_services_are_started_and_adopted") {
        return;
    }
    let services: String = (0..500)
        .map(|n| format!("  s{n}: {{ process: sleep 5{n:03} }}\n"))
        .collect();
    let bench = Workbench::new(&services);
    let begun = Instant::now();
    bench
        .call("up", &["--wait", "--detach", "--timeout", "85s"])
        .expect(0);
    println!("500 services up within {:?}", begun.elapsed());
    let before = pids(&bench.status());
    assert_eq!(before.len(), 500);
    assert!(before.iter().all(is_alive));
    let begun = Instant::now();
    assert_eq!(pids(&bench.status()), before);
    println!("their status within {:?}", begun.elapsed());
    bench.home.kill_engine();
    let begun = Instant::now();
    assert_eq!(pids(&bench.status()), before);
    println!("500 services adopted within {:?}", begun.elapsed());
    let begun = Instant::now();
    bench.call("down", &[]).expect(0);
    println!("500 services stopped within {:?}", begun.elapsed());
    assert!(!before.iter().any(is_alive));
}
