//! Real clients beside those of Python and JavaScript: the SDK of Rust, and the collector,
//! which sends from a container over the bridge.

use super::transfer::{exported, metric_points};
use super::{traces, variable, wait_for_trace};
use benchtop_tests::workbench::{Workbench, sample};
use benchtop_tests::{docker, eventually, full, images};
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a service of the environment was told to send to, as this test sends in its name.
struct Told {
    endpoint: String,
    headers: HashMap<String, String>,
}

impl Told {
    fn of(bench: &Workbench, service: &str) -> Self {
        let pid = bench.service(service)["pid"].clone();
        let get = |name: &str| variable(&pid, name).expect("it is told");
        let headers = get("OTEL_EXPORTER_OTLP_HEADERS");
        let (key, value) = headers.split_once('=').expect("a header");
        Self {
            endpoint: get("OTEL_EXPORTER_OTLP_ENDPOINT"),
            headers: HashMap::from([(key.to_owned(), value.to_owned())]),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }
}

fn resource() -> Resource {
    Resource::builder()
        .with_attribute(KeyValue::new("benchtop.service", "one"))
        .build()
}

fn ids(context: &Context) -> (String, String) {
    let span = context.span().span_context().clone();
    (span.trace_id().to_string(), span.span_id().to_string())
}

/// A trace of two spans, and a record of the log within it; answers the ids of the root.
fn send_trace_and_log(told: &Told) -> (String, String) {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(told.address("/v1/traces"))
        .with_headers(told.headers.clone())
        .build()
        .expect("an exporter");
    let provider = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(exporter)
        .build();
    let tracer = provider.tracer("test.library");
    let root = tracer
        .span_builder("sdk rust")
        .with_kind(SpanKind::Server)
        .with_attributes([
            KeyValue::new("text", "größe"),
            KeyValue::new("number", 42),
            KeyValue::new("ratio", 0.5),
            KeyValue::new("yes", true),
        ])
        .start(&tracer);
    let context = Context::new().with_span(root);
    let mut inner = tracer.start_with_context("inner", &context);
    inner.add_event("exception", vec![KeyValue::new("message", "on purpose")]);
    inner.set_status(Status::error("it failed"));
    inner.end();
    let found = ids(&context);
    send_log(told, &context);
    context.span().end();
    provider.shutdown().expect("sent");
    found
}

fn send_log(told: &Told, context: &Context) {
    let exporter = LogExporter::builder()
        .with_http()
        .with_endpoint(told.address("/v1/logs"))
        .with_headers(told.headers.clone())
        .build()
        .expect("an exporter");
    let provider = SdkLoggerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(exporter)
        .build();
    let logger = provider.logger("test.logger");
    let mut record = logger.create_log_record();
    record.set_timestamp(SystemTime::now());
    record.set_severity_number(Severity::Warn);
    record.set_body(AnyValue::from("a word from rust"));
    record.add_attribute("user.id", "u-7");
    let span = context.span().span_context().clone();
    record.set_trace_context(span.trace_id(), span.span_id(), None);
    logger.emit(record);
    provider.shutdown().expect("sent");
}

/// The four kinds of metric that this SDK has.
fn send_metrics(told: &Told) {
    let exporter = MetricExporter::builder()
        .with_http()
        .with_endpoint(told.address("/v1/metrics"))
        .with_headers(told.headers.clone())
        .build()
        .expect("an exporter");
    let powers = |instrument: &Instrument| {
        let aggregation = Aggregation::Base2ExponentialHistogram {
            max_size: 160,
            max_scale: 20,
            record_min_max: true,
        };
        let stream = Stream::builder().with_aggregation(aggregation);
        (instrument.name() == "rust.powers").then(|| stream.build().expect("a stream"))
    };
    let provider = SdkMeterProvider::builder()
        .with_resource(resource())
        .with_periodic_exporter(exporter)
        .with_view(powers)
        .build();
    let meter = provider.meter("test.meter");
    let named = [KeyValue::new("way", "in")];
    let counter = meter.u64_counter("rust.counter").with_unit("{order}");
    counter.build().add(7, &named);
    meter.f64_gauge("rust.gauge").build().record(-1.5, &named);
    for name in ["rust.bounds", "rust.powers"] {
        let histogram = meter.f64_histogram(name).with_unit("s").build();
        for seconds in [0.5, 1.0, 4.0] {
            histogram.record(seconds, &named);
        }
    }
    provider.shutdown().expect("sent");
}

#[test]
fn the_rust_sdk_is_understood_field_by_field() {
    // Plain HTTP only, but the client will not be made without.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let bench = Workbench::new(&sample("one", ""));
    bench.up().expect(0);
    let told = Told::of(&bench, "one");
    let (trace_id, span_id) = send_trace_and_log(&told);
    send_metrics(&told);
    wait_for_trace(&bench, "name=\"sdk rust\"");
    let trace = traces(&bench, &[&trace_id]);
    let (root, inner) = (&trace["spans"][0], &trace["spans"][1]);
    assert_eq!(
        (&root["id"], &root["kind"]),
        (&json!(span_id), &json!("server"))
    );
    assert_eq!(
        (&root["service"], &root["scope"]),
        (&json!("one"), &json!("test.library"))
    );
    let own = [
        ["text", "größe"].map(Value::from),
        [json!("number"), json!(42)],
        [json!("ratio"), json!(0.5)],
        [json!("yes"), json!(true)],
    ];
    for pair in own {
        let all = root["attributes"].as_array().expect("a list");
        assert!(all.contains(&json!(pair)), "{pair:?} of {root}");
    }
    assert_eq!(
        (&inner["parent"], &inner["status"]),
        (&root["id"], &json!("error"))
    );
    assert_eq!(inner["message"], "it failed");
    assert_eq!(
        inner["events"][0]["attributes"],
        json!([["message", "on purpose"]])
    );
    let query = format!("trace_id={trace_id} span_id={span_id} user.id=u-7 level=warn");
    let logged = bench.call("logs", &["-q", &query, "--json"]).expect(0);
    assert!(
        logged.stdout.contains("a word from rust"),
        "{}",
        logged.stdout
    );
    let all = exported(&bench);
    let point = |name: &str| {
        let mut points = metric_points(&all, name);
        assert_eq!(points.len(), 1, "{name} of {all:?}");
        let point = points.remove(0);
        assert_eq!(
            point["attributes"],
            json!([{ "key": "way", "value": { "stringValue": "in" } }]),
            "{name}"
        );
        point
    };
    assert_eq!(point("rust.counter")["asDouble"], json!(7.0));
    assert_eq!(point("rust.gauge")["asDouble"], json!(-1.5));
    let bounds = point("rust.bounds");
    assert_eq!(
        (&bounds["count"], &bounds["sum"]),
        (&json!("3"), &json!(5.5))
    );
    assert_eq!((&bounds["min"], &bounds["max"]), (&json!(0.5), &json!(4.0)));
    // Bounds of the SDK: 0, 5, 10 and on, so all lie in the second bucket.
    assert_eq!(bounds["bucketCounts"][1], "3");
    let powers = point("rust.powers");
    assert_eq!(
        (&powers["count"], &powers["sum"]),
        (&json!("3"), &json!(5.5))
    );
    let counts = powers["positive"]["bucketCounts"]
        .as_array()
        .expect("counts");
    let filled = counts.iter().filter(|count| **count != "0").count();
    assert_eq!(filled, 3, "three observations in three buckets: {powers}");
}

/// The corpus of the specification, moved to the present time; absent where there is none.
fn corpus(name: &str, now: u128) -> Option<String> {
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("otlp").join(name)).ok()?;
    let second = 1_000_000_000;
    Some(
        text.replace("1544712660300000000", &now.to_string())
            .replace("1544712660000000000", &now.to_string())
            .replace("1544712661000000000", &(now + second).to_string()),
    )
}

