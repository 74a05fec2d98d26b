//! What a sample service does by itself: calls its references and logs.

use super::server::{PATIENCE, Service};
use super::trace::{Context, Span};
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Between two pieces of work.
const PAUSE: Duration = Duration::from_millis(1500);

/// Works for ever.
pub(super) async fn run(service: Arc<Service>) {
    for round in 1_u64.. {
        tokio::time::sleep(PAUSE).await;
        work(&service, round).await;
    }
}

async fn work(service: &Service, round: u64) {
    let (context, start) = (Context::root(), SystemTime::now());
    let failed = call_references(service, context, PATIENCE).await;
    if !service.references.is_empty() {
        service.tracer.end(Span {
            context,
            parent: None,
            name: "work".to_owned(),
            kind: 1,
            start,
            error: (failed > 0).then(|| format!("{failed} references did not answer")),
            attributes: vec![("sample.round", json!(round))],
        });
    }
    match round % 10 {
        0 => log("warn", &format!("round {round} took longer than usual")),
        n if n % 3 == 0 => log("info", &format!("round {round} done by {}", service.role)),
        _ => log("debug", &format!("round {round}")),
    }
}

/// Calls everything that the service refers to; answers how many calls failed.
pub(super) async fn call_references(
    service: &Service,
    context: Context,
    patience: Duration,
) -> usize {
    let mut failed = 0;
    for (name, url) in &service.references {
        let (call, start) = (context.child(), SystemTime::now());
        let request = service.http.get(url).timeout(patience);
        let request = request.header("traceparent", call.header());
        let answer = request.send().await;
        let error = match &answer {
            Ok(response) => {
                log("debug", &format!("{name} answered {}", response.status()));
                None
            }
            Err(_) => {
                log("error", &format!("{name} does not answer at {url}"));
                failed += 1;
                Some(format!("{name} does not answer"))
            }
        };
        let address = url
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u16>().ok());
        service.tracer.end(Span {
            context: call,
            parent: Some(context),
            name: "GET".to_owned(),
            kind: 3,
            start,
            error,
            attributes: vec![
                ("http.request.method", json!("GET")),
                ("url.full", json!(url)),
                ("server.address", json!("localhost")),
                ("server.port", json!(address.unwrap_or(80))),
            ],
        });
    }
    failed
}

/// One line on standard output.
pub(super) fn log(level: &str, message: &str) {
    let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    // A reader that has gone must not end the service.
    _ = writeln!(
        std::io::stdout(),
        "{time} {} {message}",
        level.to_uppercase()
    );
}
