//! The receiver, as senders meet it: over real sockets, right and wrong.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Limits as BookLimits, LogBook};
use benchtop_telemetry::otlp::decode::{Request, Signal};
use benchtop_telemetry::otlp::intake::Sinks;
use benchtop_telemetry::otlp::json;
use benchtop_telemetry::otlp::logs::BookSink;
use benchtop_telemetry::otlp::metrics::{MetricSink, MetricsBusy, MetricsTaken};
use benchtop_telemetry::otlp::receiver::Receiver;
use benchtop_telemetry::query::LogQuery;
use benchtop_telemetry::spans::{Limits, SpanStore};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Keeps requests of metrics as they come.
#[derive(Default)]
struct Points(Mutex<Vec<ExportMetricsServiceRequest>>);

impl MetricSink for Points {
    fn points(&self, request: ExportMetricsServiceRequest) -> Result<MetricsTaken, MetricsBusy> {
        self.0.lock().expect("a lock").push(request);
        Ok(MetricsTaken {
            accepted: 1,
            ..MetricsTaken::default()
        })
    }
}

struct Bench {
    receiver: Receiver,
    spans: Arc<SpanStore>,
    book: Arc<LogBook>,
    points: Arc<Points>,
    _folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

/// An answer over HTTP/1.1.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        line
    }
}

/// `google.rpc.Status`, as far as it is looked at.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("threads");
        let folder = tempfile::tempdir().expect("a folder");
        let book = LogBook::open(folder.path(), None, BookLimits::default()).expect("a book");
        book.begin_run("run-1", Timestamp(1));
        let book = Arc::new(book);
        let spans = SpanStore::new(Arc::clone(&book), Limits::default()).expect("a store");
        let (spans, points) = (Arc::new(spans), Arc::new(Points::default()));
        let logs = BookSink::new(Arc::clone(&book), Box::new(|_| 7), || {});
        let sinks = Sinks {
            spans: Arc::clone(&spans),
            metrics: Arc::clone(&points) as Arc<dyn MetricSink>,
            logs: Arc::new(logs),
            forward: None,
        };
        let receiver = {
            let _inside = runtime.enter();
            Receiver::start(sinks, None).expect("ports")
        };
        Self {
            receiver,
            spans,
            book,
            points,
            _folder: folder,
            _runtime: runtime,
        }
    }

    /// Sends exactly these bytes and reads until the other side closes.
    fn raw(&self, head: &str, body: &[u8]) -> Answer {
        let port = self.receiver.access().http_port;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let head = format!(
            "{head}connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        // The receiver may have answered before it has read all of it.
        _ = stream.write_all(body);
        let mut bytes = Vec::new();
        _ = stream.read_to_end(&mut bytes);
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status");
        Answer {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn key(&self) -> String {
        format!("x-otlp-api-key: {}\r\n", self.receiver.access().key)
    }

    /// A request that is right but for what `more` says.
    fn post(&self, path: &str, kind: &str, more: &str, body: &[u8]) -> Answer {
        let key = self.key();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n{key}{more}"
        );
        self.raw(&head, body)
    }
}

fn corpus(name: &str) -> Option<Vec<u8>> {
    let path = format!(
        "{}/../../../shared/corpus/otlp/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let alternatives = [path, format!("/work/shared/corpus/otlp/{name}")];
    let found = alternatives
        .iter()
        .find_map(|path| std::fs::read(path).ok());
    if found.is_none() {
        println!("SKIPPED {name}: the corpus is not beside this checkout");
    }
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn trace(id: u8) -> Value {
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{
        "traceId": format!("{id:032x}"), "spanId": "00000000000000ab", "name": "x",
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": 1_700_000_000_500_000_000_u64,
    }]}]}]})
}

