//! How the receiver of OTLP fares, as a view sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where services send telemetry to, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TelemetryStatus {
    /// Where it listens; empty where it does not.
    pub endpoints: Vec<OtlpEndpoint>,
    /// The key that senders must show, masked.
    pub key: Option<String>,
    /// What was kept since the engine started.
    pub received: SignalCounts,
    /// What was refused because it was wrong.
    pub rejected: SignalCounts,
    /// What was lost because there was too much.
    pub dropped: SignalCounts,
    /// Where a copy of everything is sent on to.
    pub forward: Option<ForwardStatus>,
    /// What is wrong with the receiver, and what to do.
    pub problem: Option<String>,
}

/// A backend that is sent a copy of everything, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ForwardStatus {
    /// Its address.
    pub address: String,
    /// Names of the headers that it is sent; their values are secrets.
    pub headers: Vec<String>,
    /// Requests that it has taken.
    #[ts(type = "number")]
    pub sent: u64,
    /// Requests that it did not take, or for which there was no room.
    #[ts(type = "number")]
    pub dropped: u64,
    /// Requests that wait for it.
    #[ts(type = "number")]
    pub waiting: u64,
    /// Whether it did not take the last one, or does not answer.
    pub failing: bool,
    /// Why not, in one sentence.
    pub problem: Option<String>,
}

/// Numbers per signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignalCounts {
    /// Spans.
    #[ts(type = "number")]
    pub spans: u64,
    /// Metric points.
    #[ts(type = "number")]
    pub points: u64,
    /// Log records.
    #[ts(type = "number")]
    pub logs: u64,
}

/// One address of the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OtlpEndpoint {
    /// Its protocol.
    pub protocol: OtlpProtocol,
    /// `host:port`.
    pub address: String,
}

/// How OTLP is carried. Both ports take both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum OtlpProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP.
    Http,
}
