//! Runs: compared with each other, labelled and kept.

use benchtop_api::schema::{
    Method, MetricsListRequest, ProbesHistoryRequest, RunsListRequest, RunsShowRequest,
    ScenarioHistoryRequest, TracesListRequest,
};
use benchtop_api::telemetry::trace::TraceQuery;
use benchtop_tests::desktop::http;
use benchtop_tests::eventually;
use benchtop_tests::programs::program;
use benchtop_tests::workbench::{Workbench, sample};
use serde_json::Value;
use std::process::Command;

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
    let head = "started after        ready in    restarts    alerts";
    assert!(text.stdout.contains(head), "{}", text.stdout);
    // The other way round the same is for the better.
    let back = bench.call(
        "runs",
        &["compare", "latest", "latest~1", "--fail-on-worse"],
    );
    assert!(back.expect(0).stdout.contains("took only"));
}

/// One scenario asks often enough that its answers make a median.
const ASKING: &str = "scenarios:
  ask:
    gate: false
    steps:
      - http: { url: '{{api.http.url}}/', requests: 40, concurrency: 2 }
        id: ask
";

#[test]
fn a_slow_route_and_a_scenario_that_fails_are_what_a_comparison_names() {
    let services = [
        sample("store", ""),
        sample("api", "    references: [store]\n"),
    ];
    let bench = Workbench::new(&(services.concat() + ASKING));
    for slow in [false, true] {
        bench.up().expect(0);
        if slow {
            let url = bench.service("api")["endpoints"][0]["url"].clone();
            let port = url
                .as_str()
                .and_then(|url| url.rsplit(':').next()?.parse().ok());
            let port = port.unwrap_or_else(|| panic!("no port in {url}"));
            http::request("POST", port, "/fault/slow", None).expect("slow it down");
        }
        bench.call("scenario", &["run", "ask"]).expect(0);
        eventually("all spans are kept", || {
            let traces = bench.call("traces", &["--json", "-n", "1"]).expect(0);
            let matched = json(&traces.stdout)["matched"].as_u64();
            (matched >= Some(40))
                .then_some(())
                .ok_or_else(|| traces.stdout.clone())
        });
        bench.call("down", &[]).expect(0);
    }
    let told = bench.call("runs", &["compare", "--json"]).expect(0);
    let told = json(&told.stdout);
    let all = told["differences"].as_array().expect("differences");
    let of = |kind: &str| -> Vec<&str> {
        let those = all.iter().filter(|one| one["kind"] == kind);
        those.filter_map(|one| one["text"].as_str()).collect()
    };
    let routes = of("route");
    assert!(
        matches!(routes[..], [only] if only.starts_with("api GET / answers after ")),
        "{all:#?}"
    );
    let figures = of("scenario");
    assert!(
        figures
            .iter()
            .any(|text| text.contains("ask.throughput is")),
        "{all:#?}"
    );
    let others: Vec<&Value> = all
        .iter()
        .filter(|one| one["kind"] != "route" && one["kind"] != "scenario")
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    let api = told["services"].as_array().expect("services").iter();
    let peaks: Vec<f64> = api
        .filter_map(|service| service["b"]["peak_memory"].as_f64())
        .collect();
    assert!(
        peaks.len() == 2 && peaks.iter().all(|most| *most > 1e6),
        "{peaks:?}"
    );
    let text = bench.call("runs", &["compare"]).expect(0).stdout;
    assert!(
        text.contains("route (median)") && text.contains("ask  ask.p50_ms"),
        "{text}"
    );
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

/// What the engine answers in both places.
fn answers<M: Method>(
    (here, there): (&Workbench, &Workbench),
    make: impl Fn(String) -> M,
) -> (Value, Value) {
    let answer = |bench: &Workbench| {
        let answer = bench.ask(&make).expect("an answer");
        serde_json::to_value(answer).expect("JSON")
    };
    (answer(here), answer(there))
}

/// All records of a run, without their numbers, which count through all runs of a data
/// folder.
fn records(bench: &Workbench, run: &str) -> Vec<Value> {
    let words = ["--run", run, "-n", "5000", "--json"];
    let told = bench.call("logs", &words).expect(0).stdout;
    let mut all: Vec<Value> = told.lines().map(json).collect();
    for record in &mut all {
        record.as_object_mut().expect("a record").remove("seq");
    }
    all
}

/// A service that says what it should not, in colours and several lines, and sends spans
/// and numbers.
const TALKATIVE: &str = "  api:
    process: sh talk.sh
    environment: { API_PASSWORD: hunter2-secret }
    endpoints: { http: auto }
    probes: { ready: { http: /health/ready, interval: 1s } }
scenarios:
  smoke:
    steps: [http: { url: '{{api.http.url}}/', requests: 5 }]
";

fn talkative() -> Workbench {
    let bench = Workbench::new(TALKATIVE);
    let script = format!(
        "printf '\\033[31mred\\033[0m login with hunter2-%s\\n' secret
printf 'java.io.IOException: no\\n\\tat a.B.c(B.java:1)\\n' >&2
exec {} sample api\n",
        program("benchtop").display()
    );
    bench.project.write("talk.sh", &script);
    bench
}

/// Waits until spans and metrics are kept.
fn wait_for_telemetry(bench: &Workbench) {
    eventually("there is some of all telemetry", || {
        let metrics = bench.ask(|environment| MetricsListRequest {
            environment,
            run: None,
        });
        let traces = bench.ask(|environment| TracesListRequest {
            environment,
            query: TraceQuery::default(),
        });
        let metrics = metrics.expect("an answer").metrics;
        let matched = traces.expect("an answer").matched;
        let measured = metrics.iter().any(|one| one.name == "process.memory.usage");
        match measured && matched >= 6 {
            true => Ok(()),
            false => Err(format!("{matched} traces, {metrics:?}")),
        }
    });
}

#[test]
fn a_run_is_the_same_in_another_data_folder() {
    let bench = talkative();
    bench.up().expect(0);
    bench.call("scenario", &["run", "smoke"]).expect(0);
    wait_for_telemetry(&bench);
    let said = ["label", "--label", "it fails here", "--tag", "ticket-7"];
    bench.call("runs", &said).expect(0);
    bench.call("down", &[]).expect(0);
    let file = bench.project.path().join("it.benchtop-run");
    let path = file.display().to_string();
    let export = ["export", "latest", "-o", &path];
    let done = bench.call("runs", &export).expect(0);
    assert!(done.stdout.contains("API_PASSWORD"), "{}", done.stdout);
    let again = bench.call("runs", &export).expect(2);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);

    // A colleague's machine: another data folder, the project in another folder.
    let other = talkative();
    let done = other.call("runs", &["import", &path]).expect(0);
    assert!(done.stdout.contains("imported pinned"), "{}", done.stdout);
    let both = (&bench, &other);
    let list = |environment| RunsListRequest {
        environment: Some(environment),
        limit: 5,
    };
    let (mut here, mut there) = answers(both, list);
    assert_eq!(there.as_array().map(Vec::len), Some(1));
    let run = here[0]["id"].as_str().expect("its number").to_owned();
    assert!(there[0]["imported"].is_i64() && here[0]["imported"].is_null());
    assert!(here[0]["host"]["cpus"].as_u64() > Some(0), "{here}");
    assert_eq!(there[0]["annotation"]["pinned"], true);
    for list in [&mut here, &mut there] {
        for key in ["environment", "project_dir", "imported"] {
            list[0][key] = Value::Null;
        }
        list[0]["annotation"]["pinned"] = Value::Null;
    }
    assert_eq!(there, here);

    let (mut here, mut there) = answers(both, |_| RunsShowRequest { run: run.clone() });
    (here["run"], there["run"]) = (Value::Null, Value::Null);
    assert_eq!(there, here);
    let (here, there) = answers(both, |environment| MetricsListRequest {
        environment,
        run: Some(run.clone()),
    });
    assert_eq!(there, here);
    let (here, there) = answers(both, |environment| TracesListRequest {
        environment,
        query: TraceQuery {
            run: Some(run.clone()),
            ..TraceQuery::default()
        },
    });
    assert_eq!(there, here);
    let (here, there) = answers(both, |environment| ProbesHistoryRequest {
        environment,
        service: None,
        run: Some(run.clone()),
    });
    assert_eq!(there, here);
    let (here, there) = answers(both, |environment| ScenarioHistoryRequest {
        environment,
        scenario: None,
        limit: 5,
    });
    assert_eq!(there, here);

    let own = records(&bench, &run);
    let mut masked = own.clone();
    for record in &mut masked {
        let body = record["body"].as_str().expect("text");
        record["body"] = body.replace("hunter2-secret", "••••••").into();
    }
    assert_ne!(masked, own, "the secret was there");
    assert_eq!(records(&other, &run), masked);

    // Once is enough.
    let twice = other.call("runs", &["import", &path]).expect(2);
    assert!(twice.stderr.contains("is here already"), "{}", twice.stderr);
    // The secret is nowhere in what was written for the other machine.
    let all = Command::new("gzip").args(["-dc", &path]).output();
    let all = all.expect("gzip").stdout;
    let text = String::from_utf8_lossy(&all);
    assert!(!text.contains("hunter2-secret") && text.contains("••••••"));
}

