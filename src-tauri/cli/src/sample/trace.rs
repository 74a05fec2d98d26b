//! Spans of the sample's services, sent as an instrumented program sends them: to the
//! address and with the key of the usual variables.
//!
//! Written out, in JSON: an SDK would make the program larger for everybody who only wants
//! to see what a trace looks like.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Spans that wait; more are lost.
const WAITING: usize = 256;

/// How long spans are gathered for one request.
const GATHER: Duration = Duration::from_millis(200);

/// Where a span belongs: what goes from caller to called in the header `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Context {
    trace: u128,
    span: u64,
}

impl Context {
    /// A new trace.
    pub(super) fn root() -> Self {
        Self {
            trace: u128::from(number()) << 64 | u128::from(number()),
            span: number(),
        }
    }

    /// A span below this one.
    pub(super) fn child(self) -> Self {
        Self {
            span: number(),
            ..self
        }
    }

    /// As a header's value.
    pub(super) fn header(self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace, self.span)
    }

    /// From a header's value.
    pub(super) fn read(value: &str) -> Option<Self> {
        let mut parts = value.split('-').skip(1);
        let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
        let span = u64::from_str_radix(parts.next()?, 16).ok()?;
        (trace != 0 && span != 0).then_some(Self { trace, span })
    }

    /// The trace, for a line of the log.
    pub(super) fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }
}

/// What one span says.
pub(super) struct Span {
    pub(super) context: Context,
    pub(super) parent: Option<Context>,
    pub(super) name: String,
    /// As the protocol numbers it: 1 internal, 2 server, 3 client.
    pub(super) kind: u8,
    pub(super) start: SystemTime,
    /// Why it failed, where it did.
    pub(super) error: Option<String>,
    pub(super) attributes: Vec<(&'static str, Value)>,
}

/// Sends spans; cheap to clone.
#[derive(Clone)]
pub(super) struct Tracer(Option<mpsc::Sender<Value>>);

impl Tracer {
    /// By the variables that every service is given; without them nothing is sent.
    pub(super) fn of_environment(role: &str) -> Self {
        let Ok(endpoint) = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT") else {
            return Self(None);
        };
        let (sender, waiting) = mpsc::channel(WAITING);
        tokio::spawn(send_all(endpoint, resource(role), waiting));
        Self(Some(sender))
    }

    /// A span has ended now.
    pub(super) fn end(&self, span: Span) {
        let Some(sender) = &self.0 else { return };
        let value = |value: &Value| match value {
            Value::String(text) => json!({ "stringValue": text }),
            other => json!({ "intValue": other.to_string() }),
        };
        let attributes = span.attributes.iter();
        let attributes = attributes.map(|(key, v)| json!({ "key": key, "value": value(v) }));
        let status = match &span.error {
            Some(message) => json!({ "code": 2, "message": message }),
            None => json!({}),
        };
        // Where nobody takes them, the service goes on all the same.
        _ = sender.try_send(json!({
            "traceId": span.context.trace_id(),
            "spanId": format!("{:016x}", span.context.span),
            "parentSpanId": span.parent.map_or(String::new(), |p| format!("{:016x}", p.span)),
            "name": span.name,
            "kind": span.kind,
            "startTimeUnixNano": nanos(span.start),
            "endTimeUnixNano": nanos(SystemTime::now()),
            "attributes": attributes.collect::<Vec<_>>(),
            "status": status,
        }));
    }
}

/// `service.name` and what `OTEL_RESOURCE_ATTRIBUTES` has.
fn resource(role: &str) -> Value {
    let name = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| role.to_owned());
    let more = std::env::var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let pair = |key: &str, text: &str| json!({ "key": key, "value": { "stringValue": text } });
    let mut attributes = vec![pair("service.name", &name)];
    let pairs = more.split(',').filter_map(|one| one.split_once('='));
    attributes.extend(pairs.map(|(key, text)| pair(key, text)));
    json!({ "attributes": attributes })
}

async fn send_all(endpoint: String, resource: Value, mut waiting: mpsc::Receiver<Value>) {
    let http = reqwest::Client::builder()
        .no_proxy()
        // A machine without certificates is one, too.
        .tls_certs_only([])
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap_or_default();
    let headers = std::env::var("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
    while let Some(first) = waiting.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut spans = vec![first];
        while let Ok(next) = waiting.try_recv() {
            spans.push(next);
        }
        let scopes = json!([{ "scope": { "name": "benchtop.sample" }, "spans": spans }]);
        let body = json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": scopes }] });
        let mut request = http.post(format!("{endpoint}/v1/traces")).json(&body);
        for (key, value) in headers.split(',').filter_map(|one| one.split_once('=')) {
            request = request.header(key.trim(), value.trim());
        }
        // They are only a sample.
        _ = request.send().await;
    }
}

fn nanos(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}

/// Never 0, and never the same twice in a process; another in each.
fn number() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    RandomState::new()
        .hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_survives_its_header() {
        let context = Context::root();
        assert_eq!(Context::read(&context.header()), Some(context));
        assert_eq!(context.child().trace, context.trace);
        for wrong in ["", "00-0-0-01", "x", "00-zz-1-01"] {
            assert_eq!(Context::read(wrong), None, "{wrong}");
        }
    }
}
