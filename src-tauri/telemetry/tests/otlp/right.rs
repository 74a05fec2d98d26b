//! What is right is taken, in every form, and comes back as it was sent.

use super::*;

#[test]
fn right_requests_are_taken_in_every_form() {
    let bench = Bench::new();
    let bytes = |id| protobuf(&trace(id));
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).expect("memory");
    for (id, kind, more, body) in [
        (1, PROTOBUF, "", bytes(1)),
        (2, PROTOBUF, "content-encoding: gzip\r\n", gzip(&bytes(2))),
        (3, PROTOBUF, "content-encoding: zstd\r\n", zstd(&bytes(3))),
        (4, JSON, "", trace(4).to_string().into_bytes()),
        (
            5,
            "application/json; charset=utf-8",
            "content-encoding: gzip\r\n",
            gzip(trace(5).to_string().as_bytes()),
        ),
    ] {
        let answer = bench.post("/v1/traces", kind, more, &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        if kind == PROTOBUF {
            let said = ExportTraceServiceResponse::decode(&answer.body[..]).expect("a response");
            assert_eq!(said.partial_success, None, "full success says nothing");
        } else {
            assert_eq!(answer.body, b"{}");
        }
        let found = bench
            .spans
            .get(None, &format!("{id:032x}"))
            .expect("a file")
            .expect("a trace");
        assert_eq!(
            found.duration_ns, 500_000_000,
            "what was acknowledged can be read"
        );
    }
    for (path, body) in [("/v1/traces", ""), ("/v1/logs", ""), ("/v1/metrics", "")] {
        assert_eq!(
            bench.post(path, PROTOBUF, "", body.as_bytes()).status,
            200,
            "an empty request"
        );
    }
    assert_eq!(bench.receiver.status().received.spans, 5);
}

#[test]
fn what_is_invalid_is_counted_and_the_rest_is_taken() {
    let bench = Bench::new();
    let mut sent = trace(1);
    let spans = sent["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array_mut()
        .expect("a list");
    spans.push(json!({ "traceId": "00", "spanId": "00000000000000ab", "name": "wrong" }));
    let answer = bench.post("/v1/traces", JSON, "", sent.to_string().as_bytes());
    let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(answer.status, 200);
    assert_eq!(said["partialSuccess"]["rejectedSpans"], "1");
    let status = bench.receiver.status();
    assert_eq!((status.received.spans, status.rejected.spans), (1, 1));
}

#[test]
fn the_official_examples_come_back_field_by_field() {
    let bench = Bench::new();
    if let Some(body) = corpus("trace.json") {
        assert_eq!(bench.post("/v1/traces", JSON, "", &body).status, 200);
        let trace = bench
            .spans
            .get(None, "5b8efff798038103d269b633813fc60c")
            .expect("a file")
            .expect("a trace");
        let span = &trace.spans[0];
        assert_eq!(span.id, "eee19b7ec3c1b174");
        assert_eq!(span.parent.as_deref(), Some("eee19b7ec3c1b173"));
        assert_eq!(span.name, "I'm a server span");
        assert_eq!(serde_json::to_value(span.kind).expect("JSON"), "server");
        assert_eq!(
            (trace.start, span.duration_ns),
            (Timestamp(1_544_712_660_000), 1_000_000_000)
        );
        assert_eq!(
            span.attributes,
            [("my.span.attr".to_owned(), json!("some value"))]
        );
        assert_eq!(span.scope.as_deref(), Some("my.library"));
        assert_eq!(trace.resources[0].service, "my.service");
        assert!(span.orphan, "its parent is not in the example");
    }
    if let Some(body) = corpus("logs.json") {
        assert_eq!(bench.post("/v1/logs", JSON, "", &body).status, 200);
        let query = LogQuery {
            text: Some("trace_id=5b8efff798038103d269b633813fc60c".to_owned()),
            limit: 10,
            ..LogQuery::default()
        };
        let page = bench.book.query(&query).expect("a query");
        let record = &page.records[0];
        assert_eq!(
            (record.service.as_str(), record.generation),
            ("my.service", 7)
        );
        assert_eq!(record.time, Timestamp(1_544_712_660_300));
        assert_eq!(record.severity.word().to_lowercase(), "info");
        assert_eq!(record.span_id.as_deref(), Some("eee19b7ec3c1b174"));
        assert!(record.body.contains("Example log record"));
        for (key, value) in [
            ("string.attribute", "some string"),
            ("boolean.attribute", "true"),
            ("int.attribute", "10"),
            ("double.attribute", "637.704"),
        ] {
            assert_eq!(
                record.attributes.get(key).map(String::as_str),
                Some(value),
                "{key}"
            );
        }
    }
    if let Some(body) = corpus("metrics.json") {
        assert_eq!(bench.post("/v1/metrics", JSON, "", &body).status, 200);
        let kept = bench.points.0.lock().expect("a lock");
        let metrics = &kept[0].resource_metrics[0].scope_metrics[0].metrics;
        assert!(
            metrics.len() >= 4 && metrics.iter().all(|metric| metric.data.is_some()),
            "{metrics:?}"
        );
    }
}

#[test]
fn json_is_read_generously_and_loses_nothing() {
    let bench = Bench::new();
    let text = r#"{"resourceSpans":[{"resource":null,"scopeSpans":[{"scope":null,"schemaUrl":null,"spans":[{
        "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":null,"traceState":null,
        "name":"x","unknown":{"a":[1]},"kind":null,"startTimeUnixNano":1700000000000000000,"endTimeUnixNano":"1700000000000000001",
        "attributes":[{"key":"nan","value":{"doubleValue":"NaN"}},{"key":"n","value":{"intValue":7}},{"key":"empty","value":null}],
        "events":null,"status":null}]}]}]}"#;
    let answer = bench.post("/v1/traces", JSON, "", text.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let trace = bench
        .spans
        .get(None, "5b8efff798038103d269b633813fc60c")
        .expect("a file")
        .expect("a trace");
    let span = &trace.spans[0];
    assert_eq!((span.parent.as_deref(), span.duration_ns), (None, 1));
    let pairs = [
        ("nan", json!("NaN")),
        ("n", json!(7)),
        ("empty", Value::Null),
    ];
    assert_eq!(
        span.attributes,
        pairs.map(|(key, value)| (key.to_owned(), value))
    );
    let gauge = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":1,"asDouble":"NaN"},{"asInt":"7"}]}}]}]}]}"#;
    assert_eq!(
        bench.post("/v1/metrics", JSON, "", gauge.as_bytes()).status,
        200
    );
    let kept = format!("{:?}", bench.points.0.lock().expect("a lock")[0]);
    assert!(
        kept.contains("AsDouble(NaN)") && kept.contains("AsInt(7)"),
        "{kept}"
    );
}