/// A summary, which the corpus has none of.
fn summary(now: u128) -> String {
    let point = json!({
        "startTimeUnixNano": now.to_string(), "timeUnixNano": now.to_string(),
        "count": "10", "sum": 55.0,
        "quantileValues": [{ "quantile": 0.5, "value": 5.0 }, { "quantile": 0.99, "value": 9.5 }],
        "attributes": [{ "key": "way", "value": { "stringValue": "out" } }],
    });
    let metric = json!({ "name": "my.summary", "unit": "s", "summary": { "dataPoints": [point] } });
    let name = json!({ "key": "service.name", "value": { "stringValue": "my.service" } });
    json!({ "resourceMetrics": [{ "resource": { "attributes": [name] }, "scopeMetrics": [{ "metrics": [metric] }] }] }).to_string()
}

fn post(port: u16, path: &str, body: &str) -> Result<(), String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .map_err(|error| error.to_string())?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(answer)
    }
}

/// What the collector is told: take OTLP, send it on to where its variables say.
const COLLECTOR: &str = r#"
receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } }
exporters:
  otlphttp:
    endpoint: ${env:OTEL_EXPORTER_OTLP_ENDPOINT}
    headers: { x-otlp-api-key: "${env:KEY}" }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [otlphttp] }
    metrics: { receivers: [otlp], exporters: [otlphttp] }
    logs: { receivers: [otlp], exporters: [otlphttp] }
"#;

const IMAGE: &str = "benchtop-test/otel-collector:0.155.0";

