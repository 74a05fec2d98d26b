//! Requests about what is inside of Kafka, Flink and Temporal.

pub use benchtop_model::systems::{FlinkSubmitted, FlinkView, KafkaView, TemporalView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `service.kafka`: brokers, topics, partitions and consumer groups with their lag, as a
/// broker knows them.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceKafkaRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.flink`: the jobs, whichever part of Flink the service is.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceFlinkRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.temporal`: the last workflows of the namespace that the service's probe names,
/// or of `default`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceTemporalRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `flink.submit`: give statements to the SQL gateway, one after the other. Jobs of
/// `INSERT` go on.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct FlinkSubmitRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service that is the gateway.
    pub service: String,
    /// The statements, with semicolons between them.
    pub sql: String,
}

/// `flink.cancel`: ask the job manager to end a job.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct FlinkCancelRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service that is the job manager.
    pub service: String,
    /// Number of the job.
    pub job: String,
}
