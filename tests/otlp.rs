//! Telemetry of services, from what they are told to what the command line shows.

use benchtop_tests::workbench::{Workbench, sample};
use benchtop_tests::{Home, eventually};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A page of traces, as the command line prints it.
fn traces(bench: &Workbench, more: &[&str]) -> Value {
    let printed = bench
        .call("traces", &[&["--json"], more].concat())
        .expect(0);
    serde_json::from_str(&printed.stdout).expect("JSON")
}

/// The first trace that fits, once there is one.
fn wait_for_trace(bench: &Workbench, query: &str) -> Value {
    eventually(&format!("there is a trace with {query}"), || {
        let page = traces(bench, &[query]);
        let found = page["traces"].get(0).cloned();
        found.ok_or_else(|| page.to_string())
    })
}

/// A variable of a running process, as the kernel has it.
fn variable(pid: &Value, name: &str) -> Option<String> {
    let all = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let all = String::from_utf8_lossy(&all).into_owned();
    let found = all
        .split('\0')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.map(str::to_owned)
}

#[test]
fn the_sample_shows_traces_across_its_services() {
    let home = Home::new();
    home.benchtop(&["up", "--sample", "--wait", "--detach", "--timeout", "60s"])
        .expect(0);
    let trace = eventually("a trace goes from the gateway to the store", || {
        let printed = home
            .benchtop(&["traces", "--sample", "--json", "service=store"])
            .expect(0);
        let page: Value = serde_json::from_str(&printed.stdout).expect("JSON");
        let all = page["traces"].as_array().expect("a list").clone();
        let fits = |trace: &&Value| {
            let services = trace["services"].to_string();
            ["gateway", "catalog-api", "orders-api", "store"]
                .iter()
                .all(|s| services.contains(s))
        };
        all.iter()
            .find(fits)
            .cloned()
            .ok_or_else(|| page.to_string())
    });
    let id = trace["trace_id"].as_str().expect("an id");
    let shown = home.benchtop(&["traces", "--sample", id]).expect(0).stdout;
    assert!(shown.contains("gateway: work"), "{shown}");
    assert!(shown.contains("store: GET /"), "{shown}");
    let listed = home
        .benchtop(&["traces", "--sample", "-n", "3"])
        .expect(0)
        .stdout;
    assert!(listed.contains("99 of 100 within"), "{listed}");
    // The lines of the log lead to it.
    let query = format!("trace_id={id}");
    let logged = home
        .benchtop(&["logs", "--sample", "-q", &query, "--json"])
        .expect(0)
        .stdout;
    assert!(
        logged.contains("orders-api") && logged.contains("store"),
        "{logged}"
    );
    let wrong = home.benchtop(&["traces", "--sample", "status=500"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("status=error"), "{}", wrong.stderr);
}

#[test]
fn services_are_told_where_to_send_and_keep_a_right_address_through_a_crash() {
    let own = "    environment:\n      OTEL_RESOURCE_ATTRIBUTES: team=red\n";
    let elsewhere = "    environment:\n      OTEL_EXPORTER_OTLP_ENDPOINT: http://127.0.0.1:1\n";
    let bench = Workbench::new(&format!(
        "{}{}",
        sample("one", &format!("{own}    references: [two]\n")),
        sample("two", elsewhere)
    ));
    bench.up().expect(0);
    let one = bench.service("one");
    let get = |name: &str| variable(&one["pid"], name).unwrap_or_default();
    let endpoint = get("OTEL_EXPORTER_OTLP_ENDPOINT");
    assert!(endpoint.starts_with("http://localhost:"), "{endpoint}");
    assert_eq!(get("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf");
    assert!(get("OTEL_EXPORTER_OTLP_HEADERS").starts_with("x-otlp-api-key="));
    assert_eq!(get("OTEL_SERVICE_NAME"), "one");
    let attributes = get("OTEL_RESOURCE_ATTRIBUTES");
    for part in [
        "benchtop.service=one",
        "benchtop.generation=1",
        "service.instance.id=one-1",
        "benchtop.run=",
        "team=red",
    ] {
        assert!(attributes.contains(part), "{attributes}");
    }
    let two = bench.service("two")["pid"].clone();
    assert_eq!(
        variable(&two, "OTEL_EXPORTER_OTLP_HEADERS"),
        None,
        "the key goes nowhere else"
    );
    assert_eq!(variable(&two, "OTEL_SERVICE_NAME").as_deref(), Some("two"));
    wait_for_trace(&bench, "service=one");
    let engine = bench.home.engine_pid();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(engine),
        nix::sys::signal::Signal::SIGKILL,
    )
    .expect("it lives");
    let later = bench.status();
    assert_eq!(bench.service("one")["pid"], one["pid"], "{later}");
    assert_eq!(
        bench.service("one")["outdated"],
        one["outdated"],
        "nothing is told as changed"
    );
    // What it sends now arrives at the next engine: same port, same key.
    let mut newest = traces(&bench, &["-n", "1"])["traces"][0]["start"].clone();
    for _ in 0..2 {
        let before = newest.as_i64();
        newest = eventually("spans arrive after the crash", || {
            let now = traces(&bench, &["-n", "1"])["traces"][0]["start"].clone();
            if now.as_i64() > before {
                Ok(now)
            } else {
                Err(now.to_string())
            }
        });
    }
}

/// A program of Python that sends one trace and a log record with the real SDK.
const PYTHON: &str = r#"
import logging, time
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, SpanKind
import os
if os.environ["WAY"] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    exporter = OTLPSpanExporter(insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    exporter = OTLPSpanExporter()
provider = TracerProvider(resource=Resource.create())
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("test.library", "1.2.3")
with tracer.start_as_current_span("python " + os.environ["WAY"], kind=SpanKind.SERVER) as root:
    root.set_attribute("http.route", "/py")
    root.set_attribute("text", "größe")
    root.set_attribute("number", 42)
    root.set_attribute("ratio", 0.5)
    root.set_attribute("yes", True)
    root.set_attribute("list", ["a", "b"])
    with tracer.start_as_current_span("inner", kind=SpanKind.CLIENT) as inner:
        try:
            raise ValueError("on purpose")
        except ValueError as error:
            inner.record_exception(error)
            inner.set_status(Status(StatusCode.ERROR, "it failed"))
assert provider.force_flush()
provider.shutdown()
print("sent", flush=True)
time.sleep(1000)
"#;

/// Packages of the SDK, as the reference page measured them.
const PACKAGES: [&str; 2] = ["opentelemetry-sdk", "opentelemetry-exporter-otlp"];

/// A Python with the SDK, made once for all tests; `None` where it cannot be had.
fn python() -> Option<PathBuf> {
    let target = std::env::var("CARGO_TARGET_DIR")
        .unwrap_or_else(|_| format!("{}/../target", env!("CARGO_MANIFEST_DIR")));
    let folder = Path::new(&target).join("otel-python");
    let program = folder.join("bin/python");
    if folder.join("complete").exists() {
        return Some(program);
    }
    let ran = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    let place = folder.display().to_string();
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    let made = ran(Path::new("python3"), &["-m", "venv", "--clear", &place])
        && ran(&program, &[&install[..], &PACKAGES].concat());
    made.then(|| {
        std::fs::write(folder.join("complete"), "").expect("a file");
        program
    })
}

#[test]
fn the_python_sdk_needs_no_configuration() {
    let Some(python) = python() else {
        println!(
            "SKIPPED the_python_sdk_needs_no_configuration: python3 -m venv and pip cannot make the SDK"
        );
        return;
    };
    let service = |way: &str, more: &str| {
        format!(
            "  py-{way}:\n    process: {} send.py\n    environment:\n      WAY: {way}\n{more}",
            python.display()
        )
    };
    let grpc = "      OTEL_EXPORTER_OTLP_PROTOCOL: grpc\n";
    let bench = Workbench::new(&format!("{}{}", service("http", ""), service("grpc", grpc)));
    bench.project.write("send.py", PYTHON);
    bench.call("up", &["--detach"]).expect(0);
    for way in ["http", "grpc"] {
        let found = wait_for_trace(&bench, &format!("name~\"python {way}\""));
        assert_eq!(
            found["service"],
            format!("py-{way}"),
            "by the injected name"
        );
        assert_eq!((&found["spans"], &found["errors"]), (&json!(2), &json!(1)));
        assert_eq!(found["route"], "/py");
        let trace = traces(&bench, &[found["trace_id"].as_str().expect("an id")]);
        let (root, inner) = (&trace["spans"][0], &trace["spans"][1]);
        assert_eq!(
            (&root["kind"], &inner["kind"]),
            (&json!("server"), &json!("client"))
        );
        let value = |key: &str| {
            let pairs = root["attributes"].as_array().expect("a list");
            pairs
                .iter()
                .find(|pair| pair[0] == key)
                .map(|pair| pair[1].clone())
        };
        for (key, expected) in [
            ("text", json!("größe")),
            ("number", json!(42)),
            ("ratio", json!(0.5)),
            ("yes", json!(true)),
            ("list", json!(["a", "b"])),
        ] {
            assert_eq!(value(key), Some(expected), "{key}");
        }
        assert_eq!(root["scope"], "test.library");
        assert_eq!(
            (&inner["status"], &inner["message"]),
            (&json!("error"), &json!("it failed"))
        );
        assert_eq!(inner["parent"], root["id"]);
        let event = &inner["events"][0];
        assert_eq!(event["name"], "exception");
        assert!(
            event["attributes"].to_string().contains("on purpose"),
            "{event}"
        );
        let language = trace["resources"][0]["attributes"].to_string();
        assert!(language.contains("python"), "{language}");
    }
}
