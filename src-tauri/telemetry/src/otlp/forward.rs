//! Sends a copy of everything on to another backend.

use super::decode::Request;
use super::status::ForwardStatus;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, StatusCode, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use prost::Message as _;
use prost::bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Requests that wait; more are dropped and counted.
const WAITING: usize = 1024;

/// Bytes of them.
const MOST_BYTES: usize = 32 << 20;

/// How often one is sent before it is dropped, with pauses of 1, 2, 4 and 8 s.
const TRIES: u32 = 5;

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends on to one address. It ends when it is dropped.
#[derive(Debug)]
pub struct Forwarder {
    address: String,
    queue: mpsc::Sender<Copied>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
    /// Bytes that wait.
    bytes: AtomicUsize,
    /// Whether the last request was refused, or nobody was there.
    failing: AtomicBool,
}

/// A request as it is sent on.
#[derive(Debug)]
pub(super) struct Copied {
    path: &'static str,
    body: Bytes,
}

impl Copied {
    pub(super) fn new(request: &Request) -> Self {
        let (path, body) = match request {
            Request::Traces(request) => ("/v1/traces", request.encode_to_vec()),
            Request::Metrics(request) => ("/v1/metrics", request.encode_to_vec()),
            Request::Logs(request) => ("/v1/logs", request.encode_to_vec()),
        };
        Self {
            path,
            body: body.into(),
        }
    }
}

impl Forwarder {
    /// To a backend of OTLP/HTTP, such as `http://localhost:14318`. Must be called inside of
    /// a runtime.
    ///
    /// # Errors
    /// One sentence, where the address is none.
    pub fn start(address: &str) -> Result<Self, String> {
        let base = base(address)?;
        let (queue, waiting) = mpsc::channel(WAITING);
        let counts = Arc::<Counts>::default();
        let task = tokio::spawn(run(base.clone(), waiting, Arc::clone(&counts)));
        Ok(Self {
            address: base,
            queue,
            counts,
            task,
        })
    }

    /// Where to, and what came of it.
    #[must_use]
    pub fn status(&self) -> ForwardStatus {
        ForwardStatus {
            address: self.address.clone(),
            sent: self.counts.sent.load(Ordering::Relaxed),
            dropped: self.counts.dropped.load(Ordering::Relaxed),
            waiting: (WAITING - self.queue.capacity().min(WAITING)) as u64,
            failing: self.counts.failing.load(Ordering::Relaxed),
        }
    }

    /// Sends it on, some time.
    pub(super) fn send(&self, copy: Copied) {
        let size = copy.body.len();
        let waiting = self.counts.bytes.fetch_add(size, Ordering::Relaxed);
        // One that is larger than the limit is taken where it is the only one.
        let room = waiting == 0 || waiting + size <= MOST_BYTES;
        if !room || self.queue.try_send(copy).is_err() {
            self.counts.bytes.fetch_sub(size, Ordering::Relaxed);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The address as it is put before paths.
pub(crate) fn base(address: &str) -> Result<String, String> {
    let base = address.trim_end_matches('/').to_owned();
    let uri: hyper::Uri = base.parse().map_err(|_| wrong(address))?;
    if uri.scheme_str() != Some("http") || uri.host().is_none() {
        return Err(wrong(address));
    }
    Ok(base)
}

fn wrong(address: &str) -> String {
    format!("`{address}` is no address of a backend; write http://HOST:PORT")
}

async fn run(base: String, mut waiting: mpsc::Receiver<Copied>, counts: Arc<Counts>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    while let Some(Copied { path, body }) = waiting.recv().await {
        let size = body.len();
        let taken = deliver(&client, &format!("{base}{path}"), body, &counts.failing).await;
        let count = if taken { &counts.sent } else { &counts.dropped };
        count.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_sub(size, Ordering::Relaxed);
        counts.failing.store(!taken, Ordering::Relaxed);
    }
}

/// Whether the backend took it.
async fn deliver(
    client: &Client<HttpConnector, Full<Bytes>>,
    url: &str,
    body: Bytes,
    failing: &AtomicBool,
) -> bool {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_secs(1 << (attempt - 1))).await;
        }
        match post(client, url, body.clone()).await {
            Some(status) if status.is_success() => return true,
            // These, and a backend that is not there, may be other next time.
            Some(status) if !matches!(status.as_u16(), 429 | 502 | 503 | 504) => return false,
            _ => failing.store(true, Ordering::Relaxed),
        }
    }
    false
}

async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    url: &str,
    body: Bytes,
) -> Option<StatusCode> {
    let request = hyper::Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/x-protobuf")
        .body(Full::new(body))
        .ok()?;
    let exchange = async {
        let response = client.request(request).await.ok()?;
        let status = response.status();
        // Read, so that the connection can be used again.
        _ = Limited::new(response.into_body(), 64 << 10).collect().await;
        Some(status)
    };
    tokio::time::timeout(LIMIT, exchange).await.ok()?
}