fn protobuf(value: &Value) -> Vec<u8> {
    match json::decode(value.to_string().as_bytes(), Signal::Traces).expect("a request") {
        Request::Traces(request) => request.encode_to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_wrong_request_has_its_answer() {
    let bench = Bench::new();
    let (key, good) = (bench.key(), protobuf(&trace(1)));
    let json = trace(1).to_string();
    let head = |method: &str, path: &str, more: &str| format!("{method} {path} HTTP/1.1\r\n{more}");
    let host = "host: localhost:4318\r\n";
    let typed = format!("{host}content-type: {PROTOBUF}\r\n");
    let large = vec![0; (64 << 20) + 1];
    let cases: Vec<(&str, String, &[u8], u16, i32)> = vec![
        (
            "no type",
            head("POST", "/v1/traces", &format!("{host}{key}")),
            &good,
            415,
            3,
        ),
        (
            "another type",
            head(
                "POST",
                "/v1/traces",
                &format!("{host}{key}content-type: text/plain\r\n"),
            ),
            &good,
            415,
            3,
        ),
        (
            "GET",
            head("GET", "/v1/traces", &format!("{typed}{key}")),
            b"",
            405,
            12,
        ),
        (
            "DELETE",
            head("DELETE", "/v1/logs", &format!("{typed}{key}")),
            b"",
            405,
            12,
        ),
        (
            "another path",
            head("POST", "/v1/profiles", &format!("{typed}{key}")),
            &good,
            404,
            12,
        ),
        ("no key", head("POST", "/v1/traces", &typed), &good, 401, 16),
        (
            "another key",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}x-otlp-api-key: no\r\n"),
            ),
            &good,
            401,
            16,
        ),
        (
            "no protobuf",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            b"hello",
            400,
            3,
        ),
        (
            "JSON as protobuf",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            json.as_bytes(),
            400,
            3,
        ),
        (
            "unknown encoding",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}content-encoding: br\r\n"),
            ),
            &good,
            415,
            3,
        ),
        (
            "no gzip",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}content-encoding: gzip\r\n"),
            ),
            &good,
            400,
            3,
        ),
        (
            "too large",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            &large,
            413,
            8,
        ),
        (
            "foreign host",
            head(
                "POST",
                "/v1/traces",
                &format!("host: evil.example\r\ncontent-type: {PROTOBUF}\r\n{key}"),
            ),
            &good,
            403,
            7,
        ),
        (
            "foreign page",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}origin: https://evil.example\r\n"),
            ),
            &good,
            403,
            7,
        ),
    ];
    for (what, head, body, status, code) in cases {
        let answer = bench.raw(&head, body);
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some(PROTOBUF), "{what}");
        let said = Status::decode(&answer.body[..]).expect("a status");
        assert_eq!(said.code, code, "{what}");
        assert!(!said.message.is_empty(), "{what}");
    }
    for wrong in [
        "{",
        "[]",
        "{\"resourceSpans\":{}}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"SPAN_KIND_SERVER\"}]}]}]}",
    ] {
        let answer = bench.post("/v1/traces", JSON, "", wrong.as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, Some(JSON)),
            "{wrong}"
        );
        let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert!(
            said["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{said}"
        );
    }
    assert_eq!(
        bench.receiver.status().received.spans,
        0,
        "nothing of it was taken"
    );
}

#[test]
fn the_place_of_a_fault_is_named() {
    let wrong =
        json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{ "kind": "SERVER" }] }] }] });
    let error = json::decode(wrong.to_string().as_bytes(), Signal::Traces).expect_err("a fault");
    assert!(
        error.starts_with("resourceSpans[0].scopeSpans[0].spans[0].kind must be"),
        "{error}"
    );
}

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
fn bombs_are_refused_while_others_are_served() {
    let bench = Bench::new();
    let bomb = gzip(&vec![0; 200 << 20]);
    // 64 KB that would become 33 million spans.
    let spans = [0x12, 0x00].repeat(30 << 20);
    let wrap = |inner: Vec<u8>, tag: u8| {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        outer.extend(inner);
        outer
    };
    let many = gzip(&wrap(wrap(spans, 0x12), 0x0a));
    let before = resident();
    std::thread::scope(|scope| {
        let senders: Vec<_> = [&bomb, &many, &bomb, &many, &bomb, &many]
            .into_iter()
            .map(|body| {
                scope.spawn(|| {
                    bench
                        .post("/v1/traces", PROTOBUF, "content-encoding: gzip\r\n", body)
                        .status
                })
            })
            .collect();
        for id in 1..=20 {
            let answer = bench.post("/v1/traces", JSON, "", trace(id).to_string().as_bytes());
            assert_eq!(answer.status, 200, "a small sender is served meanwhile");
        }
        for sender in senders {
            let status = sender.join().expect("an answer");
            // Those that found no memory may come again.
            assert!(matches!(status, 413 | 503), "{status}");
        }
    });
    let grown = resident().saturating_sub(before);
    println!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 400 << 20, "{} MiB", grown >> 20);
    assert_eq!(bench.receiver.status().received.spans, 20);
}

