//! What services use, and what they tell of themselves, as `benchtop metrics` shows it.

use benchtop_api::client::Client;
use benchtop_api::paths::Paths;
use benchtop_api::schema::{MetricsPinRequest, MetricsPinsRequest};
use benchtop_api::telemetry::metrics::query::{MetricQuery, MetricShow, PinnedChart};
use benchtop_tests::workbench::{Workbench, sample};
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;

/// A container whose program is a shell.
const BUSYBOX: &str = "benchtop-test/busybox:1";

/// Burns a core, and holds 60 MB in a line that never ends, in processes below its own.
const BURNER: &str = "(head -c 60000000 /dev/zero; sleep 600) | tail | cat & while :; do :; done";

/// All that was measured, as `--json` prints it.
fn measured(bench: &Workbench) -> Value {
    let outcome = bench
        .call("metrics", &["--json", "--since", "10m"])
        .expect(0);
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn metric<'v>(all: &'v Value, name: &str) -> Option<&'v Value> {
    let metrics = all["metrics"].as_array().expect("a list");
    metrics.iter().find(|metric| metric["name"] == name)
}

/// The points of a series; without those where nothing was.
fn points(all: &Value, name: &str, service: &str, attribute: Option<&str>) -> Vec<f64> {
    let frames = all["frames"].as_array().expect("a list");
    let series = frames.iter().filter(|frame| frame["metric"] == name);
    let mut series = series.flat_map(|frame| frame["series"].as_array().expect("a list"));
    let fits = |series: &&Value| {
        let way = |wanted: &str| series["attributes"].to_string().contains(wanted);
        series["service"] == service && attribute.is_none_or(way)
    };
    let found = series.find(fits).map(|series| series["points"].clone());
    let found = found.unwrap_or_default();
    let points = found.as_array().map_or(&[][..], Vec::as_slice);
    points.iter().filter_map(Value::as_f64).collect()
}

fn most(points: &[f64]) -> f64 {
    points.iter().copied().fold(0.0, f64::max)
}

/// The value, or what there is instead.
fn wanted<T>(found: bool, value: T, all: &Value) -> Result<T, String> {
    if found {
        Ok(value)
    } else {
        Err(all.to_string())
    }
}

#[test]
fn who_burns_cpu_and_memory_is_seen_and_series_outlive_the_engine_and_a_restart() {
    let bench = Workbench::new(&format!(
        "  burner: {{ process: [sh, -c, '{BURNER}'] }}\n  sleeper: {{ process: sleep 600 }}\n"
    ));
    bench.up().expect(0);
    let before = eventually("the burner is seen", || {
        let all = measured(&bench);
        let of = |name, service| most(&points(&all, name, service, None));
        let cpu = of("process.cpu.utilization", "burner")
            > 4.0 * of("process.cpu.utilization", "sleeper");
        let memory = of("process.memory.usage", "burner");
        let memory = memory > 50e6 && memory > 3.0 * of("process.memory.usage", "sleeper");
        let count = of("process.count", "burner") >= 4.0 && of("process.count", "sleeper") == 1.0;
        let written = of("process.uptime", "sleeper") > 0.0;
        wanted(cpu && memory && count && written, all.clone(), &all)
    });
    let text = bench
        .call("metrics", &["memory", "-s", "burner"])
        .expect(0)
        .stdout;
    assert!(
        text.contains("process.memory.usage") && text.contains("MiB"),
        "{text}"
    );
    assert!(
        !text.contains("sleeper") && !text.contains("process.count"),
        "{text}"
    );

    bench.home.kill_engine();
    let known = metric(&before, "process.memory.usage")
        .expect("known")
        .clone();
    let after = eventually("the series go on", || {
        let all = measured(&bench);
        let now = metric(&all, "process.memory.usage")
            .cloned()
            .unwrap_or_default();
        let later = now["last"].as_i64() > known["last"].as_i64();
        wanted(later, now, &all)
    });
    for key in ["series", "first", "services", "kind", "unit"] {
        assert_eq!(after[key], known[key], "{key}");
    }

    bench.call("restart", &["sleeper"]).expect(0);
    eventually("the restart is marked, and the series is the same", || {
        let all = measured(&bench);
        let marks = all["marks"].as_array().expect("a list");
        let is = |kind: &str| {
            marks
                .iter()
                .any(|mark| mark["kind"] == kind && mark["service"] == "sleeper")
        };
        let now = metric(&all, "process.memory.usage")
            .cloned()
            .unwrap_or_default();
        assert_eq!(now["series"], known["series"]);
        wanted(is("start") && is("stop") && is("restart"), (), &all)
    });

    let run = bench.status()["run"].as_str().expect("a run").to_owned();
    bench.call("down", &[]).expect(0);
    let past = bench.call("metrics", &["--run", &run]).expect(0).stdout;
    assert!(past.contains("process.memory.usage"), "{past}");
}

