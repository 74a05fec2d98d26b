//! What steps there are, and what can be written for each.

use crate::plan::{Endpoint, Service};
use crate::product::Product;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub enum Kind {
    /// Asks the probes of services anew, and waits until all say Healthy.
    #[serde(rename = "check")]
    Check,
    /// Runs a program of this host.
    #[serde(rename = "run")]
    Run,
    /// Sends HTTP requests, one or many.
    #[serde(rename = "http")]
    Http,
    /// Lets time pass.
    #[serde(rename = "wait")]
    Wait,
    /// Sends a query to PostgreSQL.
    #[serde(rename = "sql")]
    Sql,
    /// Sends a command to Redis.
    #[serde(rename = "redis")]
    Redis,
    /// Publishes messages to RabbitMQ, each confirmed.
    #[serde(rename = "amqp.publish")]
    AmqpPublish,
    /// Produces messages with correlation ids to a Kafka topic.
    #[serde(rename = "kafka.produce")]
    KafkaProduce,
    /// Waits until a consumer group has caught up.
    #[serde(rename = "kafka.lag")]
    KafkaLag,
    /// Reads a Kafka topic, and counts what is missing and what came twice.
    #[serde(rename = "kafka.verify")]
    KafkaVerify,
    /// Sends statements to Flink's SQL gateway.
    #[serde(rename = "flink.sql")]
    FlinkSql,
    /// Waits for a state of a Flink job, or cancels it.
    #[serde(rename = "flink.job")]
    FlinkJob,
    /// Runs a workflow of Temporal to its end.
    #[serde(rename = "temporal.workflow")]
    TemporalWorkflow,
}

/// The form of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// The name of a service of the file.
    Service,
    /// Names of services.
    Services,
    /// A number from 0 upwards.
    Number,
    /// A length of time.
    Duration,
    /// A command: a line that is split as a shell would, or a list of words.
    Words,
    /// A list of texts, or one text.
    List,
    /// Texts by name.
    Map,
}

/// An option of a kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its key in the file.
    pub name: &'static str,
    /// The form of its value.
    pub shape: Shape,
    /// The step makes no sense without it.
    pub required: bool,
}

const fn may(name: &'static str, shape: Shape) -> OptionSpec {
    OptionSpec {
        name,
        shape,
        required: false,
    }
}

const fn must(name: &'static str, shape: Shape) -> OptionSpec {
    OptionSpec {
        name,
        shape,
        required: true,
    }
}

const CHECK: &[OptionSpec] = &[may("state", Shape::Text), may("services", Shape::Services)];
const RUN: &[OptionSpec] = &[
    must("command", Shape::Words),
    may("working_dir", Shape::Text),
    may("environment", Shape::Map),
];
const HTTP: &[OptionSpec] = &[
    must("url", Shape::Text),
    may("method", Shape::Text),
    may("headers", Shape::Map),
    may("body", Shape::Text),
    may("status", Shape::Number),
    may("contains", Shape::Text),
    may("requests", Shape::Number),
    may("concurrency", Shape::Number),
];
const WAIT: &[OptionSpec] = &[must("for", Shape::Duration)];
const SQL: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("query", Shape::Text),
    may("endpoint", Shape::Text),
    may("user", Shape::Text),
    may("password", Shape::Text),
    may("database", Shape::Text),
];
const REDIS: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("command", Shape::Words),
    may("endpoint", Shape::Text),
    may("user", Shape::Text),
    may("password", Shape::Text),
    may("database", Shape::Text),
];
const AMQP_PUBLISH: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("routing_key", Shape::Text),
    may("exchange", Shape::Text),
    may("body", Shape::Text),
    may("count", Shape::Number),
    may("endpoint", Shape::Text),
    may("user", Shape::Text),
    may("password", Shape::Text),
    may("vhost", Shape::Text),
];
const KAFKA_PRODUCE: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("topic", Shape::Text),
    must("count", Shape::Number),
    may("endpoint", Shape::Text),
    may("partitions", Shape::Number),
    may("replicas", Shape::Number),
    may("size", Shape::Number),
    may("rate", Shape::Number),
    may("burst", Shape::Number),
    may("group", Shape::Text),
    may("lag_threshold", Shape::Duration),
];
const KAFKA_LAG: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("topic", Shape::Text),
    must("group", Shape::Text),
    may("endpoint", Shape::Text),
    may("below", Shape::Number),
];
const KAFKA_VERIFY: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("topic", Shape::Text),
    must("count", Shape::Number),
    may("of", Shape::Text),
    may("endpoint", Shape::Text),
];
const FLINK_SQL: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("statements", Shape::List),
    may("endpoint", Shape::Text),
];
const FLINK_JOB: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("job", Shape::Text),
    may("state", Shape::Text),
    may("endpoint", Shape::Text),
];
const TEMPORAL_WORKFLOW: &[OptionSpec] = &[
    must("service", Shape::Service),
    must("workflow", Shape::Text),
    must("task_queue", Shape::Text),
    may("workflow_id", Shape::Text),
    may("namespace", Shape::Text),
    may("input", Shape::Text),
    may("endpoint", Shape::Text),
];

