//! OTLP: how fast spans are taken and kept, what that takes of memory, and how soon traces
//! are found among a million spans.
//!
//! Peers are measured in the same run where their program is found, with the same requests:
//! `BENCHTOP_PEER_JAEGER` names Jaeger's all-in-one, `BENCHTOP_PEER_ODV` the
//! otel-desktop-viewer; each keeps what it gets on disk. `BENCHTOP_BENCH_SPANS` sets another number of spans.

use benchtop_api::model::time::Timestamp;
use benchtop_api::telemetry::book::{Limits as BookLimits, LogBook};
use benchtop_api::telemetry::otlp::decode::{Request, Signal};
use benchtop_api::telemetry::otlp::intake::Sinks;
use benchtop_api::telemetry::otlp::json;
use benchtop_api::telemetry::otlp::logs::BookSink;
use benchtop_api::telemetry::otlp::metrics::NoMetrics;
use benchtop_api::telemetry::otlp::receiver::Receiver;
use benchtop_api::telemetry::spans::{Limits, SpanStore};
use benchtop_api::telemetry::trace::{TraceOrder, TraceQuery};
use benchtop_tests::bench::{Budget, Table, timed};
use prost::Message as _;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Spans that are sent.
const SPANS: u64 = 1_000_000;

/// Spans of one request: what SDKs send by default.
const BATCH: u64 = 512;

/// Spans of one trace.
const TRACE: u64 = 16;

/// Senders at the same time.
const SENDERS: u64 = 4;

/// What ours reached, to hold the peers beside it.
#[derive(Clone, Copy)]
struct Own {
    /// Spans per second.
    rate: f64,
    /// MiB above that of the senders.
    memory: f64,
}

/// A program of others that takes the same requests.
struct Peer {
    name: &'static str,
    /// The variable that names its program.
    variable: &'static str,
    /// Its arguments and settings, with `FOLDER` for one of its own.
    arguments: &'static [&'static str],
    settings: &'static [(&'static str, &'static str)],
    /// Whether the budget is counted against it: it keeps spans on disk, as ours does.
    persists: bool,
    /// Questions to it over HTTP: what is asked, the port, the request without its body, the body.
    queries: &'static [(&'static str, u16, &'static str, &'static str)],
}

const JAEGER: &[(&str, u16, &str, &str)] = &[
    (
        "the newest 50 traces of a service",
        16686,
        "GET /api/traces?service=service-1&limit=50&lookback=custom&start=1600000000000000&end=1800000000000000",
        "",
    ),
    (
        "by one value of an attribute",
        16686,
        "GET /api/traces?service=service-1&limit=50&tags=%7B%22user.id%22%3A%2242%22%7D&start=1600000000000000&end=1800000000000000",
        "",
    ),
    (
        "one trace",
        16686,
        "GET /api/traces/00000000000000000000000000000007",
        "",
    ),
];
const ODV: &[(&str, u16, &str, &str)] = &[
    (
        "all traces (it has no limit)",
        8000,
        "POST /rpc",
        r#"{"jsonrpc":"2.0","id":1,"method":"searchTraces","params":["1600000000000000000","1800000000000000000"]}"#,
    ),
    (
        "one trace",
        8000,
        "POST /rpc",
        r#"{"jsonrpc":"2.0","id":1,"method":"searchSpans","params":["00000000000000000000000000000007"]}"#,
    ),
];

/// Jaeger keeps spans in memory or, with Badger, on disk; the viewer in DuckDB.
const PEERS: [Peer; 3] = [
    Peer {
        name: "Jaeger (Badger)",
        variable: "BENCHTOP_PEER_JAEGER",
        arguments: &[],
        settings: &[
            ("SPAN_STORAGE_TYPE", "badger"),
            ("BADGER_EPHEMERAL", "false"),
            ("BADGER_DIRECTORY_KEY", "FOLDER/key"),
            ("BADGER_DIRECTORY_VALUE", "FOLDER/value"),
        ],
        persists: true,
        queries: JAEGER,
    },
    Peer {
        name: "Jaeger (memory)",
        variable: "BENCHTOP_PEER_JAEGER",
        arguments: &[],
        settings: &[("SPAN_STORAGE_TYPE", "memory")],
        persists: false,
        queries: JAEGER,
    },
    Peer {
        name: "otel-desktop-viewer (DuckDB)",
        variable: "BENCHTOP_PEER_ODV",
        arguments: &[
            "--open-browser=false",
            "--db",
            "FOLDER/spans.db",
            "--db-max-size",
            "0",
        ],
        settings: &[],
        persists: true,
        queries: ODV,
    },
];

