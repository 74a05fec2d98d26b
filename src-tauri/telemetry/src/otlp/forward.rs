//! Sends a copy of everything on to another backend.

use super::decode::Request;
use super::destination::Destination;
use super::status::ForwardStatus;
use prost::Message as _;
use prost::bytes::Bytes;
use reqwest::{Client, Response, header, redirect};
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// Bytes of an answer that are read, so that its connection can be used again.
const MOST_ANSWER: usize = 64 << 10;

/// Sends on to one address. It ends when it is dropped.
#[derive(Debug)]
pub struct Forwarder {
    destination: Destination,
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
    /// Why the last request was not taken; absent where it was.
    problem: Mutex<Option<String>>,
}

impl Counts {
    fn say(&self, problem: Option<String>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
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
    /// To this backend of OTLP/HTTP. Must be called inside of a runtime.
    ///
    /// # Errors
    /// One sentence, where no TLS can be spoken.
    pub fn start(destination: Destination) -> Result<Self, String> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let counts = Arc::<Counts>::default();
        let sender = Sender {
            client: client(&destination)?,
            destination: destination.clone(),
            counts: Arc::clone(&counts),
        };
        let task = tokio::spawn(sender.run(waiting));
        Ok(Self {
            destination,
            queue,
            counts,
            task,
        })
    }

    /// Where to, and what came of it.
    #[must_use]
    pub fn status(&self) -> ForwardStatus {
        let problem = self.counts.problem.lock();
        let problem = problem.unwrap_or_else(PoisonError::into_inner).clone();
        ForwardStatus {
            address: self.destination.address().to_owned(),
            headers: self.destination.header_names(),
            sent: self.counts.sent.load(Ordering::Relaxed),
            dropped: self.counts.dropped.load(Ordering::Relaxed),
            waiting: (WAITING - self.queue.capacity().min(WAITING)) as u64,
            failing: problem.is_some(),
            problem,
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

/// Without proxy, as everything that concerns this machine; without redirects, so that
/// headers go nowhere else.
fn client(destination: &Destination) -> Result<Client, String> {
    // A second installation is refused, and that is fine.
    _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(LIMIT)
        .default_headers(destination.headers().clone())
        .user_agent(concat!("benchtop/", env!("CARGO_PKG_VERSION")))
        // Without TLS nothing is verified; then a machine without authorities will do.
        .tls_danger_accept_invalid_certs(!destination.is_secure())
        .build()
        .map_err(|error| format!("no TLS can be spoken: {}", reason(&error)))
}

struct Sender {
    client: Client,
    destination: Destination,
    counts: Arc<Counts>,
}

/// What became of one request.
enum Outcome {
    Taken,
    /// It may be taken another time.
    Later(String),
    Refused(String),
}

impl Sender {
    async fn run(self, mut waiting: mpsc::Receiver<Copied>) {
        while let Some(Copied { path, body }) = waiting.recv().await {
            let size = body.len();
            let taken = self.deliver(path, body).await;
            let count = if taken {
                &self.counts.sent
            } else {
                &self.counts.dropped
            };
            count.fetch_add(1, Ordering::Relaxed);
            self.counts.bytes.fetch_sub(size, Ordering::Relaxed);
        }
    }

    /// Whether the backend took it.
    async fn deliver(&self, path: &str, body: Bytes) -> bool {
        let url = format!("{}{path}", self.destination.address());
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1 << (attempt - 1))).await;
            }
            match self.post(&url, body.clone()).await {
                Outcome::Taken => {
                    self.counts.say(None);
                    return true;
                }
                Outcome::Later(problem) => self.counts.say(Some(problem)),
                Outcome::Refused(problem) => {
                    self.counts.say(Some(problem));
                    return false;
                }
            }
        }
        false
    }

    async fn post(&self, url: &str, body: Bytes) -> Outcome {
        let request = self.client.post(url).body(body);
        let request = request.header(header::CONTENT_TYPE, "application/x-protobuf");
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Later(format!("it is not reached: {}", reason(&error))),
        };
        let status = response.status();
        drain(response).await;
        match status.as_u16() {
            200..=299 => Outcome::Taken,
            code @ (401 | 403) => {
                Outcome::Refused(format!("it answers {code}; check the headers for it"))
            }
            // These may be other next time.
            code @ (429 | 502 | 503 | 504) => Outcome::Later(format!("it answers {code}")),
            code => Outcome::Refused(format!("it answers {code}; is it a backend of OTLP/HTTP?")),
        }
    }
}

async fn drain(mut response: Response) {
    let mut read = 0;
    while read < MOST_ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read += chunk.len();
    }
}

/// The innermost cause, which says most.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", LIMIT.as_secs());
    }
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}
