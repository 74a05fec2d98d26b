//! Steps about a Kafka topic: messages into it, how far a group has come, and whether
//! each message is there exactly once.

mod backlog;
mod bucket;
mod id;
mod lag;
mod produce;
mod supply;
mod tally;
mod verify;

pub(super) use lag::perform as lag;
pub(super) use produce::perform as produce;
pub(super) use verify::perform as verify;

use super::super::context::Attempt;
use crate::kafka::{Cluster, Error};
use std::time::Duration;
use tokio::time::Instant;

/// Between two attempts to go on after something went wrong.
const PAUSE: Duration = Duration::from_millis(250);

/// So long nothing may go on because of the brokers: an election takes a few seconds, and
/// a broker that is started anew half a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// Most messages of one step: a bit is kept for each.
const MOST: u64 = 100_000_000;

fn cluster(attempt: &Attempt<'_>) -> Result<Cluster, String> {
    let (_, at) = attempt.service()?;
    Ok(Cluster::new(&at.host, at.port))
}

/// Since when nothing has gone on.
#[derive(Debug, Default)]
struct Trouble(Option<Instant>);

impl Trouble {
    /// Waits a little, or says that it has gone on too long, or will never go.
    async fn pause(&mut self, error: &Error) -> Result<(), String> {
        let since = *self.0.get_or_insert_with(Instant::now);
        if !error.passes() {
            return Err(error.to_string());
        }
        if since.elapsed() > PATIENCE {
            return Err(format!(
                "nothing has gone on for {} s: {error}. Are enough brokers up?",
                PATIENCE.as_secs()
            ));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    fn is_over(&mut self) {
        self.0 = None;
    }
}
