//! What is inside of a broker, a stream processor or a workflow server: what the details of
//! such a service show beside its state.

use crate::plan::{Endpoint, Service};
use crate::probe::ProbeKind;
use crate::product::Product;
use crate::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A system whose inside can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// A broker of Kafka.
    Kafka,
    /// A part of Flink.
    Flink,
    /// A server of Temporal.
    Temporal,
}

impl System {
    /// What a service is, by what is in its image, by the scheme of an endpoint, or by how
    /// it is probed.
    #[must_use]
    pub fn of(service: &Service) -> Option<Self> {
        let by_product = match Product::of(service) {
            Some(Product::Kafka) => Some(Self::Kafka),
            Some(Product::Flink) => Some(Self::Flink),
            Some(Product::Temporal) => Some(Self::Temporal),
            _ => None,
        };
        let by_probe = || {
            service
                .probes
                .iter()
                .find_map(|(_, probe)| match &probe.kind {
                    ProbeKind::Kafka { .. } => Some(Self::Kafka),
                    ProbeKind::Flink { .. } => Some(Self::Flink),
                    ProbeKind::Temporal { .. } => Some(Self::Temporal),
                    _ => None,
                })
        };
        by_product.or_else(by_probe)
    }

    /// Where such a service is asked.
    #[must_use]
    pub fn endpoint(self, service: &Service) -> Option<&Endpoint> {
        let probed = service.probes.iter().find_map(|(_, probe)| {
            let own = matches!(
                (self, &probe.kind),
                (Self::Kafka, ProbeKind::Kafka { .. })
                    | (Self::Flink, ProbeKind::Flink { .. })
                    | (Self::Temporal, ProbeKind::Temporal { .. })
            );
            service.endpoint(Some(probe.kind.endpoint().filter(|_| own)?))
        });
        let product = match self {
            Self::Kafka => Product::Kafka,
            Self::Flink => Product::Flink,
            Self::Temporal => Product::Temporal,
        };
        probed.or_else(|| product.endpoint(&service.endpoints))
    }
}

/// A Kafka cluster, as one of its brokers knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaView {
    /// Those that are there.
    pub brokers: Vec<KafkaBroker>,
    /// Number of the one that leads the cluster; absent where none does.
    pub controller: Option<i32>,
    /// By name; those of Kafka itself last.
    pub topics: Vec<KafkaTopic>,
    /// By name.
    pub groups: Vec<KafkaGroup>,
    /// Topics that are left out, because there are too many.
    pub omitted_topics: u32,
    /// Groups that are left out.
    pub omitted_groups: u32,
    /// What could not be learned, one sentence each.
    pub problems: Vec<String>,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaBroker {
    /// Its number.
    pub id: i32,
    /// Where it says that it is reached.
    pub address: String,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaTopic {
    /// Its name.
    pub name: String,
    /// It is Kafka's own.
    pub internal: bool,
    /// By number.
    pub partitions: Vec<KafkaPartition>,
    /// Offsets between begin and end, all partitions together: messages, and in a topic
    /// with transactions their marks. Absent where some partition has no leader.
    #[ts(type = "number | null")]
    pub messages: Option<u64>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaPartition {
    /// Its number.
    pub index: i32,
    /// The broker that leads it.
    pub leader: Option<i32>,
    /// The brokers that keep it.
    pub replicas: Vec<i32>,
    /// Those of them that are in step.
    pub in_sync: Vec<i32>,
    /// Offset of its first message.
    #[ts(type = "number | null")]
    pub begin: Option<i64>,
    /// Offset after its last.
    #[ts(type = "number | null")]
    pub end: Option<i64>,
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaGroup {
    /// Its name.
    pub name: String,
    /// In Kafka's words: `Stable`, `Empty`, `PreparingRebalance`.
    pub state: String,
    /// Who reads at present; absent where the broker does not tell.
    pub members: Option<u32>,
    /// What it reads, by topic.
    pub topics: Vec<KafkaGroupTopic>,
    /// Messages that it has not consumed, all topics together.
    #[ts(type = "number")]
    pub lag: u64,
}

/// How far a group has come with a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KafkaGroupTopic {
    /// The topic.
    pub topic: String,
    /// Messages that it has not consumed.
    #[ts(type = "number")]
    pub lag: u64,
    /// Partitions of which it has read.
    pub partitions: u32,
}

/// Flink, whichever of its parts was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FlinkView {
    /// The service that is the job manager; absent where none answers.
    pub job_manager: Option<String>,
    /// The service that is the SQL gateway; absent where none answers.
    pub gateway: Option<String>,
    /// The version of Flink.
    pub version: Option<String>,
    /// Task managers that are there.
    pub task_managers: u32,
    /// Their slots.
    pub slots: u32,
    /// Those of them that are free.
    pub slots_free: u32,
    /// Those that run first, then the newest first.
    pub jobs: Vec<FlinkJob>,
    /// Jobs that are left out, because there are too many.
    pub omitted_jobs: u32,
}

/// A job of Flink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FlinkJob {
    /// Its number, 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// In Flink's words: `RUNNING`, `RESTARTING`, `FAILED`.
    pub state: String,
    /// When it was begun.
    pub started: Timestamp,
    /// How long it runs or ran.
    pub duration: Millis,
    /// Tasks that run.
    pub tasks_running: u32,
    /// All its tasks.
    pub tasks: u32,
    /// How often it was begun anew after something failed; absent where it was not asked
    /// for, because the job is over or there are many.
    pub restarts: Option<u32>,
    /// What failed last, one sentence.
    pub cause: Option<String>,
}

/// What came of statements that were given to Flink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FlinkSubmitted {
    /// Statements that were executed.
    pub statements: u32,
    /// Numbers of the jobs that go on.
    pub jobs: Vec<String>,
    /// The last rows of queries, at most five.
    pub rows: Vec<String>,
}

/// The workflows of one namespace of Temporal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TemporalView {
    /// The namespace.
    pub namespace: String,
    /// The last ones, as the server puts them: the newest first.
    pub workflows: Vec<TemporalWorkflow>,
    /// There are more.
    pub more: bool,
}

/// One execution of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TemporalWorkflow {
    /// As whoever started it calls it.
    pub id: String,
    /// The number of this execution.
    pub run: String,
    /// Its type.
    pub kind: String,
    /// In Temporal's words: `Running`, `Completed`, `Failed`.
    pub state: String,
    /// Where workers take it from.
    pub task_queue: String,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Events in its history.
    #[ts(type = "number")]
    pub events: i64,
}