/// Where the peers take OTLP/HTTP.
const PEER_PORT: u16 = 4318;

fn main() {
    let spans = std::env::var("BENCHTOP_BENCH_SPANS");
    let spans = spans
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SPANS);
    let mut table = Table::new(&format!("OTLP, {spans} spans with ten values each"));
    let own = ours(&mut table, spans);
    for peer in &PEERS {
        match std::env::var(peer.variable) {
            Ok(program) => beside(&mut table, peer, &program, spans, own),
            Err(_) => table.skipped(
                peer.name,
                &format!("{} does not name its program", peer.variable),
            ),
        }
    }
}

/// A request with spans that begin with this number.
fn request(first: u64) -> Vec<u8> {
    let span = |n: u64| -> Value {
        let (trace, place) = (n / TRACE, n % TRACE);
        let start = 1_700_000_000_000_000_000 + trace * 1_000_000 + place * 10_000;
        let text =
            |key: &str, value: String| json!({ "key": key, "value": { "stringValue": value } });
        json!({
            "traceId": format!("{:032x}", trace + 1),
            "spanId": format!("{:016x}", n + 1),
            "parentSpanId": if place == 0 { String::new() } else { format!("{:016x}", trace * TRACE + place / 2 + 1) },
            "name": format!("GET /api/{}", place),
            "kind": 2 + place % 2,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + 1_000 + n.wrapping_mul(7919) % 900_000).to_string(),
            "status": { "code": if n.is_multiple_of(997) { 2 } else { 0 } },
            "attributes": [
                text("http.request.method", "GET".into()), text("http.route", format!("/api/{place}")),
                text("url.scheme", "http".into()), text("server.address", "localhost".into()),
                text("network.protocol.version", "1.1".into()), text("user.id", (n % 1000).to_string()),
                text("user_agent.original", "bench/1.0".into()), text("request.id", format!("{n:016x}")),
                { "key": "http.response.status_code", "value": { "intValue": 200 } },
                { "key": "server.port", "value": { "intValue": 8080 } },
            ],
        })
    };
    let spans: Vec<Value> = (first..first + BATCH).map(span).collect();
    let name = json!({ "key": "service.name", "value": { "stringValue": format!("service-{}", first / BATCH % 8) } });
    let body = json!({ "resourceSpans": [{ "resource": { "attributes": [name] }, "scopeSpans": [{ "spans": spans }] }] });
    match json::decode(body.to_string().as_bytes(), Signal::Traces).expect("a request") {
        Request::Traces(request) => request.encode_to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Sends all requests on some connections; answers spans per second.
fn send(port: u16, key: &str, requests: &[Vec<u8>]) -> f64 {
    let (next, began) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let index =
                    || usize::try_from(next.fetch_add(1, Ordering::Relaxed)).expect("small");
                while let Some(body) = requests.get(index()) {
                    while !post(&mut stream, key, body) {
                        // Told to come back.
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
            });
        }
    });
    (requests.len() as u64 * BATCH) as f64 / began.elapsed().as_secs_f64()
}

/// Whether the request was taken. A server that closes after its answer is connected to anew.
fn post(stream: &mut TcpStream, key: &str, body: &[u8]) -> bool {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\nx-otlp-api-key: {key}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body))
        .expect("sent");
    let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut chunk).expect("an answer");
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length
            .and_then(|digits| digits.trim().parse().ok())
            .unwrap_or(0);
        if rest.len() >= length {
            if head.contains("connection: close") {
                let address = stream.peer_addr().expect("an address");
                *stream = TcpStream::connect(address).expect("a connection");
                stream.set_nodelay(true).expect("a socket");
            }
            return head.starts_with("http/1.1 200");
        }
    }
}

