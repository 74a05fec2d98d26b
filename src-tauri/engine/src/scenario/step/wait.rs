//! Lets time pass.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use benchtop_model::scenario::report::Progress;
use std::time::Duration;
use tokio::time::Instant;

/// Between two notices of how far it is.
const TURN: Duration = Duration::from_millis(250);

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let span = attempt.duration("for")?.ok_or("`for` is missing")?;
    let (began, end) = (Instant::now(), Instant::now() + span.to_duration());
    while Instant::now() < end {
        attempt.progress(|| Progress {
            done: began.elapsed().as_secs_f64(),
            total: Some(span.to_duration().as_secs_f64()),
            rate: None,
            what: "s".to_owned(),
        });
        tokio::time::sleep_until(end.min(Instant::now() + TURN)).await;
    }
    Ok(Outcome::passed(format!("waited {span}")))
}
