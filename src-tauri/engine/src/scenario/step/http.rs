//! HTTP requests: one, or many at a time, with what they took.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use super::histogram::Histogram;
use benchtop_model::scenario::report::Progress;
use futures_util::StreamExt as _;
use reqwest::{Client, Method};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Most requests of one step: days of load.
const MOST_REQUESTS: u64 = 10_000_000;

/// Most at the same time.
const MOST_AT_ONCE: u64 = 1_000;

/// So much of an answer is looked at; the rest is read and dropped, so that the
/// connection can be used again.
const MOST_BODY: usize = 256 * 1024;

/// More than this is not even read.
const MOST_READ: usize = 64 << 20;

/// Never through a proxy; redirects are answers, not errors.
static CLIENT: LazyLock<Result<Client, String>> = LazyLock::new(|| {
    // A second installation is refused, and that is fine.
    _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_danger_accept_invalid_certs(true)
        .user_agent(concat!("benchtop/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| format!("the HTTP client could not be made: {error}"))
});

/// The client of all steps that speak HTTP.
pub(super) fn client() -> Result<&'static Client, String> {
    CLIENT.as_ref().map_err(Clone::clone)
}

/// What is sent, again and again.
struct Request {
    client: &'static Client,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    status: Option<u16>,
    contains: Option<String>,
}

/// What came of one request.
struct Answer {
    took: Duration,
    status: Option<u16>,
    fault: Option<String>,
}

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let request = Request::of(attempt)?;
    let count = attempt.number("requests", 1, MOST_REQUESTS)?;
    let at_once = attempt.number("concurrency", 1, MOST_AT_ONCE)?.max(1);
    let began = Instant::now();
    let mut tally = Tally::new();
    let mut answers = futures_util::stream::iter(0..count)
        .map(|_| request.send())
        .buffer_unordered(usize::try_from(at_once).unwrap_or(1));
    while let Some(answer) = answers.next().await {
        tally.add(answer);
        attempt.progress(|| Progress {
            done: tally.took.count() as f64,
            total: Some(count as f64),
            rate: Some(tally.took.count() as f64 / began.elapsed().as_secs_f64()),
            what: "requests".to_owned(),
        });
    }
    drop(answers);
    Ok(tally.outcome(&request, attempt, began.elapsed()))
}

impl Request {
    fn of(attempt: &Attempt<'_>) -> Result<Self, String> {
        let url = attempt.required("url")?.to_owned();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(format!(
                "`{url}` is no address: write `http://…` or `{{{{SERVICE.ENDPOINT.url}}}}/…`"
            ));
        }
        let body = attempt.text("body").map(str::to_owned);
        let usual = if body.is_some() { "POST" } else { "GET" };
        let method = attempt.text("method").unwrap_or(usual).to_ascii_uppercase();
        let status = match attempt.text("status") {
            Some(_) => u16::try_from(attempt.number("status", 0, 999)?).ok(),
            None => None,
        };
        Ok(Self {
            client: client()?,
            method: Method::from_bytes(method.as_bytes())
                .map_err(|_| format!("`{method}` is no method"))?,
            url,
            headers: attempt.map("headers").into_iter().collect(),
            body,
            status,
            contains: attempt.text("contains").map(str::to_owned),
        })
    }

    async fn send(&self) -> Answer {
        let began = Instant::now();
        let (status, fault) = match self.exchange().await {
            Ok((status, fault)) => (Some(status), fault),
            Err(fault) => (None, Some(fault)),
        };
        Answer {
            took: began.elapsed(),
            status,
            fault,
        }
    }

    async fn exchange(&self) -> Result<(u16, Option<String>), String> {
        let mut request = self.client.request(self.method.clone(), &self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(|error| say(&error))?;
        let status = response.status().as_u16();
        let (mut kept, mut read) = (Vec::new(), 0);
        while let Some(chunk) = response.chunk().await.map_err(|error| say(&error))? {
            read += chunk.len();
            let room = MOST_BODY.saturating_sub(kept.len());
            kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if read > MOST_READ {
                return Err(format!("the answer has more than {} MB", MOST_READ >> 20));
            }
        }
        Ok((status, self.judge(status, &String::from_utf8_lossy(&kept))))
    }

    /// Why the answer is not the wanted one.
    fn judge(&self, status: u16, body: &str) -> Option<String> {
        let expected = self
            .status
            .map_or((200..400).contains(&status), |wanted| wanted == status);
        if !expected {
            let first = body.lines().next().unwrap_or_default();
            let first: String = first.chars().take(200).collect();
            return Some(
                format!("status {status}: {first}")
                    .trim_end_matches([':', ' '])
                    .to_owned(),
            );
        }
        let text = self.contains.as_deref()?;
        (!body.contains(text)).then(|| format!("the answer does not contain `{text}`"))
    }
}

/// The innermost cause: the outer ones only repeat the address.
pub(super) fn say(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

struct Tally {
    took: Histogram,
    errors: u64,
    fault: Option<String>,
    status: Option<u16>,
}

impl Tally {
    fn new() -> Self {
        Self {
            took: Histogram::new(),
            errors: 0,
            fault: None,
            status: None,
        }
    }

    fn add(&mut self, answer: Answer) {
        self.took.add(answer.took, 1);
        self.errors += u64::from(answer.fault.is_some());
        self.status = answer.status.or(self.status);
        if self.fault.is_none() {
            self.fault = answer.fault;
        }
    }

    /// Errors fail the step, unless a criterion of its own speaks of them.
    fn outcome(mut self, request: &Request, attempt: &Attempt<'_>, took: Duration) -> Outcome {
        let count = self.took.count();
        let judged = attempt
            .step
            .pass
            .iter()
            .any(|criterion| criterion.0.contains("errors"));
        let fault = self.fault.take();
        let text = match (&fault, count) {
            (Some(fault), 1) => fault.clone(),
            (Some(fault), _) => format!(
                "{} of {count} requests failed, the first with: {fault}",
                self.errors
            ),
            (None, 1) => format!("status {}", self.status.unwrap_or_default()),
            (None, _) => format!("{count} requests, all as expected"),
        };
        let mut outcome = match fault.is_none() || judged {
            true => Outcome::passed(text),
            false => Outcome::failed(text),
        };
        outcome = outcome.detail("request", format!("{} {}", request.method, request.url));
        if let Some(status) = self.status {
            outcome = outcome.metric("status", status.into());
        }
        outcome
            .metric("requests", count as f64)
            .metric("errors", self.errors as f64)
            .metric("throughput", count as f64 / took.as_secs_f64())
            .metric("mean_ms", self.took.mean())
            .metric("p50_ms", self.took.percentile(0.5))
            .metric("p99_ms", self.took.percentile(0.99))
            .metric("max_ms", self.took.percentile(1.0))
    }
}