fn ours(table: &mut Table, spans: u64) -> Own {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let folder = tempfile::tempdir().expect("a folder");
    let book = LogBook::open(folder.path(), None, BookLimits::default()).expect("a book");
    book.begin_run("bench", Timestamp(1));
    let book = Arc::new(book);
    let store = Arc::new(SpanStore::new(Arc::clone(&book), Limits::default()).expect("a store"));
    let sinks = Sinks {
        spans: Arc::clone(&store),
        metrics: Arc::new(NoMetrics),
        logs: Arc::new(BookSink::new(book, Box::new(|_| 0), || {})),
    };
    let receiver = {
        let _inside = runtime.enter();
        Receiver::start(sinks, None).expect("ports")
    };
    let requests: Vec<Vec<u8>> = (0..spans / BATCH).map(|n| request(n * BATCH)).collect();
    let before = memory("self");
    let access = receiver.access().clone();
    let rate = send(access.http_port, &access.key, &requests);
    table.figure("Benchtop: taken and on disk", rate, "spans/s");
    let memory = (memory("self") - before).max(0.0);
    table.figure("Benchtop: memory above that of the senders", memory, "MiB");
    let size: u64 = std::fs::read_dir(folder.path())
        .expect("a folder")
        .flatten()
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .sum();
    table.figure(
        "Benchtop: on disk",
        size as f64 / spans as f64,
        "bytes/span",
    );
    let list = |text: Option<&str>, order| TraceQuery {
        text: text.map(str::to_owned),
        order,
        limit: 50,
        ..TraceQuery::default()
    };
    for (name, query) in [
        ("the newest 50 traces", list(None, TraceOrder::Newest)),
        ("the slowest 50 traces", list(None, TraceOrder::Slowest)),
        (
            "by one value of an attribute",
            list(Some("user.id=42"), TraceOrder::Newest),
        ),
        (
            "by a word anywhere",
            list(Some("00000000000f423"), TraceOrder::Newest),
        ),
        ("by status", list(Some("status=error"), TraceOrder::Newest)),
    ] {
        let runs = timed(5, || drop(store.list(&query).expect("a page")));
        table.figure(&format!("query: {name}"), runs[2].as_secs_f64() * 1e3, "ms");
    }
    let runs = timed(5, || {
        drop(
            store
                .get(None, &format!("{:032x}", 7))
                .expect("a file")
                .expect("a trace"),
        )
    });
    table.figure("query: one trace", runs[2].as_secs_f64() * 1e3, "ms");
    Own { rate, memory }
}

fn beside(table: &mut Table, peer: &Peer, program: &str, spans: u64, own: Own) {
    let folder = tempfile::tempdir().expect("a folder");
    let own_folder = folder.path().to_string_lossy();
    let place = |text: &str| text.replace("FOLDER", &own_folder);
    let child = Command::new(program)
        .args(peer.arguments.iter().map(|word| place(word)))
        .envs(peer.settings.iter().map(|(key, value)| (key, place(value))))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the peer starts");
    let running = Running(child);
    let up = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        TcpStream::connect(("127.0.0.1", PEER_PORT)).is_ok()
    });
    if up {
        compare(table, peer, running.0.id(), spans, own);
    } else {
        table.skipped(peer.name, "it does not listen on the port of OTLP/HTTP");
    }
}

/// A peer that ends with its measurement, also when that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn compare(table: &mut Table, peer: &Peer, process: u32, spans: u64, own: Own) {
    let name = peer.name;
    let requests: Vec<Vec<u8>> = (0..spans / BATCH).map(|n| request(n * BATCH)).collect();
    let rate = send(PEER_PORT, "", &requests);
    drop(requests);
    let memory = memory(&process.to_string());
    table.figure(&format!("{name}: taken"), rate, "spans/s");
    table.figure(&format!("{name}: memory"), memory, "MiB");
    for (what, port, head, body) in peer.queries {
        let mut bytes = 0;
        let runs = timed(5, || bytes = ask(*port, head, body));
        table.figure(
            &format!("{name}: {what} ({} KiB)", bytes / 1024),
            runs[2].as_secs_f64() * 1e3,
            "ms",
        );
    }
    let (faster, smaller) = (
        format!("Benchtop / {name}: rate"),
        format!("Benchtop / {name}: memory"),
    );
    if peer.persists {
        table.budgeted(&faster, own.rate / rate, "x", Budget::AtLeast(3.0));
        table.budgeted(&smaller, own.memory / memory, "x", Budget::AtMost(1.0));
    } else {
        table.figure(&faster, own.rate / rate, "x");
        table.figure(&smaller, own.memory / memory, "x");
    }
}

/// Asks once on a connection of its own; answers how many bytes came, zero for a refusal.
fn ask(port: u16, head: &str, body: &str) -> usize {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return 0;
    };
    let request = format!(
        "{head} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    if answer.starts_with(b"HTTP/1.1 200") {
        answer.len()
    } else {
        0
    }
}

/// Memory of a process, in MiB.
fn memory(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