#[test]
fn the_slowest_requests_lead_to_their_traces_and_pinned_charts_outlive_the_engine() {
    let bench = Workbench::new(&format!(
        "{}{}",
        sample("one", "    references: [two]\n"),
        sample("two", "")
    ));
    bench.up().expect(0);
    let exemplar = eventually("a chart has an exemplar", || {
        let all = measured(&bench);
        let frames = all["frames"].as_array().expect("a list");
        let of_spans = frames
            .iter()
            .filter(|frame| frame["metric"] == "traces.span.duration");
        let found = of_spans
            .flat_map(|frame| frame["exemplars"].as_array().cloned().unwrap_or_default())
            .next();
        found.ok_or_else(|| all.to_string())
    });
    let id = exemplar["trace_id"].as_str().expect("an id");
    let trace = bench.call("traces", &["--json", id]).expect(0).stdout;
    let trace: Value = serde_json::from_str(&trace).expect("JSON");
    let spans = trace["spans"].as_array().expect("a list");
    let span = spans.iter().find(|span| span["id"] == exemplar["span_id"]);
    let took = span.expect("its span")["duration_ns"].as_f64();
    let told = exemplar["value"].as_f64().expect("seconds") * 1e9;
    assert!((took.expect("a duration") - told).abs() < 1.0, "{exemplar}");

    let chart = PinnedChart {
        title: "Slow".to_owned(),
        query: MetricQuery {
            metric: "traces.span.duration".to_owned(),
            show: MetricShow::P99,
            ..MetricQuery::default()
        },
    };
    let environment = bench.status()["id"]
        .as_str()
        .expect("an identity")
        .to_owned();
    let client = Client::new(Paths {
        data: bench.home.path().join("data"),
        runtime: bench.home.path().join("run"),
    });
    let client = client.expect("a client");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let pin = MetricsPinRequest {
        environment: environment.clone(),
        charts: vec![chart.clone()],
    };
    runtime.block_on(client.call(&pin)).expect("pinned");
    bench.home.kill_engine();
    _ = bench.status();
    let pins = MetricsPinsRequest { environment };
    let kept = runtime.block_on(client.call(&pins)).expect("pins");
    assert_eq!(kept, [chart]);
}

#[test]
fn what_a_service_offers_to_prometheus_is_fetched() {
    let bench = Workbench::new(&sample(
        "store",
        "    metrics: { scrape: /metrics, interval: 1s }\n",
    ));
    bench.up().expect(0);
    eventually("the page is fetched", || {
        let all = measured(&bench);
        let requests = metric(&all, "sample_requests_total")
            .cloned()
            .unwrap_or_default();
        let kind = requests["kind"] == "sum" && requests["source"] == "scrape";
        let up = most(&points(&all, "benchtop.scrape.up", "store", None)) == 1.0;
        let started = !points(&all, "sample_uptime_seconds", "store", None).is_empty();
        let probe = most(&points(
            &all,
            "benchtop.probe.duration",
            "store",
            Some("ready"),
        )) > 0.0;
        wanted(kind && up && started && probe, (), &all)
    });
}

#[test]
fn what_cannot_be_fetched_is_said_once_in_the_log_of_the_service() {
    let bench = Workbench::new(&sample(
        "store",
        "    metrics: { scrape: /nowhere, interval: 1s }\n",
    ));
    bench.up().expect(0);
    eventually("three fetches have failed", || {
        let outcome = bench.call("metrics", &["--json", "scrape.up"]).expect(0);
        let all: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let points = points(&all, "benchtop.scrape.up", "store", None);
        wanted(points.len() >= 3 && most(&points) == 0.0, (), &all)
    });
    let said = eventually("it is said", || {
        let log = bench.log("store");
        let said = log.matches("metrics cannot be fetched").count();
        if said > 0 { Ok((said, log)) } else { Err(log) }
    });
    assert!(said.0 == 1 && said.1.contains("/nowhere: 404"), "{said:?}");
}

#[test]
fn a_container_is_measured_by_its_runtime() {
    if !docker("a_container_is_measured_by_its_runtime") {
        return;
    }
    let name = format!("t{}-metrics", std::process::id());
    let command = "[sh, -c, 'while :; do :; done']";
    let project = Project::new(&format!(
        "name: {name}\nservices:\n  busy: {{ image: '{BUSYBOX}', command: {command} }}\n  idle: {{ image: '{BUSYBOX}', command: [sleep, '600'] }}\n"
    ));
    let file = project.file().display().to_string();
    let home = Home::new();
    let call =
        |command: &str, more: &[&str]| home.benchtop(&[&[command, "-f", &file], more].concat());
    call("up", &["--wait", "--detach", "--timeout", "80s"]).expect(0);
    let seen = std::panic::catch_unwind(|| {
        eventually("both are measured", || {
            let outcome = call("metrics", &["--json", "--since", "10m"]).expect(0);
            let all: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
            let of = |name, service, way| most(&points(&all, name, service, way));
            let busy = of("container.cpu.usage", "busy", None);
            let cpu = busy > 0.05 && busy > 3.0 * of("container.cpu.usage", "idle", None);
            let memory = of("container.memory.usage", "idle", None) > 0.0;
            let network = metric(&all, "container.network.io");
            let network = network.is_some_and(|io| io["series"] == 4);
            wanted(cpu && memory && network, (), &all)
        });
    });
    call("down", &[]);
    if let Err(cause) = seen {
        std::panic::resume_unwind(cause);
    }
}
