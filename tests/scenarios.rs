//! Scenarios against real processes: what passes, what fails and why, what is cancelled,
//! and what is known of one whose engine died.

use benchtop_tests::home::Outcome;
use benchtop_tests::programs::root;
use benchtop_tests::report::step;
use benchtop_tests::workbench::{Workbench, is_alive, sample};
use benchtop_tests::{Home, Project, eventually};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// A service, and these scenarios; indented by two spaces.
fn bench(scenarios: &str) -> Workbench {
    let services = sample("api", "");
    let bench = Workbench::new(&format!("{services}scenarios:\n{scenarios}"));
    bench.up().expect(0);
    bench
}

fn run(bench: &Workbench, more: &[&str]) -> (Outcome, Value) {
    let outcome = bench.call("scenario", &[&["run", "s", "--json"], more].concat());
    let report =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {outcome:?}"));
    (outcome, report)
}

fn history(bench: &Workbench) -> Value {
    let told = bench.call("scenario", &["history", "--json"]).expect(0);
    serde_json::from_str(&told.stdout).expect("JSON")
}

#[test]
fn steps_pass_values_on_and_criteria_decide() {
    let bench = bench(
        r#"  s:
    vars: { n: 3, who: world }
    steps:
      - run: [sh, -c, 'echo hello $1 $API_URL; echo "{\"metrics\": {\"sum\": 42, \"rate\": 7.5}}"', sh, '${{ vars.who }}']
        id: first
        pass: sum == 42
      - parallel:
          - http: { url: "{{api.http.url}}/health/ready", requests: "${{ vars.n * 2 }}", concurrency: 2 }
            id: load
          - run: [sh, -c, 'test "$1" = 43', sh, '${{ steps.first.metrics.sum + 1 }}']
      - wait: 10ms
    pass: [steps.load.metrics.requests == vars.n * 2, sum < 50]
"#,
    );
    let (outcome, report) = run(&bench, &["--set", "n=4", "--set", "who=a 'b'"]);
    outcome.expect(0);
    assert_eq!(report["status"], "passed", "{report:#}");
    let ids: Vec<&str> = report["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["id"].as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "health-before",
            "first",
            "load",
            "run",
            "wait",
            "health-after"
        ]
    );
    assert_eq!(report["metrics"]["load.requests"], 8.0);
    assert_eq!(step(&report, "load")["group"], 1);
    let log = bench.log("scenario:s");
    assert!(log.contains("hello a 'b' http://localhost:"), "{log}");
    assert!(log.contains("scenario s passed"), "{log}");
    // The same two keys everywhere, and the history has it.
    assert_eq!(history(&bench)[0]["metrics"], report["metrics"]);
    let list = bench.call("scenario", &["list"]).expect(0).stdout;
    assert!(
        list.contains("passed") && list.contains("--set n=3"),
        "{list}"
    );
}

#[test]
fn what_fails_is_named_what_follows_is_skipped_and_cleanup_runs() {
    let bench = bench(
        "  s:
    gate: false
    steps:
      - run: [sh, -c, 'echo it was the disk >&2; exit 3']
        id: bad
      - run: touch never
        id: never
      - run: touch cleaned
        id: cleanup
        always: true
  criterion:
    gate: false
    steps:
      - run: [sh, -c, 'echo \"{\\\"metrics\\\": {\\\"throughput\\\": 10}}\"']
        pass: throughput > 50000
",
    );
    let junit = bench.project.path().join("junit.xml");
    let (outcome, report) = run(&bench, &["--junit", &junit.display().to_string()]);
    outcome.expect(1);
    let statuses = ["bad", "never", "cleanup"].map(|id| step(&report, id)["status"].clone());
    assert_eq!(statuses, ["failed", "skipped", "passed"]);
    let text = report["text"].as_str().expect("a text");
    assert!(text.contains("it was the disk"), "{text}");
    let made = |name: &str| bench.project.path().join(name).exists();
    assert!(made("cleaned") && !made("never"));
    let xml = std::fs::read_to_string(&junit).expect("the file");
    assert!(
        xml.contains("tests=\"3\" failures=\"1\"") && xml.contains("it was the disk"),
        "{xml}"
    );

    let told = bench.call("scenario", &["run", "criterion"]).expect(1);
    assert!(
        told.stdout
            .contains("`throughput > 50000` does not hold: throughput is 10"),
        "{told:?}"
    );
    let unknown = bench.call("scenario", &["run", "criterium"]).expect(2);
    assert!(
        unknown.stderr.contains("did you mean `criterion`?"),
        "{unknown:?}"
    );
    let stranger = bench
        .call("scenario", &["run", "s", "--set", "x=1"])
        .expect(2);
    assert!(stranger.stderr.contains("no variable `x`"), "{stranger:?}");
}

