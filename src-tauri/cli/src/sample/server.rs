//! What a sample service answers.

use super::trace::{Context, Span, Tracer};
use super::work;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

/// How long a dependency may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Time that a service takes to "warm up" before its startup probe passes.
const WARM_UP: Duration = Duration::from_millis(600);

/// What the fault `slow` adds to each answer.
const SLOW: Duration = Duration::from_millis(400);

/// One sample service.
pub(crate) struct Service {
    pub(crate) role: String,
    pub(crate) requests: AtomicU64,
    started: Instant,
    fault: RwLock<String>,
    /// Name and address of everything that it refers to.
    pub(crate) references: BTreeMap<String, String>,
    pub(crate) http: reqwest::Client,
    pub(super) tracer: Tracer,
}

impl Service {
    /// Refers to every service whose address was injected.
    pub(crate) fn new(role: &str) -> Self {
        let references = std::env::vars().filter_map(|(key, url)| {
            let name = key
                .strip_prefix("services__")?
                .strip_suffix("__http__0")?
                .to_owned();
            Some((name, url))
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            // A machine without certificates is one, too.
            .tls_certs_only([])
            .timeout(PATIENCE)
            .build()
            .unwrap_or_default();
        Self {
            role: role.to_owned(),
            requests: AtomicU64::new(0),
            started: Instant::now(),
            fault: RwLock::default(),
            references: references.collect(),
            http,
            tracer: Tracer::of_environment(role),
        }
    }

    pub(crate) fn fault(&self) -> String {
        self.fault
            .read()
            .map(|fault| fault.clone())
            .unwrap_or_default()
    }

    /// Whether each reference answers that it is there.
    async fn check_references(&self) -> BTreeMap<String, bool> {
        let mut found = BTreeMap::new();
        for (name, url) in &self.references {
            let answer = self.http.get(format!("{url}/health/live")).send().await;
            found.insert(
                name.clone(),
                answer.is_ok_and(|response| response.status().is_success()),
            );
        }
        found
    }
}

type Shared = State<Arc<Service>>;

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/health", get(ready))
        .route("/health/ready", get(ready))
        .route("/health/live", get(live))
        .route("/health/startup", get(startup))
        .route("/metrics", get(metrics))
        .route("/fault/{kind}", post(set_fault))
        .with_state(service)
}

/// Asks everything that the service refers to, so that a request goes through all of them:
/// with less patience than the one who asks, so that who hangs is who is blamed.
async fn index(State(service): Shared, headers: HeaderMap) -> Json<Value> {
    let start = SystemTime::now();
    hang_if_asked(&service).await;
    if service.fault() == "slow" {
        tokio::time::sleep(SLOW).await;
    }
    let number = service.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let caller = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let parent = caller.and_then(Context::read);
    let context = parent.map_or_else(Context::root, Context::child);
    work::log(
        "debug",
        &format!("request {number} trace_id={}", context.trace_id()),
    );
    let failed = work::call_references(&service, context, PATIENCE / 2).await;
    service.tracer.end(Span {
        context,
        parent,
        name: "GET /".to_owned(),
        kind: 2,
        start,
        error: (failed > 0).then(|| format!("{failed} references did not answer")),
        attributes: vec![
            ("http.request.method", json!("GET")),
            ("http.route", json!("/")),
            ("http.response.status_code", json!(200)),
        ],
    });
    Json(
        json!({ "service": service.role, "requests": number, "uptime_ms": service.started.elapsed().as_millis() as u64 }),
    )
}

/// What it tells Prometheus.
async fn metrics(State(service): Shared) -> String {
    hang_if_asked(&service).await;
    format!(
        "# HELP sample_requests_total Requests answered since the start.\n\
         # TYPE sample_requests_total counter\n\
         sample_requests_total {}\n\
         # HELP sample_uptime_seconds Time since the start.\n\
         # TYPE sample_uptime_seconds gauge\n\
         sample_uptime_seconds {}\n",
        service.requests.load(Ordering::Relaxed),
        service.started.elapsed().as_secs_f64(),
    )
}

async fn live(State(service): Shared) -> Response {
    hang_if_asked(&service).await;
    report("Healthy", json!({}))
}

async fn startup(State(service): Shared) -> Response {
    let warm = service.started.elapsed() >= WARM_UP;
    report(
        if warm { "Healthy" } else { "Unhealthy" },
        json!({ "warm-up": { "status": if warm { "Healthy" } else { "Unhealthy" } } }),
    )
}

async fn ready(State(service): Shared) -> Response {
    hang_if_asked(&service).await;
    let references = service.check_references().await;
    let mut status = match service.fault().as_str() {
        "unready" => "Unhealthy",
        "degraded" => "Degraded",
        _ => "Healthy",
    };
    let mut entries = serde_json::Map::new();
    for (name, answers) in references {
        let entry = if answers { "Healthy" } else { "Unhealthy" };
        if !answers {
            status = "Unhealthy";
        }
        entries.insert(name, json!({ "status": entry }));
    }
    if !service.fault().is_empty() {
        entries.insert(
            "fault".to_owned(),
            json!({ "status": status, "description": service.fault() }),
        );
    }
    report(status, Value::Object(entries))
}

async fn set_fault(State(service): Shared, Path(kind): Path<String>) -> StatusCode {
    work::log("warn", &format!("fault on demand: {kind}"));
    match kind.as_str() {
        "crash" => {
            work::log("fatal", "crashing, as asked");
            // The answer gets a moment to leave.
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                std::process::abort();
            });
        }
        "none" | "hang" | "slow" | "unready" | "degraded" => {
            if let Ok(mut fault) = service.fault.write() {
                *fault = if kind == "none" { String::new() } else { kind };
            }
        }
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

async fn hang_if_asked(service: &Service) {
    while service.fault() == "hang" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// In the form of ASP.NET's health report.
fn report(status: &str, entries: Value) -> Response {
    let code = if status == "Unhealthy" {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (
        code,
        Json(json!({ "status": status, "totalDuration": "00:00:00.0010000", "entries": entries })),
    )
        .into_response()
}
