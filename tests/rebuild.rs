//! Builds, from the command line to the process table.

use benchtop_tests::eventually;
use benchtop_tests::workbench::{Workbench, is_alive};
use serde_json::Value;

/// A service whose build copies `source` to `program.sh`, which it runs. While
/// `hold` is there, the build waits.
fn built(strategy: &str) -> String {
    format!(
        "  api:
    process: [sh, program.sh]
    build:
      command: [sh, -c, 'echo compiling; while [ -e hold ]; do sleep 0.05; done; sh check.sh && cp source program.sh']
      strategy: {strategy}
    stop_grace_period: 2s
"
    )
}

fn bench(strategy: &str) -> Workbench {
    let bench = Workbench::new(&built(strategy));
    bench.project.write("check.sh", "exit 0");
    bench.project.write("source", "echo first; exec sleep 600");
    bench
}

fn log_has(bench: &Workbench, text: &str) {
    eventually(&format!("the log says {text}"), || {
        let log = bench.log("api");
        if log.contains(text) { Ok(()) } else { Err(log) }
    });
}

fn generation(service: &Value) -> u64 {
    service["generation"].as_u64().expect("a number")
}

#[test]
fn what_is_built_runs_after_its_build_and_a_rebuild_replaces_it() {
    let bench = bench("stop-first");
    bench.up().expect(0);
    log_has(&bench, "first");
    let before = bench.service("api");
    assert_eq!(before["can_rebuild"], true);
    assert_eq!(before["build"]["ok"], true);
    bench.project.write("source", "echo second; exec sleep 600");
    bench.project.write("hold", "");
    bench.call("rebuild", &["api"]).expect(0);
    let building = bench.wait_for("api", "lifecycle", "Building");
    assert!(!is_alive(&before["pid"]), "nothing holds its files");
    assert_eq!(building["build"]["ended"], Value::Null);
    std::fs::remove_file(bench.project.path().join("hold")).expect("let it build");
    let after = bench.until("api", "is up anew", |s| {
        generation(s) == 2 && s["status"] == "Healthy"
    });
    assert_eq!(
        (&after["restarts"], &after["build"]["ok"]),
        (&0.into(), &true.into())
    );
    log_has(&bench, "second");
    // What the build says is in the log of the service.
    log_has(&bench, "compiling");
    log_has(&bench, "build succeeded");
}

#[test]
fn with_build_first_a_failed_build_leaves_the_old_instance_running() {
    let bench = bench("build-first");
    bench.up().expect(0);
    let before = bench.service("api");
    bench
        .project
        .write("check.sh", "echo 'main.rs(3): no such thing'; exit 9");
    bench.call("rebuild", &["api"]).expect(0);
    let failed = bench.until("api", "has a failed build", |s| s["build"]["ok"] == false);
    assert_eq!(
        (&failed["pid"], &failed["generation"], &failed["lifecycle"]),
        (&before["pid"], &before["generation"], &"Running".into())
    );
    assert!(is_alive(&before["pid"]));
    let reason = failed["reason"].to_string();
    assert!(
        reason.contains("build exited with code 9: main.rs(3): no such thing"),
        "{reason}"
    );
    let text = failed["build"]["text"].to_string();
    assert!(text.contains("compiling"), "{text}");
    bench.project.write("check.sh", "exit 0");
    bench.call("rebuild", &["api"]).expect(0);
    bench.until("api", "is replaced", |s| {
        generation(s) == 2 && s["status"] == "Healthy"
    });
    assert!(!is_alive(&before["pid"]));
}

#[test]
fn a_build_that_fails_is_the_cause_and_a_stop_ends_one_with_its_whole_tree() {
    let bench = bench("stop-first");
    bench.project.write("check.sh", "echo out of order; exit 4");
    bench.up().expect(1);
    let failed = bench.service("api");
    assert_eq!(
        (&failed["lifecycle"], &failed["pid"]),
        (&"Failed".into(), &Value::Null)
    );
    let reason = failed["reason"].to_string();
    assert!(
        reason.contains("build exited with code 4: out of order"),
        "{reason}"
    );
    bench
        .project
        .write("check.sh", "echo $$ > pid; exec setsid sleep 600");
    bench.call("start", &["api"]).expect(0);
    let pid = eventually("the build runs", || {
        std::fs::read_to_string(bench.project.path().join("pid")).map_err(|e| e.to_string())
    });
    bench.call("stop", &["api"]).expect(0);
    bench.wait_for("api", "lifecycle", "Stopped");
    assert!(!is_alive(&pid.trim().into()), "the build goes on");
}

#[test]
fn a_change_of_a_watched_file_rebuilds_and_what_the_build_writes_does_not() {
    let more = "    watch: [source, program.sh]\n";
    let bench = Workbench::new(&[built("stop-first"), more.to_owned()].concat());
    bench.project.write("check.sh", "echo built >> builds");
    bench.project.write("source", "exec sleep 600");
    bench.up().expect(0);
    assert_eq!(bench.service("api")["watching"], true);
    let builds = || {
        let text = std::fs::read_to_string(bench.project.path().join("builds"));
        text.unwrap_or_default().lines().count()
    };
    bench.project.write("source", "echo second; exec sleep 600");
    log_has(&bench, "rebuild: source changed");
    log_has(&bench, "second");
    // `program.sh`, which each build writes, costs one more build at most, each
    // time until it is known.
    let before = eventually("the builds have come to rest", || {
        let (count, service) = (builds(), bench.service("api"));
        let at_rest = service["status"] == "Healthy" && service["build"]["ok"] == true;
        std::thread::sleep(std::time::Duration::from_millis(1200));
        if at_rest && builds() == count {
            Ok(count)
        } else {
            Err(service.to_string())
        }
    });
    assert!(before <= 4, "{before} builds");
    // What was stopped by hand is left alone.
    bench.call("stop", &["api"]).expect(0);
    bench.wait_for("api", "lifecycle", "Stopped");
    bench.project.write("source", "echo third; exec sleep 600");
    bench.call("start", &["api"]).expect(0);
    log_has(&bench, "third");
}

#[test]
fn a_build_whose_engine_is_killed_is_ended_and_done_again() {
    let bench = bench("stop-first");
    bench.project.write("hold", "");
    bench.project.write("check.sh", "echo $$ >> pids");
    bench.call("up", &["--detach"]).expect(0);
    let building = bench.wait_for("api", "lifecycle", "Building");
    assert_eq!(generation(&building), 0);
    bench.home.kill_engine();
    bench.wait_for("api", "lifecycle", "Building");
    std::fs::remove_file(bench.project.path().join("hold")).expect("let it build");
    bench.wait_for("api", "status", "Healthy");
    // Two builds at a time would both have come here.
    let pids = std::fs::read_to_string(bench.project.path().join("pids")).expect("pids");
    assert_eq!(pids.lines().count(), 1, "{pids}");
}