/// A service that tells all its variables and how it was called.
fn tells_all(more: &str) -> String {
    format!(
        "  postgres:
    process: [sh, -c, 'env; echo called with $1; exec {} sample postgres', x, '${{DEPLOY_TOKEN}}']
    environment: {{ {more} }}
    endpoints: {{ http: auto }}
    probes: {{ ready: {{ http: /health/ready }} }}
",
        program("benchtop").display()
    )
}

/// Runs the environment once, so that a scenario was told a secret as well.
fn run_once(bench: &Workbench) {
    bench.up().expect(0);
    let set = ["run", "told", "--set", "api_token=secret-of-one-call"];
    bench.call("scenario", &set).expect(0);
    bench.call("down", &[]).expect(0);
}

#[test]
fn no_secret_of_then_or_now_is_in_the_file_and_names_stay() {
    let scenario = "scenarios:
  told:
    vars: { api_token: secret-of-a-scenario }
    steps: [run: 'echo ${{ vars.api_token }}']
";
    let first = "API_PASSWORD: secret-of-then, DB_PASSWORD: postgres, BROKER: 'amqp://me:secret-in-url@host/'";
    let bench = Workbench::new(&(tells_all(first) + scenario));
    bench
        .project
        .write(".env", "DEPLOY_TOKEN=secret-of-dotenv\n");
    run_once(&bench);
    // The next day all of them are others, and the engine is another one.
    let second = "API_PASSWORD: secret-of-now";
    bench.redefine(&(tells_all(second) + scenario));
    bench
        .project
        .write(".env", "DEPLOY_TOKEN=other-of-dotenv\n");
    bench.home.kill_engine();
    run_once(&bench);
    for (run, there, gone) in [("latest~1", "then", "now"), ("latest", "now", "then")] {
        let own = ["--run", run, "-n", "5000", "--json"];
        let own = bench.call("logs", &own).expect(0).stdout;
        let (there, gone) = (format!("secret-of-{there}"), format!("secret-of-{gone}"));
        assert!(own.contains(&there) && !own.contains(&gone), "{own}");
        let path = bench.project.path().join(run).display().to_string();
        let done = bench.call("runs", &["export", run, "-o", &path]).expect(0);
        for key in ["API_PASSWORD", "DEPLOY_TOKEN", "api_token"] {
            assert!(done.stdout.contains(key), "{key}: {}", done.stdout);
        }
        let all = Command::new("gzip").args(["-dc", &path]).output();
        let all = String::from_utf8_lossy(&all.expect("gzip").stdout).into_owned();
        for secret in ["secret-of", "secret-in", "other-of"] {
            let found = all.lines().find(|line| line.contains(secret));
            assert_eq!(found, None, "{secret}");
        }
        for more in [&[][..], &["--json"]] {
            let lines = bench.project.path().join(format!("{run}.{}", more.len()));
            let lines = lines.display().to_string();
            let words = [&["--run", run, "--export", &lines][..], more].concat();
            bench.call("logs", &words).expect(0);
            let text = std::fs::read_to_string(&lines).expect("the file");
            assert!(
                !text.contains("secret-of") && text.contains("••••••"),
                "{text}"
            );
        }
        // One password is also the name of the service, which must stay what it is.
        assert!(all.contains(r#""service":"postgres""#), "{all}");
        assert!(all.contains("called with ••••••"), "{all}");
    }
    let path = bench.project.path().join("latest~1").display().to_string();
    let other = Workbench::new(&tells_all(second));
    other.call("runs", &["import", &path]).expect(0);
    let run = other.call("runs", &["show", "latest", "--json"]).expect(0);
    let run = json(&run.stdout);
    assert_eq!(run["instances"][0]["service"], "postgres", "{run:#}");
}

#[test]
fn a_file_that_is_wrong_or_cut_is_refused_and_nothing_of_it_stays() {
    let bench = Workbench::new(&moody("api", ""));
    bench.up().expect(0);
    bench.call("down", &[]).expect(0);
    let file = bench.project.path().join("whole.benchtop-run");
    bench
        .call("runs", &["export", "-o", &file.display().to_string()])
        .expect(0);
    let whole = std::fs::read(&file).expect("the file");

    let other = Workbench::new("  x: { process: sleep 1 }\n");
    for (name, bytes, said) in [
        ("cut", &whole[..whole.len() * 2 / 3], "cut"),
        (
            "text",
            b"{\"resourceLogs\":[]}\n" as &[u8],
            "not the file of a run",
        ),
        ("empty", b"", "not the file of a run"),
    ] {
        let path = other.project.path().join(name);
        std::fs::write(&path, bytes).expect("write it");
        let refused = other.call("runs", &["import", &path.display().to_string()]);
        let text = refused.expect(2).stderr;
        assert!(
            text.contains(said) && text.contains("runs export"),
            "{text}"
        );
    }
    let listed = other.call("runs", &["--json"]).expect(0).stdout;
    assert_eq!(json(&listed), json("[]"));
    let kept: Vec<_> = walk(&other.home.path().join("data").join("environments"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "db"))
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
}

/// All files below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => found.extend(walk(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}
