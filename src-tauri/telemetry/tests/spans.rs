//! Spans, from a request of OTLP to what a view is answered.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Limits as BookLimits, LogBook};
use benchtop_telemetry::otlp::decode::{Request, Signal};
use benchtop_telemetry::otlp::json;
use benchtop_telemetry::spans::{Declared, Limits, Refused, SpanStore, incoming, tree};
use benchtop_telemetry::trace::{
    FindingKind, NodeKind, SpanKind, SpanStatus, Trace, TraceOrder, TracePage, TraceQuery,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde_json::{Value, json};
use std::sync::Arc;

struct Store {
    spans: SpanStore,
    folder: tempfile::TempDir,
}

impl Store {
    fn new(limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            spans: open(folder.path(), limits),
            folder,
        }
    }

    /// The trace as it is answered.
    fn trace(&self, id: u32) -> Trace {
        let found = self.spans.get(None, &trace_id(id)).expect("a file");
        found.expect("a trace")
    }

    fn list(&self, query: TraceQuery) -> TracePage {
        self.spans.list(&query).expect("a page")
    }

    /// The numbers of the traces that a text finds, sorted.
    fn found(&self, text: &str) -> Vec<u32> {
        let page = self.list(TraceQuery {
            text: Some(text.to_owned()),
            limit: 100,
            ..TraceQuery::default()
        });
        let number = |id: &str| u32::from_str_radix(&id[24..], 16).expect("a number");
        let mut found: Vec<u32> = page.traces.iter().map(|t| number(&t.trace_id)).collect();
        found.sort_unstable();
        found
    }
}

fn open(folder: &std::path::Path, limits: Limits) -> SpanStore {
    let book = LogBook::open(folder, None, BookLimits::default()).expect("a book");
    book.begin_run("run-1", Timestamp(1));
    SpanStore::new(Arc::new(book), limits).expect("a store")
}

fn trace_id(id: u32) -> String {
    format!("{id:032x}")
}

/// A span of trace `trace`, with times in milliseconds.
fn span(trace: u32, id: u32, parent: u32, name: &str, from: u64, to: u64) -> Value {
    let at = |ms: u64| (1_700_000_000_000_000_000 + ms * 1_000_000).to_string();
    json!({
        "traceId": trace_id(trace),
        "spanId": format!("{id:016x}"),
        "parentSpanId": if parent == 0 { Value::Null } else { json!(format!("{parent:016x}")) },
        "name": name,
        "kind": 2,
        "startTimeUnixNano": at(from),
        "endTimeUnixNano": at(to),
    })
}

/// The same with these named values: texts, numbers.
fn with(mut span: Value, more: &[(&str, Value)]) -> Value {
    for (key, value) in more {
        if let Some(key) = key.strip_prefix('#') {
            span[key] = value.clone();
            continue;
        }
        let kind = match value {
            Value::String(_) => "stringValue",
            Value::Bool(_) => "boolValue",
            _ => "intValue",
        };
        let pair = json!({ "key": key, "value": { kind: value } });
        match span["attributes"].as_array_mut() {
            Some(list) => list.push(pair),
            None => span["attributes"] = json!([pair]),
        }
    }
    span
}

fn request(service: &str, spans: &[Value]) -> ExportTraceServiceRequest {
    let name = json!({ "key": "service.name", "value": { "stringValue": service } });
    let text = json!({ "resourceSpans": [{
        "resource": { "attributes": [name] },
        "scopeSpans": [{ "scope": { "name": "library" }, "spans": spans }],
    }]})
    .to_string();
    match json::decode(text.as_bytes(), Signal::Traces).expect("a request") {
        Request::Traces(request) => request,
        other => panic!("{other:?}"),
    }
}

fn shop() -> Store {
    let store = Store::new(Limits::default());
    let client = |id, parent, port: u16| {
        with(
            span(1, id, parent, "SELECT items", 12, 18),
            &[
                ("#kind", json!(3)),
                ("db.system.name", json!("postgresql")),
                ("server.address", json!("localhost")),
                ("server.port", json!(port)),
            ],
        )
    };
    let call = with(span(1, 2, 1, "GET /items", 5, 25), &[("#kind", json!(3))]);
    let root = with(
        span(1, 1, 0, "GET /cart", 0, 30),
        &[
            ("http.route", json!("/cart")),
            ("http.response.status_code", json!(200)),
        ],
    );
    let failed = with(
        span(2, 1, 0, "GET /pay", 100, 400),
        &[
            ("#status", json!({ "code": 2, "message": "card refused" })),
            ("user.id", json!(42)),
            (
                "#events",
                json!([{ "name": "exception", "timeUnixNano": "1700000000200000000",
                "attributes": [{ "key": "exception.type", "value": { "stringValue": "CardError" } }] }]),
            ),
        ],
    );
    store
        .spans
        .push_blocking(request("gateway", &[root, call, failed]))
        .expect("room");
    // The other service sends later, and its part first.
    let answer = span(1, 3, 2, "GET /items", 8, 22);
    store
        .spans
        .push_blocking(request("shop", &[client(4, 3, 5432), answer]))
        .expect("room");
    store
}