impl Kind {
    /// All of them, in the order in which a person is told of them.
    pub const ALL: [Self; 13] = [
        Self::Check,
        Self::Run,
        Self::Http,
        Self::Wait,
        Self::Sql,
        Self::Redis,
        Self::AmqpPublish,
        Self::KafkaProduce,
        Self::KafkaLag,
        Self::KafkaVerify,
        Self::FlinkSql,
        Self::FlinkJob,
        Self::TemporalWorkflow,
    ];

    /// The key in the environment file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Run => "run",
            Self::Http => "http",
            Self::Wait => "wait",
            Self::Sql => "sql",
            Self::Redis => "redis",
            Self::AmqpPublish => "amqp.publish",
            Self::KafkaProduce => "kafka.produce",
            Self::KafkaLag => "kafka.lag",
            Self::KafkaVerify => "kafka.verify",
            Self::FlinkSql => "flink.sql",
            Self::FlinkJob => "flink.job",
            Self::TemporalWorkflow => "temporal.workflow",
        }
    }

    /// What can be written for it.
    #[must_use]
    pub fn options(self) -> &'static [OptionSpec] {
        match self {
            Self::Check => CHECK,
            Self::Run => RUN,
            Self::Http => HTTP,
            Self::Wait => WAIT,
            Self::Sql => SQL,
            Self::Redis => REDIS,
            Self::AmqpPublish => AMQP_PUBLISH,
            Self::KafkaProduce => KAFKA_PRODUCE,
            Self::KafkaLag => KAFKA_LAG,
            Self::KafkaVerify => KAFKA_VERIFY,
            Self::FlinkSql => FLINK_SQL,
            Self::FlinkJob => FLINK_JOB,
            Self::TemporalWorkflow => TEMPORAL_WORKFLOW,
        }
    }

    /// The option that is meant where only its value is written: `wait: 5s`.
    #[must_use]
    pub fn short(self) -> Option<&'static OptionSpec> {
        match self {
            Self::Check | Self::Run | Self::Http | Self::Wait => self.options().first(),
            _ => None,
        }
    }

    /// The endpoint of a service that speaks what the step does, where none is named.
    #[must_use]
    pub fn endpoint(self, service: &Service) -> Option<&Endpoint> {
        let product = match self {
            Self::Check | Self::Run | Self::Http | Self::Wait => None,
            Self::Sql => Some(Product::Postgres),
            Self::Redis => Some(Product::Redis),
            Self::AmqpPublish => Some(Product::Amqp),
            Self::KafkaProduce | Self::KafkaLag | Self::KafkaVerify => Some(Product::Kafka),
            Self::FlinkSql | Self::FlinkJob => Some(Product::Flink),
            Self::TemporalWorkflow => Some(Product::Temporal),
        };
        product?.endpoint(&service.endpoints)
    }

    /// How long one attempt may take where the file does not say.
    #[must_use]
    pub fn usual_timeout(self) -> Millis {
        match self {
            Self::Check | Self::Sql | Self::Redis => Millis::from_secs(60),
            Self::Run | Self::Http | Self::AmqpPublish | Self::FlinkSql | Self::FlinkJob => {
                Millis::from_secs(600)
            }
            // What it waits for is written, and bounded by the whole scenario.
            Self::Wait
            | Self::KafkaProduce
            | Self::KafkaLag
            | Self::KafkaVerify
            | Self::TemporalWorkflow => Millis::from_secs(1800),
        }
    }
}