#[test]
fn a_page_on_this_host_may_send_with_the_key() {
    let bench = Bench::new();
    let head = "OPTIONS /v1/traces HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost:5173\r\naccess-control-request-method: POST\r\n";
    let answer = bench.raw(head, b"");
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (204, Some("http://localhost:5173"))
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .is_some_and(|h| h.contains("x-otlp-api-key"))
    );
    let answer = bench.post(
        "/v1/traces",
        JSON,
        "origin: http://localhost:5173\r\n",
        b"{}",
    );
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("http://localhost:5173"))
    );
}

#[test]
fn spans_that_are_sent_again_are_counted_once_in_rate_errors_and_duration() {
    let bench = Bench::new();
    let span = |id: u32, failed: bool| {
        json!({
            "traceId": format!("{:032x}", 5), "spanId": format!("{id:016x}"), "name": "x",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000500000000",
            "status": { "code": if failed { 2 } else { 0 } },
        })
    };
    let request = |spans: Vec<Value>| {
        json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }).to_string()
    };
    let once = request(vec![span(1, false), span(2, true)]);
    // Who got no answer sends again, also at the same time, and with what came since.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = bench.post("/v1/traces", JSON, "", once.as_bytes());
                assert_eq!(answer.status, 200);
            });
        }
    });
    let more = request(vec![span(1, false), span(2, true), span(3, false)]);
    let answer = bench.post("/v1/traces", JSON, "", more.as_bytes());
    assert_eq!(answer.status, 200);
    let counted: Vec<(String, u64, Option<f64>)> = bench
        .points
        .1
        .take(Timestamp(1))
        .into_iter()
        .map(|sample| {
            let Measured::Histogram(histogram) = sample.point.value else {
                panic!("a histogram");
            };
            let status = sample.series.attributes[1].1.clone();
            (status, histogram.count, histogram.sum)
        })
        .collect();
    let expected = [
        ("error".to_owned(), 1, Some(0.5)),
        ("ok".to_owned(), 2, Some(1.0)),
    ];
    let mut sorted = counted;
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(sorted, expected);
}
