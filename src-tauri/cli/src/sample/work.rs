//! What a sample service does by itself: calls its references and logs.

use super::server::Service;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

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
    for (name, url) in &service.references {
        match service.http.get(url).send().await {
            Ok(response) => log("debug", &format!("{name} answered {}", response.status())),
            Err(_) => log("error", &format!("{name} does not answer at {url}")),
        }
    }
    match round % 10 {
        0 => log("warn", &format!("round {round} took longer than usual")),
        n if n % 3 == 0 => log("info", &format!("round {round} done by {}", service.role)),
        _ => log("debug", &format!("round {round}")),
    }
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