#[test]
fn the_collector_sends_everything_from_a_container() {
    const NAME: &str = "the_collector_sends_everything_from_a_container";
    if !full(NAME) || !docker(NAME) || !images(NAME, &[IMAGE]) {
        return;
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_nanos();
    let files = ["trace.json", "metrics.json", "logs.json"].map(|name| corpus(name, now));
    let [Some(trace), Some(metrics), Some(logs)] = files else {
        println!("SKIPPED {NAME}: there is no corpus");
        return;
    };
    let bench = Workbench::new(&format!(
        "  collector:\n    image: {IMAGE}\n    entrypoint: [sh, -c]\n    command: ['KEY=$${{OTEL_EXPORTER_OTLP_HEADERS#*=}} exec otelcol --config /conf/collector.yaml']\n    volumes: ['./conf:/conf:ro']\n    endpoints: {{ http: {{ port: auto, target: 4318 }} }}\n"
    ));
    std::fs::create_dir(bench.project.path().join("conf")).expect("a folder");
    bench.project.write("conf/collector.yaml", COLLECTOR);
    bench.up().expect(0);
    let port = bench.service("collector")["endpoints"][0]["port"]
        .as_u64()
        .expect("a port");
    let port = u16::try_from(port).expect("a port");
    eventually("the collector takes traces", || {
        post(port, "/v1/traces", &trace)
    });
    for (path, body) in [
        ("/v1/metrics", &metrics),
        ("/v1/metrics", &summary(now)),
        ("/v1/logs", &logs),
    ] {
        post(port, path, body).expect("taken");
    }
    let all = eventually("everything has arrived", || {
        let all = exported(&bench);
        let there = [
            "my.counter",
            "my.gauge",
            "my.histogram",
            "my.exponential.histogram",
            "my.summary",
        ]
        .iter()
        .all(|name| !metric_points(&all, name).is_empty());
        let text = json!(all).to_string();
        let rest = text.contains("I'm a server span") && text.contains("Example log record");
        if there && rest { Ok(all) } else { Err(text) }
    });
    compare_metrics(&all, &metrics, &summary(now));
    let id = "5b8efff798038103d269b633813fc60c";
    let shown = traces(&bench, &[id]);
    let span = &shown["spans"][0];
    assert_eq!(
        (&span["name"], &span["kind"]),
        (&json!("I'm a server span"), &json!("server"))
    );
    assert_eq!(
        (&span["id"], &span["parent"]),
        (&json!("eee19b7ec3c1b174"), &json!("eee19b7ec3c1b173"))
    );
    assert_eq!(span["duration_ns"], 1_000_000_000);
    assert_eq!(span["attributes"], json!([["my.span.attr", "some value"]]));
    let query =
        format!("trace_id={id} double.attribute=637.704 int.attribute=10 boolean.attribute=true");
    let logged = bench
        .call("logs", &["-q", &query, "--json"])
        .expect(0)
        .stdout;
    assert!(logged.contains("Example log record"), "{logged}");
    bench.call("down", &[]).expect(0);
}

/// Every point as it was sent, of all five kinds.
fn compare_metrics(all: &[Value], metrics: &str, summary: &str) {
    for sent in [metrics, summary] {
        let sent: Value = serde_json::from_str(sent).expect("JSON");
        let list = sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array();
        for metric in list.expect("a list") {
            let name = metric["name"].as_str().expect("a name");
            let wanted = &metric_points(std::slice::from_ref(&sent), name)[0];
            let found = &metric_points(all, name)[0];
            for (key, value) in wanted.as_object().expect("an object") {
                let found = &found[key];
                let same = match (value.as_f64(), found.as_f64()) {
                    (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                    // Times are kept in milliseconds.
                    _ if key.ends_with("UnixNano") => {
                        let cut = |v: &Value| v.as_str().map(|t| t[..t.len() - 6].to_owned());
                        cut(value) == cut(found)
                    }
                    // A number that is none but its default is left out.
                    _ if value == &json!(0) || value == "0" => {
                        found.is_null() || found == value || found.as_f64() == Some(0.0)
                    }
                    _ if key == "positive" || key == "negative" => same_powers(value, found),
                    // 1 and 1.0 are one number.
                    _ if key == "explicitBounds" => numbers(value) == numbers(found),
                    _ => value == found,
                };
                assert!(same, "{name}: {key} was {value}, is {found}");
            }
        }
    }
}

fn numbers(list: &Value) -> Option<Vec<f64>> {
    list.as_array()?.iter().map(Value::as_f64).collect()
}

/// Offset and counts; empty sides need not have an offset.
fn same_powers(one: &Value, other: &Value) -> bool {
    let counts = |side: &Value| side["bucketCounts"].as_array().cloned().unwrap_or_default();
    counts(one) == counts(other)
        && (counts(one).is_empty()
            || one["offset"].as_i64().unwrap_or(0) == other["offset"].as_i64().unwrap_or(0))
}
