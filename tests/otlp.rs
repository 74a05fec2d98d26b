//! Telemetry of services, from what they are told to what the command line shows.

use benchtop_tests::workbench::{Workbench, sample};
use benchtop_tests::{Home, eventually};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "otlp/clients.rs"]
mod clients;
#[path = "otlp/forward.rs"]
mod forward;
#[path = "otlp/transfer.rs"]
mod transfer;

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
with tracer.start_as_current_span("sdk " + os.environ["WAY"], kind=SpanKind.SERVER) as root:
    root.set_attribute("http.route", "/test")
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

/// The same in JavaScript.
const JAVASCRIPT: &str = r#"
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { trace, context, SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("test.library", "1.2.3");
const attributes = { "http.route": "/test", text: "größe", number: 42, ratio: 0.5, yes: true, list: ["a", "b"] };
const root = tracer.startSpan("sdk " + process.env.WAY, { kind: SpanKind.SERVER, attributes });
const inner = tracer.startSpan("inner", { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), root));
inner.recordException(new Error("on purpose"));
inner.setStatus({ code: SpanStatusCode.ERROR, message: "it failed" });
inner.end();
root.end();
sdk.shutdown().then(() => { console.log("sent"); setInterval(() => {}, 1000); });
"#;

/// The folder in which an SDK is installed, once for all tests; `None` where it cannot be
/// had.
fn installed(name: &str, commands: impl Fn(&str) -> Vec<Vec<String>>) -> Option<PathBuf> {
    let target = std::env::var("CARGO_TARGET_DIR")
        .unwrap_or_else(|_| format!("{}/../target", env!("CARGO_MANIFEST_DIR")));
    let folder = std::path::absolute(Path::new(&target).join(name)).expect("a path");
    let complete = folder.join("complete");
    if complete.exists() {
        return Some(folder);
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    for command in commands(&folder.display().to_string()) {
        let output = Command::new(&command[0]).args(&command[1..]).output();
        if !output.is_ok_and(|output| output.status.success()) {
            return None;
        }
    }
    std::fs::write(complete, "").expect("a file");
    Some(folder)
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// What both programs send has arrived, field by field.
fn check(bench: &Workbench, service: &str, way: &str, language: &str) {
    let found = wait_for_trace(bench, &format!("name~\"sdk {way}\""));
    assert_eq!(found["service"], service, "by the injected name");
    assert_eq!((&found["spans"], &found["errors"]), (&json!(2), &json!(1)));
    assert_eq!(found["route"], "/test");
    let trace = traces(bench, &[found["trace_id"].as_str().expect("an id")]);
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
    let attributes = trace["resources"][0]["attributes"].to_string();
    assert!(
        attributes.contains(language) && attributes.contains("benchtop.generation"),
        "{attributes}"
    );
}

#[test]
fn the_python_sdk_needs_no_configuration() {
    let made = installed("otel-python", |folder| {
        let pip = "-m pip install --quiet --disable-pip-version-check";
        vec![
            words(&format!("python3 -m venv --clear {folder}/env")),
            words(&format!(
                "{folder}/env/bin/python {pip} opentelemetry-sdk opentelemetry-exporter-otlp"
            )),
        ]
    });
    let Some(folder) = made else {
        println!(
            "SKIPPED the_python_sdk_needs_no_configuration: python3 -m venv and pip cannot make the SDK"
        );
        return;
    };
    let python = folder.join("env/bin/python").display().to_string();
    let service = |way: &str, more: &str| {
        format!(
            "  py-{way}:\n    process: {python} send.py\n    environment:\n      WAY: {way}\n{more}"
        )
    };
    let grpc = "      OTEL_EXPORTER_OTLP_PROTOCOL: grpc\n";
    let bench = Workbench::new(&format!("{}{}", service("http", ""), service("grpc", grpc)));
    bench.project.write("send.py", PYTHON);
    bench.call("up", &["--detach"]).expect(0);
    for way in ["http", "grpc"] {
        check(&bench, &format!("py-{way}"), way, "python");
    }
}

#[test]
fn the_javascript_sdk_needs_no_configuration() {
    let made = installed("otel-javascript", |folder| {
        let npm = "npm install --silent --no-audit --no-fund --prefix";
        vec![words(&format!(
            "{npm} {folder} @opentelemetry/sdk-node @opentelemetry/api"
        ))]
    });
    let Some(folder) = made else {
        println!("SKIPPED the_javascript_sdk_needs_no_configuration: npm cannot install the SDK");
        return;
    };
    let service = |way: &str, protocol: &str| {
        format!(
            "  js-{way}:\n    process: node send.js\n    environment:\n      WAY: {way}\n      NODE_PATH: {}\n      OTEL_EXPORTER_OTLP_PROTOCOL: {protocol}\n",
            folder.join("node_modules").display()
        )
    };
    let bench = Workbench::new(&format!(
        "{}{}",
        service("protobuf", "http/protobuf"),
        service("json", "http/json")
    ));
    bench.project.write("send.js", JAVASCRIPT);
    bench.call("up", &["--detach"]).expect(0);
    for way in ["protobuf", "json"] {
        check(&bench, &format!("js-{way}"), way, "nodejs");
    }
}
