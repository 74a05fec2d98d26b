//! One file for each kind of step.

mod amqp;
mod check;
mod command;
pub(super) mod flink;
mod histogram;
mod http;
mod kafka;
mod redis;
mod sql;
pub(super) mod temporal;
mod wait;

use super::context::Attempt;
use super::outcome::Outcome;
use benchtop_model::scenario::Kind;

/// Performs one attempt.
pub(super) async fn perform(attempt: &Attempt<'_>) -> Outcome {
    let ended = match attempt.step.kind {
        Kind::Check => check::perform(attempt).await,
        Kind::Run => Box::pin(command::perform(attempt)).await,
        Kind::Http => http::perform(attempt).await,
        Kind::Wait => wait::perform(attempt).await,
        Kind::Sql => sql::perform(attempt).await,
        Kind::Redis => redis::perform(attempt).await,
        Kind::AmqpPublish => amqp::perform(attempt).await,
        Kind::FlinkSql => flink::sql(attempt).await,
        Kind::FlinkJob => flink::job(attempt).await,
        Kind::TemporalWorkflow => temporal::perform(attempt).await,
        Kind::KafkaProduce => Box::pin(kafka::produce(attempt)).await,
        Kind::KafkaLag => Box::pin(kafka::lag(attempt)).await,
        Kind::KafkaVerify => Box::pin(kafka::verify(attempt)).await,
    };
    ended.unwrap_or_else(Outcome::failed)
}
