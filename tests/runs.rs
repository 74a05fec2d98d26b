//! Runs: compared with each other, labelled and kept.

use benchtop_tests::programs::program;
use benchtop_tests::workbench::Workbench;
use serde_json::Value;

/// A service that is late and complains where a file says so.
fn moody(name: &str, more: &str) -> String {
    format!(
        "  {name}:\n    process: [sh, -c, \"if [ -e {name}.slow ]; then sleep 7; echo ERROR billing answers too late: 31 s; fi; exec {} sample {name}\"]\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n{more}",
        program("benchtop").display()
    )
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_slow_service_and_a_new_error_are_what_a_comparison_names() {
    let bench = Workbench::new(
        &[
            moody("store", ""),
            moody("api", "    references: [store]\n"),
            moody("web", "    references: [api]\n"),
        ]
        .concat(),
    );
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);
    bench.project.write("api.slow", "");
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);

    let told = bench.call("runs", &["compare", "--json"]).expect(0);
    let told = json(&told.stdout);
    let differences: Vec<(&str, &str, &str)> = told["differences"]
        .as_array()
        .expect("differences")
        .iter()
        .map(|f| {
            let word = |key: &str| f[key].as_str().unwrap_or_default();
            (word("tone"), word("kind"), word("service"))
        })
        .collect();
    assert_eq!(
        differences,
        [
            ("worse", "new_error", "api"),
            ("worse", "time_to_ready", "api")
        ],
        "{told:#}"
    );
    let text = bench
        .call("runs", &["compare", "--fail-on-worse"])
        .expect(1);
    assert!(
        text.stdout.contains("billing answers too late"),
        "{}",
        text.stdout
    );
    // The other way round the same is for the better.
    let back = bench.call(
        "runs",
        &["compare", "latest", "latest~1", "--fail-on-worse"],
    );
    assert!(back.expect(0).stdout.contains("took only"));
}

#[test]
fn a_run_is_labelled_pinned_and_found_again() {
    let bench = Workbench::new(&moody("api", ""));
    bench.up().expect(0);
    bench
        .call(
            "runs",
            &[
                "label",
                "--label",
                "before the upgrade",
                "--tag",
                "nightly",
                "--pin",
            ],
        )
        .expect(0);
    bench.call("down", &[]).expect(0);
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);

    let found = bench
        .call("runs", &["--search", "UPGRADE", "--json"])
        .expect(0);
    let found = json(&found.stdout);
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    let said = &found[0]["annotation"];
    assert_eq!(said["pinned"], true);
    assert_eq!(said["tags"], json(r#"["nightly"]"#));

    bench
        .call(
            "runs",
            &["label", "before the upgrade", "--label", "", "--unpin"],
        )
        .expect(0);
    let found = bench
        .call("runs", &["--search", "nightly", "--json"])
        .expect(0);
    let said = &json(&found.stdout)[0]["annotation"];
    assert_eq!(
        (&said["pinned"], &said["label"]),
        (&false.into(), &Value::Null)
    );
    let missing = bench
        .call("runs", &["label", "before the upgrade", "--pin"])
        .expect(2);
    assert!(missing.stderr.contains("no run"), "{}", missing.stderr);
}
