//! The environment file changes while its services run.

use benchtop_tests::eventually;
use benchtop_tests::workbench::{Workbench, is_alive};
use serde_json::Value;

const BEFORE: &str = "  a: { process: sleep 600, environment: { LEVEL: info } }
  b: { process: sleep 601 }
  c: { process: sleep 602 }
";

const AFTER: &str = "  a: { process: sleep 600, environment: { LEVEL: debug } }
  b: { process: sleep 601, group: Critical }
  d: { process: sleep 603 }
";

fn pids(bench: &Workbench) -> Vec<(String, Value)> {
    let status = bench.status();
    let services = status["services"].as_array().expect("services");
    let pid = |s: &Value| {
        (
            s["name"].as_str().expect("a name").to_owned(),
            s["pid"].clone(),
        )
    };
    services.iter().map(pid).collect()
}

fn pid(pids: &[(String, Value)], name: &str) -> Value {
    let found = pids.iter().find(|(service, _)| service == name);
    found.map(|(_, pid)| pid.clone()).expect("a service")
}

fn applied(bench: &Workbench, before: &[(String, Value)]) {
    let now = eventually("the change is applied", || {
        let now = pids(bench);
        let names: Vec<&str> = now.iter().map(|(name, _)| name.as_str()).collect();
        let up = names == ["a", "b", "d"]
            && now.iter().all(|(_, pid)| !pid.is_null())
            && pid(&now, "a") != pid(before, "a");
        if up { Ok(now) } else { Err(format!("{now:?}")) }
    });
    assert_eq!(pid(&now, "b"), pid(before, "b"), "b is not disturbed");
    assert!(!is_alive(&pid(before, "a")) && !is_alive(&pid(before, "c")));
}

/// Row 14 of the fault matrix.
#[test]
fn definition_changed_while_running_is_told_and_applied_on_consent() {
    let bench = Workbench::new(BEFORE);
    bench.up().expect(0);
    let before = pids(&bench);
    bench.redefine(AFTER);
    let told = bench.call("changes", &["--json"]).expect(0).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let of = |n: usize| {
        let change = &told["changes"][n];
        format!(
            "{} {} {}",
            change["service"], change["kind"], change["action"]
        )
    };
    assert_eq!(of(0), "\"a\" \"changed\" \"restart\"");
    assert_eq!(of(1), "\"b\" \"changed\" \"none\"");
    assert_eq!(of(2), "\"c\" \"removed\" \"stop\"");
    assert_eq!(of(3), "\"d\" \"added\" \"start\"");
    let field = &told["changes"][0]["fields"][0];
    assert_eq!(
        (&field["path"], &field["from"], &field["to"]),
        (&"environment.LEVEL".into(), &"info".into(), &"debug".into())
    );
    assert_eq!(pids(&bench), before, "nothing happens without consent");
    bench.call("apply", &[]).expect(0);
    applied(&bench, &before);
    let told = bench.call("changes", &[]).expect(0).stdout;
    assert_eq!(told, "what runs is what is written\n");
}

#[test]
fn with_up_watch_a_change_is_applied_at_once_and_a_broken_file_changes_nothing() {
    let bench = Workbench::new(BEFORE);
    bench
        .call("up", &["--watch", "--wait", "--detach", "--timeout", "60s"])
        .expect(0);
    assert_eq!(bench.status()["watching"], true);
    let before = pids(&bench);
    // Half written: first nothing, then something that cannot be read.
    bench.project.write("benchtop.yaml", "");
    bench
        .project
        .write("benchtop.yaml", "services:\n  a: { process: [sleep");
    // Longer than a change has to be quiet; that nothing happens has no event.
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert!(before.iter().all(|(_, pid)| is_alive(pid)));
    bench.redefine(AFTER);
    applied(&bench, &before);
}

#[test]
fn row_14_the_watch_goes_on_with_the_next_engine_until_it_is_turned_off() {
    let bench = Workbench::new(BEFORE);
    bench
        .call("up", &["--watch", "--wait", "--detach", "--timeout", "60s"])
        .expect(0);
    let before = pids(&bench);
    bench.home.kill_engine();
    assert_eq!(bench.status()["watching"], true, "by the next engine, too");
    bench.redefine(AFTER);
    applied(&bench, &before);
}
