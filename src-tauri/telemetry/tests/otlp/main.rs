//! The receiver, as senders meet it: over real sockets, right and wrong.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod forward;
mod grpc;
mod hostile;
mod many;
mod right;

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Limits as BookLimits, LogBook};
use benchtop_telemetry::metrics::point::Value as Measured;
use benchtop_telemetry::metrics::red::Red;
use benchtop_telemetry::otlp::decode::{Request, Signal};
use benchtop_telemetry::otlp::intake::Sinks;
use benchtop_telemetry::otlp::json;
use benchtop_telemetry::otlp::logs::BookSink;
use benchtop_telemetry::otlp::metrics::{MetricSink, MetricsBusy, MetricsTaken};
use benchtop_telemetry::otlp::receiver::{Connections, Receiver};
use benchtop_telemetry::query::LogQuery;
use benchtop_telemetry::spans::{Limits, SpanStore};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Keeps requests of metrics as they come, and counts spans.
#[derive(Default)]
struct Points(Mutex<Vec<ExportMetricsServiceRequest>>, Red);

impl MetricSink for Points {
    fn points(&self, request: ExportMetricsServiceRequest) -> Result<MetricsTaken, MetricsBusy> {
        self.0.lock().expect("a lock").push(request);
        Ok(MetricsTaken {
            accepted: 1,
            ..MetricsTaken::default()
        })
    }

    fn spans(&self, request: &ExportTraceServiceRequest) {
        self.1.request(request);
    }
}

struct Bench {
    receiver: Receiver,
    spans: Arc<SpanStore>,
    book: Arc<LogBook>,
    points: Arc<Points>,
    _folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
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
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
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
        Self::with(Connections::default())
    }

    fn with(connections: Connections) -> Self {
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
        };
        let receiver = {
            let _inside = runtime.enter();
            Receiver::start_with(sinks, None, connections).expect("ports")
        };
        Self {
            receiver,
            spans,
            book,
            points,
            _folder: folder,
            runtime,
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

/// A file of the official examples; `BENCHTOP_CORPUS` names the folder where they are not
/// beside the checkout.
fn corpus(name: &str) -> Option<Vec<u8>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let folder = std::env::var("BENCHTOP_CORPUS").unwrap_or_else(|_| beside.to_owned());
    let found = std::fs::read(format!("{folder}/otlp/{name}")).ok();
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
