//! Telemetry that goes elsewhere: a run as a file and back.

use super::{traces, wait_for_trace};
use benchtop_tests::eventually;
use benchtop_tests::workbench::{Workbench, sample};
use serde_json::{Value, json};

/// All telemetry of the newest run, line by line, as `telemetry export` writes it.
pub(super) fn exported(bench: &Workbench) -> Vec<Value> {
    let file = bench.project.path().join("telemetry.jsonl");
    let path = file.display().to_string();
    bench
        .call("telemetry", &["export", &path, "--overwrite"])
        .expect(0);
    let text = std::fs::read_to_string(file).expect("a file");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The points of a metric, whatever its kind.
pub(super) fn metric_points(lines: &[Value], name: &str) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    lines
        .iter()
        .flat_map(|line| list(&line["resourceMetrics"]))
        .flat_map(|resource| list(&resource["scopeMetrics"]))
        .flat_map(|scope| list(&scope["metrics"]))
        .filter(|metric| metric["name"] == name)
        .flat_map(|metric| {
            let kinds = [
                "gauge",
                "sum",
                "histogram",
                "exponentialHistogram",
                "summary",
            ];
            let kind = kinds.into_iter().find(|kind| metric[kind].is_object());
            kind.map(|kind| list(&metric[kind]["dataPoints"]))
                .unwrap_or_default()
        })
        .collect()
}

#[test]
fn a_runs_telemetry_goes_through_a_file_and_is_a_run_again() {
    let bench = Workbench::new(&format!(
        "{}{}",
        sample("one", "    references: [two]\n"),
        sample("two", "")
    ));
    bench.up().expect(0);
    let found = wait_for_trace(&bench, "service=two");
    eventually("its logs and metrics are there, too", || {
        let all = exported(&bench);
        let has = |key: &str| all.iter().any(|line| line[key].is_array());
        let metrics = !metric_points(&all, "process.memory.usage").is_empty();
        if metrics && has("resourceLogs") {
            Ok(())
        } else {
            Err(json!(all).to_string())
        }
    });
    let id = found["trace_id"].as_str().expect("an id");
    let before = traces(&bench, &[id]);
    bench.call("down", &[]).expect(0);
    let file = bench.project.path().join("run.jsonl").display().to_string();
    let written = bench.call("telemetry", &["export", &file]).expect(0).stdout;
    let counts = written.split_once(": ").expect("counts").1.to_owned();
    let twice = bench.call("telemetry", &["export", &file]).expect(2);
    assert!(twice.stderr.contains("exists already"), "{}", twice.stderr);

    let read = bench.call("telemetry", &["import", &file]).expect(0).stdout;
    assert!(read.contains(counts.trim_end()), "{read} but {written}");
    let run = read
        .strip_prefix("run ")
        .and_then(|text| text.split(':').next());
    let run = run.expect("a run").to_owned();
    let runs = bench
        .call("runs", &["--search", "run.jsonl", "--json"])
        .expect(0);
    assert!(runs.stdout.contains(&run), "{}", runs.stdout);
    assert_eq!(traces(&bench, &["--run", &run, id]), before, "span by span");

    let again = bench
        .project
        .path()
        .join("again.jsonl")
        .display()
        .to_string();
    bench
        .call("telemetry", &["export", &again, "--run", &run])
        .expect(0);
    assert_eq!(
        sorted(&again),
        sorted(&file),
        "nothing is lost or added on the way"
    );

    bench
        .project
        .write("broken.jsonl", "{\"resourceSpans\":[]}\nno JSON\n");
    let broken = bench
        .project
        .path()
        .join("broken.jsonl")
        .display()
        .to_string();
    let refused = bench.call("telemetry", &["import", &broken]).expect(2);
    assert!(refused.stderr.contains("line 2"), "{}", refused.stderr);
}

/// Every span, record and point of a file as text, sorted; how they are grouped into
/// requests is of no account.
fn sorted(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a file");
    let mut all = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        for (outer, inner, items) in [
            ("resourceSpans", "scopeSpans", "spans"),
            ("resourceLogs", "scopeLogs", "logRecords"),
            ("resourceMetrics", "scopeMetrics", "metrics"),
        ] {
            for resource in line[outer].as_array().into_iter().flatten() {
                for scope in resource[inner].as_array().into_iter().flatten() {
                    let of = |item: &Value| {
                        format!("{} {} {item}", resource["resource"], scope["scope"])
                    };
                    all.extend(scope[items].as_array().into_iter().flatten().map(of));
                }
            }
        }
    }
    all.sort();
    all
}
