//! Looks into Kafka, Flink and Temporal, and gives Flink something to do. Each look is a
//! few requests with a limit of time, and its answer has a limit of size.

pub mod flink;
pub mod kafka;
pub mod temporal;

use std::time::Duration;

/// So long a look may take: a system that is busy answers within seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is awaited, but not longer than [`PATIENCE`].
async fn in_time<T>(what: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, what).await {
        Ok(ended) => ended,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
