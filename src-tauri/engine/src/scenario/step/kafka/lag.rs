//! `kafka.lag`: waits until a consumer group has caught up with a topic.

use super::super::super::context::Attempt;
use super::super::super::outcome::Outcome;
use super::{MOST, PAUSE, Trouble, cluster};
use crate::kafka::{Cluster, Error};
use benchtop_model::scenario::report::Progress;
use kafka_protocol::error::ResponseError;
use tokio::time::Instant;

pub(in super::super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let mut cluster = cluster(attempt)?;
    let (topic, group) = (attempt.required("topic")?, attempt.required("group")?);
    let below = attempt.number("below", 0, MOST)?;
    let (began, mut trouble, mut most) = (Instant::now(), Trouble::default(), 0);
    loop {
        match measure(&mut cluster, topic, group).await {
            Ok((lag, has_read)) => {
                trouble.is_over();
                most = lag.max(most);
                attempt.sample("lag", lag as f64);
                if is_near(lag, below) {
                    let waited = began.elapsed().as_millis() as f64;
                    return Ok(Outcome::passed(format!("`{group}` lags by {lag} messages"))
                        .metric("lag", lag as f64)
                        .metric("lag_max", most as f64)
                        .metric("waited_ms", waited));
                }
                tell(attempt, lag, most, has_read);
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => trouble.pause(&error).await?,
        }
    }
}

/// The lag, and whether the group has read anything.
async fn measure(cluster: &mut Cluster, topic: &str, group: &str) -> Result<(u64, bool), Error> {
    let layout = cluster.layout(topic).await?;
    let absent = Error::Refused(ResponseError::UnknownTopicOrPartition);
    let lag = cluster.lag(group, topic, &layout.ok_or(absent)?).await?;
    Ok((lag.messages, !lag.committed.is_empty()))
}

fn is_near(lag: u64, below: u64) -> bool {
    lag == 0 || lag < below
}

fn tell(attempt: &Attempt<'_>, lag: u64, most: u64, has_read: bool) {
    attempt.progress(|| Progress {
        done: most.saturating_sub(lag) as f64,
        total: Some(most as f64),
        rate: None,
        what: match has_read {
            true => format!("messages; the group lags by {lag}"),
            false => format!("messages; the group has committed nothing and lags by {lag}"),
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_means_fewer_and_nothing_is_always_near() {
        assert!(is_near(0, 0) && is_near(9, 10));
        assert!(!is_near(10, 10) && !is_near(1, 0));
    }
}
