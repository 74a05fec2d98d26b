//! A search that skips traces finds what one finds that reads them all, and sooner.

#![allow(clippy::print_stdout, reason = "a measurement says what it found")]

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Limits as BookLimits, LogBook};
use benchtop_telemetry::otlp::decode::{Request, Signal};
use benchtop_telemetry::otlp::json;
use benchtop_telemetry::spans::{Limits, SpanStore};
use benchtop_telemetry::trace::TraceQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TRACES: u64 = 240;

/// What is asked, with everything that a query can ask for.
const QUERIES: [&str; 30] = [
    "user.id=7",
    "user.id=7.0",
    "user.id>=236",
    "user.id!=7",
    "-user.id=7",
    "user.id=7 -status=error",
    "user.id=7 tenant=b",
    "tenant=A",
    "tenant~/^[ab]$/",
    "city=köln",
    "city=KÖLN",
    "ratio=0.5",
    "note~needle153",
    "note~/needle\\d+$/",
    "needle",
    "boom",
    "timeout",
    "card refused",
    "message~refused",
    "region=eu",
    "-region=eu",
    "service=shop",
    "service~nobody",
    "name=\"GET /5\"",
    "status=error",
    "status=error user.id=6",
    "duration>=200ms",
    "duration<20ms user.id=3",
    "kind=client tenant=b",
    "flag=true",
];

fn open(folder: &Path) -> SpanStore {
    let book = LogBook::open(folder, None, BookLimits::default()).expect("a book");
    book.begin_run("run-1", Timestamp(1));
    SpanStore::new(Arc::new(book), Limits::default()).expect("a store")
}

/// The span of this number in a trace; what it has depends on both.
fn span(trace: u64, place: u64) -> Value {
    let pair =
        |key: &str, kind: &str, value: Value| json!({ "key": key, "value": { kind: value } });
    let n = trace * 4 + place;
    let mut attributes = vec![
        pair("user.id", "intValue", json!((trace / 2).to_string())),
        pair(
            "tenant",
            "stringValue",
            json!(["a", "b", "c"][(n % 3) as usize]),
        ),
        pair("ratio", "doubleValue", json!(trace as f64 / 8.0)),
        pair("flag", "boolValue", json!(trace.is_multiple_of(5))),
    ];
    if trace == 11 {
        attributes.push(pair("city", "stringValue", json!("Köln")));
    }
    if trace % 50 == 3 {
        let long = format!("{}needle{trace}", "x".repeat(400));
        attributes.push(pair("note", "stringValue", json!(long)));
    }
    let start = 1_700_000_000_000_000_000 + trace * 1_000_000_000;
    let mut span = json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{:016x}", place + 1),
        "name": format!("GET /{}", n % 9), "kind": 2 + n % 2,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + (n % 300) * 1_000_000).to_string(),
        "attributes": attributes,
    });
    if n.is_multiple_of(37) {
        span["status"] =
            json!({ "code": 2, "message": if trace == 37 { "card refused" } else { "" } });
    }
    if trace == 100 {
        let kind = pair("exception.type", "stringValue", json!("BoomError"));
        span["events"] =
            json!([{ "name": "timeout", "timeUnixNano": start.to_string(), "attributes": [kind] }]);
    }
    span
}

/// All spans in several requests, so that traces come in parts.
fn fill(store: &SpanStore) {
    for place in 0..4 {
        let spans: Vec<Value> = (1..=TRACES).map(|trace| span(trace, place)).collect();
        let name = |text: &str| json!({ "stringValue": text });
        let mut resource = vec![
            json!({ "key": "service.name", "value": name(["shop", "mail"][(place % 2) as usize]) }),
        ];
        if place == 3 {
            resource.push(json!({ "key": "region", "value": name("eu") }));
        }
        let body = json!({ "resourceSpans": [{ "resource": { "attributes": resource }, "scopeSpans": [{ "spans": spans }] }] });
        let request = json::decode(body.to_string().as_bytes(), Signal::Traces).expect("a request");
        let Request::Traces(request) = request else {
            panic!("a request of traces");
        };
        store.push_blocking(request).expect("room");
    }
}