#[test]
fn a_step_is_tried_again_and_one_that_takes_too_long_is_killed_with_all_it_started() {
    let bench = bench(
        "  s:
    gate: false
    steps:
      - run: [sh, -c, 'echo x >> tries; test $(wc -l < tries) = 2']
        id: again
        retries: 3
      - run: [sh, -c, 'sleep 600 & echo $! > child; wait']
        id: slow
        timeout: 1s
",
    );
    let (outcome, report) = run(&bench, &[]);
    outcome.expect(1);
    let again = step(&report, "again");
    assert_eq!(
        (&again["status"], &again["attempts"]),
        (&"passed".into(), &2.into())
    );
    let text = step(&report, "slow")["text"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(text.contains("had not ended after 1 s"), "{text}");
    eventually("the child of the step is gone", || child_is_gone(&bench));
}

fn child_is_gone(bench: &Workbench) -> Result<(), String> {
    let child = std::fs::read_to_string(bench.project.path().join("child")).expect("its pid");
    let pid: Value = child.trim().parse::<u64>().expect("a pid").into();
    match is_alive(&pid) {
        true => Err(format!("{pid} lives")),
        false => Ok(()),
    }
}

/// A scenario that goes on until it is ended from outside, and cleans up.
const ENDLESS: &str = "  s:
    gate: false
    steps:
      - run: [sh, -c, 'echo \"{\\\"progress\\\": {\\\"done\\\": 5, \\\"total\\\": 10, \\\"rate\\\": 2, \\\"what\\\": \\\"things\\\"}}\"; sleep 600 & echo $! > child; wait']
        id: long
      - run: touch never
        id: never
      - run: touch cleaned
        id: cleanup
        always: true
";

/// Begins it, and waits until its child runs.
fn begin(bench: &Workbench) -> std::process::Child {
    let file = bench.project.file().display().to_string();
    let mut command = bench.home.command(&["scenario", "run", "-f", &file, "s"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = command.spawn().expect("run benchtop");
    wait_for(&bench.project.path().join("child"));
    running
}

fn wait_for(file: &Path) {
    eventually(
        &format!("{} is written", file.display()),
        || match std::fs::read_to_string(file) {
            Ok(text) if !text.trim().is_empty() => Ok(()),
            other => Err(format!("{other:?}")),
        },
    );
}

#[test]
fn a_cancel_kills_what_runs_and_cleanup_still_does() {
    let bench = bench(ENDLESS);
    let running = begin(&bench);
    let progress = eventually("the progress shows", || {
        let all = history(&bench);
        let progress = step(&all[0], "long")["progress"].clone();
        if progress.is_null() {
            Err(all.to_string())
        } else {
            Ok(progress)
        }
    });
    assert_eq!(
        (&progress["done"], &progress["what"]),
        (&5.0.into(), &"things".into())
    );
    // One at a time.
    let second = bench.call("scenario", &["run", "s"]).expect(2);
    assert!(second.stderr.contains("`s` is running"), "{second:?}");
    // As Ctrl-C in its terminal does.
    let pid = nix::unistd::Pid::from_raw(i32::try_from(running.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("interrupt it");
    let ended = running.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let all = history(&bench);
    assert_eq!(all[0]["status"], "cancelled", "{all:#}");
    let statuses = ["long", "never", "cleanup"].map(|id| step(&all[0], id)["status"].clone());
    assert_eq!(statuses, ["cancelled", "skipped", "passed"]);
    assert!(bench.project.path().join("cleaned").exists());
    eventually("the child of the step is gone", || child_is_gone(&bench));
}

#[test]
fn a_scenario_whose_engine_died_was_interrupted() {
    let bench = bench(ENDLESS);
    let running = begin(&bench);
    // What the history was asked for is on disk; a step that began a moment ago need not be.
    assert_eq!(step(&history(&bench)[0], "long")["status"], "running");
    bench.home.kill_engine();
    let ended = running.wait_with_output().expect("it ends");
    assert_ne!(ended.status.code(), Some(0), "{ended:?}");
    let all = history(&bench);
    assert_eq!(all[0]["status"], "interrupted", "{all:#}");
    assert_eq!(step(&all[0], "long")["status"], "cancelled");
    eventually("the child of the step is gone", || child_is_gone(&bench));
}

#[test]
fn health_is_checked_anew_and_an_ill_service_is_named() {
    let bench = bench("  s:\n    steps:\n      - run: touch ran\n");
    let (outcome, _) = run(&bench, &[]);
    outcome.expect(0);
    bench.call("stop", &["api"]).expect(0);
    bench.wait_for("api", "lifecycle", "Stopped");
    std::fs::remove_file(bench.project.path().join("ran")).expect("it ran");
    let (outcome, report) = run(&bench, &[]);
    outcome.expect(1);
    let text = report["text"].as_str().expect("a text");
    assert!(
        text.contains("Health before") && text.contains("not running")
            || text.contains("api is Stopped"),
        "{text}"
    );
    assert!(!bench.project.path().join("ran").exists());
}

#[test]
fn steps_are_spans_and_programs_are_told_their_place_among_them() {
    let bench = bench(
        "  s:
    gate: false
    steps:
      - run: [sh, -c, 'echo $OTEL_SERVICE_NAME $OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_HEADERS > told; echo $TRACEPARENT > place']
        id: first
      - run: [sh, -c, 'exit 3']
        id: second
",
    );
    let (outcome, report) = run(&bench, &[]);
    outcome.expect(1);
    let read = |name: &str| {
        let text = std::fs::read_to_string(bench.project.path().join(name));
        text.expect("the step wrote it").trim().to_owned()
    };
    let told = read("told");
    assert!(
        told.starts_with("scenario:s http://localhost:") && told.contains("x-otlp-api-key="),
        "{told}"
    );
    let place = read("place");
    let parts: Vec<&str> = place.split('-').collect();
    let [_, trace, span, _] = parts[..] else {
        panic!("{place} is no place in a trace");
    };
    let found = eventually("the trace is kept", || {
        let found = bench.call("traces", &[trace, "--json"]);
        match found.code {
            0 => Ok(found.stdout),
            _ => Err(format!("{found:?}")),
        }
    });
    let found: Value = serde_json::from_str(&found).expect("JSON");
    let spans = found["spans"].as_array().expect("spans");
    let named = |id: &str| spans.iter().find(|one| one["id"] == id);
    let first = named(span).unwrap_or_else(|| panic!("no {span} in {found:#}"));
    assert_eq!(
        (&first["service"], &first["status"]),
        (&"scenario:s".into(), &"ok".into())
    );
    let root = named(first["parent"].as_str().expect("a parent")).expect("the whole");
    assert_eq!(
        (&root["name"], &root["status"]),
        (&"scenario s".into(), &"error".into())
    );
    assert_eq!(spans.len(), 3, "{report:#} {found:#}");
}

/// The commands of the example workflow in `docs/ci.md`, one after the other, with their
/// condition.
fn workflow() -> Vec<(Vec<String>, Option<String>)> {
    let page = std::fs::read_to_string(root().join("docs").join("ci.md")).expect("the page");
    let block = page.split("```").find(|block| block.starts_with("yaml"));
    let mut found: Vec<(Vec<String>, Option<String>)> = Vec::new();
    let mut condition = None;
    for line in block.expect("a workflow").lines() {
        let line = line.trim().trim_start_matches("- ");
        if let Some(when) = line.strip_prefix("if: ") {
            condition = Some(when.to_owned());
        } else if let Some(command) = line.strip_prefix("run: benchtop ") {
            let words = command.split_whitespace().map(str::to_owned).collect();
            found.push((words, condition.take()));
        } else if line.starts_with("uses: ") {
            condition = None;
        }
    }
    found
}

#[test]
fn the_page_about_ci_says_what_works() {
    let commands = workflow();
    assert!(commands.len() >= 5, "{commands:?}");
    // The smoke test of the sample stands for that of the reader.
    let sample = root().join("examples").join("sample").join("benchtop.yaml");
    let yaml = std::fs::read_to_string(sample).expect("the sample");
    let program = benchtop_tests::programs::program("benchtop")
        .display()
        .to_string();
    let project = Project::new(&yaml);
    let home = Home::new().with("BENCHTOP_BIN", program);
    for (words, condition) in &commands {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut call = home.command(&words);
        let output = call
            .current_dir(project.path())
            .output()
            .expect("run benchtop");
        assert!(
            output.status.success(),
            "{words:?} ({condition:?}): {output:?}"
        );
    }
    let xml = std::fs::read_to_string(project.path().join("smoke.xml")).expect("the results");
    assert!(xml.contains("failures=\"0\""), "{xml}");
    let run = std::fs::read(project.path().join("smoke.benchtop-run")).expect("the run");
    assert!(run.starts_with(&[0x1f, 0x8b]), "gzip");
}