/// The most memory of this process so far, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kib.unwrap_or(0) << 10
}

/// A call of gRPC: its status, and the message of the answer.
fn call(
    bench: &Bench,
    port: u16,
    path: &str,
    more: &[(&str, &str)],
    frame: Vec<u8>,
) -> (i32, Vec<u8>) {
    let mut request = hyper::Request::post(format!("http://127.0.0.1:{port}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (key, value) in more {
        request = request.header(*key, *value);
    }
    let request = request
        .body(Full::new(Bytes::from(frame)))
        .expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread");
    runtime.block_on(async {
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        let response = client.request(request).await.expect("an answer");
        assert_eq!(response.status(), 200, "{bench:p}");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body");
        let trailers = body.trailers().cloned().unwrap_or_default();
        let status = trailers
            .get("grpc-status")
            .or(head.headers.get("grpc-status"))
            .expect("a status");
        (
            status.to_str().expect("digits").parse().expect("a number"),
            body.to_bytes().to_vec(),
        )
    })
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend(u32::try_from(message.len()).expect("small").to_be_bytes());
    frame.extend(message);
    frame
}

#[test]
fn calls_of_grpc_have_their_codes_on_both_ports() {
    const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let bench = Bench::new();
    let access = bench.receiver.access().clone();
    let key = ("x-otlp-api-key", access.key.as_str());
    let good = protobuf(&trace(1));
    let gzipped = ("grpc-encoding", "gzip");
    let bomb = frame(1, &gzip(&vec![0; (64 << 20) + 1]));
    for port in [access.grpc_port, access.http_port] {
        for (what, path, more, body, code) in [
            ("plain", EXPORT, &[key][..], frame(0, &good), 0),
            ("gzip", EXPORT, &[key, gzipped], frame(1, &gzip(&good)), 0),
            ("empty", EXPORT, &[key], frame(0, b""), 0),
            ("no key", EXPORT, &[], frame(0, &good), 16),
            ("another method", "/x.Y/Z", &[key], frame(0, &good), 12),
            ("no message", EXPORT, &[key], Vec::new(), 3),
            ("no protobuf", EXPORT, &[key], frame(0, b"hello"), 3),
            (
                "another encoding",
                EXPORT,
                &[key, ("grpc-encoding", "br")],
                frame(1, &good),
                12,
            ),
            ("a bomb", EXPORT, &[key, gzipped], bomb.clone(), 8),
        ] {
            assert_eq!(
                call(&bench, port, path, more, body).0,
                code,
                "{what} at {port}"
            );
        }
    }
    let (_, answer) = call(&bench, access.grpc_port, EXPORT, &[key], frame(0, &good));
    let said = ExportTraceServiceResponse::decode(&answer[5..]).expect("a response");
    assert_eq!(said.partial_success, None);
    assert!(
        bench
            .spans
            .get(None, &format!("{:032x}", 1))
            .expect("a file")
            .is_some()
    );
}

#[test]
fn both_families_are_listened_on() {
    let bench = Bench::new();
    let addresses: Vec<String> = bench
        .receiver
        .status()
        .endpoints
        .into_iter()
        .map(|e| e.address)
        .collect();
    for port in [
        bench.receiver.access().grpc_port,
        bench.receiver.access().http_port,
    ] {
        assert!(
            addresses.contains(&format!("127.0.0.1:{port}")),
            "{addresses:?}"
        );
    }
    let shown = bench.receiver.status().key.expect("a key");
    assert!(
        !shown.contains(&bench.receiver.access().key),
        "only its begin is shown"
    );
}