/// What each query finds: the traces, and the numbers of all.
fn answers(store: &SpanStore) -> Vec<(Vec<String>, u64, u64)> {
    let answer = |text: &&str| {
        let page = store.list(&TraceQuery {
            text: Some((*text).to_owned()),
            limit: 1000,
            ..TraceQuery::default()
        });
        let page = page.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert!(page.complete, "{text}");
        let traces = page.traces.into_iter().map(|trace| trace.trace_id);
        (traces.collect(), page.matched, page.errors)
    };
    QUERIES.iter().map(answer).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_search_that_skips_traces_misses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    fill(&store);
    let skipping = answers(&store);
    drop(store);
    let mut dropped = 0;
    for file in files(folder.path()) {
        let connection = rusqlite::Connection::open(file).expect("a file");
        let sql = "DELETE FROM trace_filters";
        dropped += connection.execute(sql, []).unwrap_or_default();
    }
    assert_eq!(
        dropped as u64,
        TRACES * 4,
        "a filter for each commit and trace"
    );
    let reading = answers(&open(folder.path()));
    for ((text, skipping), reading) in QUERIES.iter().zip(&skipping).zip(&reading) {
        assert_eq!(skipping, reading, "{text}");
    }
    // The questions tell something apart.
    let some = reading
        .iter()
        .filter(|(_, matched, _)| (1..TRACES).contains(matched));
    assert!(some.count() > 20);
    assert_eq!(reading[0].1, 2, "{}", QUERIES[0]);
}

/// Spans of the measurement, sixteen in each trace.
const MEASURED: u64 = 400_000;

/// Prints how long a search takes with filters and without, where the whole gate has time.
#[test]
fn a_search_for_one_value_is_quicker_with_filters() {
    if std::env::var_os("BENCHTOP_FULL").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for first in (0..MEASURED).step_by(512) {
        store.push_blocking(measured(first)).expect("room");
    }
    let queries = [
        "user.id=42",
        "000000000000f42",
        "status=error",
        "user.id>=990",
    ];
    let ask = |store: &SpanStore, text: &str| {
        let began = std::time::Instant::now();
        let page = store.list(&TraceQuery {
            text: Some(text.to_owned()),
            limit: 50,
            ..TraceQuery::default()
        });
        let page = page.expect("a page");
        assert!(page.complete, "{text}");
        (page.matched, began.elapsed())
    };
    let fast = queries.map(|text| (0..5).map(|_| ask(&store, text)).min_by_key(|one| one.1));
    drop(store);
    for file in files(folder.path()) {
        let connection = rusqlite::Connection::open(file).expect("a file");
        // The file of the book has none.
        _ = connection.execute("DELETE FROM trace_filters", []);
    }
    let store = open(folder.path());
    for (text, fast) in queries.into_iter().zip(fast) {
        let (matched, quick) = fast.expect("five runs");
        let (all, slow) = (0..3)
            .map(|_| ask(&store, text))
            .min_by_key(|one| one.1)
            .expect("three runs");
        assert_eq!(matched, all, "{text}");
        println!("{text}: {matched} traces, {quick:?} with filters, {slow:?} without");
    }
}

/// A request as the benchmark of OTLP sends it: 512 spans that begin with this number.
fn measured(first: u64) -> ExportTraceServiceRequest {
    let span = |n: u64| {
        let text =
            |key: &str, value: String| json!({ "key": key, "value": { "stringValue": value } });
        let start = 1_700_000_000_000_000_000 + n * 10_000;
        json!({
            "traceId": format!("{:032x}", n / 16 + 1), "spanId": format!("{:016x}", n + 1),
            "name": format!("GET /api/{}", n % 16), "kind": 2,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1_000).to_string(),
            "status": { "code": if n.is_multiple_of(997) { 2 } else { 0 } },
            "attributes": [
                text("http.request.method", "GET".into()), text("http.route", format!("/api/{}", n % 16)),
                text("url.scheme", "http".into()), text("server.address", "localhost".into()),
                text("network.protocol.version", "1.1".into()), text("user.id", (n % 1000).to_string()),
                text("user_agent.original", "bench/1.0".into()), text("request.id", format!("{n:016x}")),
            ],
        })
    };
    let spans: Vec<Value> = (first..first + 512).map(span).collect();
    let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
    match json::decode(body.to_string().as_bytes(), Signal::Traces).expect("a request") {
        Request::Traces(request) => request,
        other => panic!("{other:?}"),
    }
}