#[test]
fn a_trace_of_two_services_is_one_tree() {
    let trace = shop().trace(1);
    let seen: Vec<_> = trace
        .spans
        .iter()
        .map(|s| {
            (
                s.service.as_str(),
                s.name.as_str(),
                s.depth,
                s.start_ns / 1_000_000,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("gateway", "GET /cart", 0, 0),
            ("gateway", "GET /items", 1, 5),
            ("shop", "GET /items", 2, 8),
            ("shop", "SELECT items", 3, 12),
        ]
    );
    assert_eq!(trace.duration_ns, 30_000_000);
    assert_eq!(trace.start, Timestamp(1_700_000_000_000));
    assert!(trace.spans.iter().all(|span| span.critical));
    assert_eq!(trace.spans[0].self_ns, 10_000_000);
    assert_eq!(
        trace.spans[0].attributes[0],
        ("http.route".to_owned(), json!("/cart"))
    );
    assert_eq!(trace.spans[3].kind, SpanKind::Client);
    assert!(trace.findings.is_empty(), "{:?}", trace.findings);
}

#[test]
fn a_summary_names_root_route_and_who_took_part() {
    let page = shop().list(TraceQuery {
        limit: 10,
        ..TraceQuery::default()
    });
    assert_eq!((page.matched, page.errors, page.complete), (2, 1, true));
    let newest = &page.traces[0];
    assert_eq!((newest.name.as_str(), newest.errors), ("GET /pay", 1));
    let cart = &page.traces[1];
    assert_eq!(cart.route.as_deref(), Some("/cart"));
    assert_eq!(cart.status_code, Some(200));
    assert_eq!((cart.spans, cart.root_missing), (4, false));
    let services: Vec<_> = cart
        .services
        .iter()
        .map(|s| (s.service.as_str(), s.spans))
        .collect();
    assert_eq!(services, [("gateway", 2), ("shop", 2)]);
    assert_eq!(page.percentiles.max_ns, 300_000_000);
    assert_eq!(page.scatter.len(), 2);
}

#[test]
fn traces_are_found_by_what_their_spans_say() {
    let store = shop();
    for (text, found) in [
        ("", &[1, 2][..]),
        ("cart", &[1]),
        ("SELECT", &[1]),
        ("status=error", &[2]),
        ("-status=error", &[1]),
        ("refused", &[2]),
        ("CardError", &[2]),
        ("user.id=42", &[2]),
        ("user.id>42", &[]),
        ("route=/cart", &[1]),
        ("kind=client", &[1]),
        ("service=shop", &[1]),
        ("service=shop kind=client db.system.name=postgresql", &[1]),
        ("service=gateway db.system.name=postgresql", &[]),
        ("duration>=100ms", &[2]),
        ("http.response.status_code>=200", &[1]),
        ("service.name=gateway", &[1, 2]),
        ("name=\"GET /pay\"", &[2]),
        ("/GET .(pay|cart)/", &[1, 2]),
    ] {
        assert_eq!(store.found(text), found, "{text}");
    }
    let of_shop = store.list(TraceQuery {
        services: vec!["shop".to_owned()],
        limit: 9,
        ..TraceQuery::default()
    });
    assert_eq!(of_shop.matched, 1);
    let fast = store.list(TraceQuery {
        max_ns: Some(50_000_000),
        limit: 9,
        ..TraceQuery::default()
    });
    assert_eq!(fast.traces[0].name, "GET /cart");
}

#[test]
fn pages_follow_each_other_in_both_orders() {
    let store = Store::new(Limits::default());
    // Several of the same time and length.
    let spans: Vec<Value> = (1..=50)
        .map(|id| span(id, 1, 0, "x", u64::from(id / 3), u64::from(id / 3 + id % 2)))
        .collect();
    store
        .spans
        .push_blocking(request("a", &spans))
        .expect("room");
    for order in [TraceOrder::Newest, TraceOrder::Slowest] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = store.list(TraceQuery {
                order,
                limit: 7,
                before,
                ..TraceQuery::default()
            });
            seen.extend(page.traces.into_iter().map(|trace| trace.trace_id));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 50, "{order:?}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 50, "{order:?}: none twice");
    }
}

