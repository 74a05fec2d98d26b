//! How a view asks for the log lines it can show.

use crate::level::Level;
use crate::log::LogRecord;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which lines, and which window of them. Absent filters let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct LogQuery {
    /// Only these services; all where it is empty.
    pub services: Vec<String>,
    /// Only this level and above.
    pub min_level: Option<Level>,
    /// Only lines that contain this text, without regard to case.
    pub text: Option<String>,
    /// Only records before this number: older ones, for scrolling back.
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    /// Only records after this number: newer ones, for following.
    #[ts(type = "number | null")]
    pub after: Option<u64>,
    /// At most so many; the server's limit is 5000.
    pub limit: u32,
}

/// The answer: records in order of their number, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPage {
    /// The window. With `after`, the oldest that match; otherwise the newest.
    pub records: Vec<LogRecord>,
    /// Number of the newest record there is, matching or not: the `after` of
    /// the next question.
    #[ts(type = "number")]
    pub newest: u64,
    /// Whether more records match beyond the window, on its far side.
    pub more: bool,
    /// Records that were pushed out of memory since the start.
    #[ts(type = "number")]
    pub dropped: u64,
    /// How many records there are per level, trace to fatal, of the chosen
    /// services and text, whatever their level.
    #[ts(type = "Array<number>")]
    pub levels: [u64; 6],
}
