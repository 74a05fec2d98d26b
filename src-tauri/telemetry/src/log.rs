//! One line of a service's output, in the one form that every source becomes.

use crate::level::Level;
use benchtop_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Benchtop itself, about the service: started, killed, exited.
    Benchtop,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRecord {
    /// Position in the environment's log: later records have larger numbers.
    #[ts(type = "number")]
    pub seq: u64,
    /// When it was written, in milliseconds.
    pub time: Timestamp,
    /// Name of the service.
    pub service: String,
    /// Which start of the service wrote it.
    #[ts(type = "number")]
    pub generation: u64,
    /// Where it came from.
    pub stream: Stream,
    /// As recognised in the text, or by the stream.
    pub severity: Level,
    /// The text as written, without the line end, ANSI colours kept.
    pub body: String,
    /// Named values found in the line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The trace it belongs to, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The span it belongs to, 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
}