#[test]
fn the_map_shows_real_calls_beside_declared_ones() {
    let declared = Declared {
        services: ["gateway", "shop", "db", "idle"].map(str::to_owned).into(),
        edges: [("gateway", "shop"), ("gateway", "idle")]
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .into(),
        addresses: [(("localhost".to_owned(), 5432), "db".to_owned())].into(),
    };
    let map = shop()
        .spans
        .map(None, None, None, &declared)
        .expect("a map");
    let edges: Vec<_> = map
        .edges
        .iter()
        .map(|e| {
            (
                e.from.as_str(),
                e.to.as_str(),
                e.calls,
                e.declared,
                e.observed,
            )
        })
        .collect();
    assert_eq!(
        edges,
        [
            ("gateway", "idle", 0, true, false),
            ("gateway", "shop", 1, true, true),
            ("shop", "db", 1, false, true),
        ]
    );
    let db = map
        .nodes
        .iter()
        .find(|node| node.service == "db")
        .expect("a node");
    assert_eq!(
        (db.kind, db.declared, db.spans),
        (NodeKind::Database, true, 1)
    );
}

#[test]
fn sent_twice_is_kept_once_and_another_of_the_same_id_is_told() {
    let store = Store::new(Limits::default());
    let first = span(1, 1, 0, "a", 0, 10);
    // Only what is new is handed on to be counted, also beside what is not.
    let second = span(1, 2, 1, "a", 2, 3);
    for (sent, new) in [(1, 1), (1, 0), (2, 1), (2, 0)] {
        let all = [first.clone(), second.clone()];
        let answer = store.spans.push_blocking(request("a", &all[..sent]));
        assert_eq!(incoming::count(&answer.expect("room")), new);
    }
    let trace = store.trace(1);
    assert_eq!((trace.spans.len(), trace.spans[0].duplicate), (2, 0));
    assert!(trace.findings.is_empty());
    let other = span(1, 1, 0, "b", 5, 20);
    store
        .spans
        .push_blocking(request("a", &[other]))
        .expect("room");
    let trace = store.trace(1);
    assert_eq!(
        (trace.spans[0].name.as_str(), trace.spans[0].duplicate),
        ("a", 1)
    );
    assert_eq!(trace.findings[0].kind, FindingKind::Duplicate);
    let page = store.list(TraceQuery {
        limit: 1,
        ..TraceQuery::default()
    });
    assert_eq!(page.traces[0].spans, 2);
}

#[test]
fn orphans_are_shown_and_find_their_parent_when_it_comes() {
    let store = Store::new(Limits::default());
    store
        .spans
        .push_blocking(request("a", &[span(1, 2, 1, "child", 5, 9)]))
        .expect("room");
    let trace = store.trace(1);
    assert!(trace.spans[0].orphan);
    let kinds: Vec<_> = trace.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Orphan, FindingKind::NoRoot]);
    let page = store.list(TraceQuery {
        limit: 1,
        ..TraceQuery::default()
    });
    assert!(page.traces[0].root_missing);
    assert_eq!(page.traces[0].name, "child");
    store
        .spans
        .push_blocking(request("a", &[span(1, 1, 0, "root", 0, 10)]))
        .expect("room");
    let trace = store.trace(1);
    assert_eq!((trace.spans[1].orphan, trace.spans[1].depth), (false, 1));
    let page = store.list(TraceQuery {
        limit: 1,
        ..TraceQuery::default()
    });
    assert_eq!(
        (page.traces[0].name.as_str(), page.traces[0].root_missing),
        ("root", false)
    );
}

#[test]
fn everything_of_a_span_survives_and_is_exported_as_it_came() {
    let store = Store::new(Limits::default());
    let long = "long ".repeat(100);
    let full = json!({
        "traceId": trace_id(1), "spanId": "00000000000000aa", "parentSpanId": "00000000000000bb",
        "traceState": "a=b", "flags": 257, "name": "full", "kind": 5,
        "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "1700000000000000009",
        "attributes": [
            { "key": "long", "value": { "stringValue": long } },
            { "key": "short", "value": { "stringValue": "s" } },
            { "key": "nan", "value": { "doubleValue": "NaN" } },
            { "key": "double", "value": { "doubleValue": 3.0 } },
            { "key": "big", "value": { "intValue": "9223372036854775807" } },
            { "key": "bytes", "value": { "bytesValue": "AQI=" } },
            { "key": "list", "value": { "arrayValue": { "values": [{ "boolValue": true }, {}] } } },
            { "key": "none" },
        ],
        "droppedAttributesCount": 1, "droppedEventsCount": 2, "droppedLinksCount": 3,
        "events": [{ "name": "e", "timeUnixNano": "1700000000000000005", "attributes": [{ "key": "k", "value": { "intValue": 1 } }] }],
        "links": [{ "traceId": trace_id(9), "spanId": "00000000000000cc" }],
        "status": { "code": 2, "message": "no" },
    });
    let sent = request("a", &[full]);
    store.spans.push_blocking(sent.clone()).expect("room");
    let mut exported = Vec::new();
    let count = store.spans.export(None, &mut |request| {
        exported.push(request);
        Ok(())
    });
    assert_eq!(count.expect("an export"), 1);
    // NaN is not equal to itself, so the texts are compared.
    assert_eq!(format!("{:?}", exported[0]), format!("{sent:?}"));
    let trace = store.trace(1);
    let span = &trace.spans[0];
    assert_eq!(
        (span.kind, span.status),
        (SpanKind::Consumer, SpanStatus::Error)
    );
    let value = |key: &str| &span.attributes.iter().find(|(k, _)| k == key).expect(key).1;
    assert_eq!(value("long"), &json!(long));
    assert_eq!(value("nan"), &json!("NaN"));
    assert_eq!(value("big"), &json!("9223372036854775807"));
    assert_eq!(value("bytes"), &json!({ "$bytes": "AQI=" }));
    assert_eq!(value("list"), &json!([true, null]));
    assert_eq!(value("none"), &Value::Null);
    assert_eq!(
        (span.events[0].at_ns, span.links[0].span_id.as_str()),
        (4, "00000000000000cc")
    );
    assert_eq!(
        (
            span.dropped.attributes,
            span.dropped.events,
            span.dropped.links
        ),
        (1, 2, 3)
    );
}

#[test]
fn spans_outlive_the_store() {
    let store = shop();
    let Store { spans, folder } = store;
    drop(spans);
    let again = open(folder.path(), Limits::default());
    assert_eq!(
        again
            .get(Some("run-1"), &trace_id(1))
            .expect("a file")
            .expect("a trace")
            .spans
            .len(),
        4
    );
    assert_eq!(
        again.get(Some("run-2"), &trace_id(1)).expect("no file"),
        None
    );
    assert_eq!(again.get(None, "no id").expect("no question"), None);
}

#[test]
fn the_oldest_traces_make_room_and_are_counted() {
    let store = Store::new(Limits {
        bytes: 20_000,
        ..Limits::default()
    });
    for id in 1..=400 {
        let one = span(id, 1, 0, "x", u64::from(id), u64::from(id) + 1);
        store
            .spans
            .push_blocking(request("a", &[one]))
            .expect("room");
    }
    // Another push waits for what follows the last one.
    store
        .spans
        .push_blocking(request("a", &[span(400, 1, 0, "x", 400, 401)]))
        .expect("room");
    let page = store.list(TraceQuery {
        limit: 1,
        ..TraceQuery::default()
    });
    assert!(page.matched < 350, "{}", page.matched);
    assert_eq!(page.matched + page.spans_dropped, 400);
    assert_eq!(page.traces[0].trace_id, trace_id(400), "the newest stays");
}

#[test]
fn without_a_run_spans_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let book = LogBook::open(folder.path(), None, BookLimits::default()).expect("a book");
    let store = SpanStore::new(Arc::new(book), Limits::default()).expect("a store");
    let refused = store.push_blocking(request("a", &[span(1, 1, 0, "x", 0, 1)]));
    assert_eq!(refused, Err(Refused::NoRun));
    let page = store.list(&TraceQuery::default()).expect("a page");
    assert!(page.complete && page.matched == 0);
}

#[test]
fn a_trace_of_ten_thousand_spans_is_whole_and_in_order() {
    let store = Store::new(Limits::default());
    let spans: Vec<Value> = (1..=10_000_u32)
        .map(|id| {
            let made = span(7, id, id / 10, "work", u64::from(id), 20_000);
            with(made, &[("batch", json!(id % 50)), ("name", json!("x"))])
        })
        .collect();
    store
        .spans
        .push_blocking(request("a", &spans))
        .expect("room");
    let began = std::time::Instant::now();
    let trace = store.trace(7);
    println!("10 000 spans in {:?}, unoptimised", began.elapsed());
    assert_eq!((trace.spans.len(), trace.truncated), (10_000, None));
    let nodes: Vec<tree::Node> = trace
        .spans
        .iter()
        .map(|span| tree::Node {
            id: u64::from_str_radix(&span.id, 16).expect("an id"),
            parent: span
                .parent
                .as_ref()
                .map(|id| u64::from_str_radix(id, 16).expect("an id")),
            start: span.start_ns,
            end: span.start_ns + span.duration_ns.cast_signed(),
        })
        .collect();
    assert!(
        tree::shape(&nodes).order.is_sorted(),
        "sent in the order of display"
    );
}
