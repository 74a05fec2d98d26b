//! How a view asks for the log lines it can show, and what it is answered.

use crate::level::Level;
use crate::log::LogRecord;
use benchtop_model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub(crate) mod filter;
pub mod language;
pub(crate) mod needle;

/// Which lines, and which window of them. Absent filters let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct LogQuery {
    /// Only these services; all where it is empty.
    pub services: Vec<String>,
    /// Only this level and above.
    pub min_level: Option<Level>,
    /// A query in the language of [`language`]: words, `"texts"`, `/regexes/`, fields
    /// such as `level>=warn` or `user.id=42`, each with `-` before it for the opposite.
    pub text: Option<String>,
    /// Only lines from this time on.
    #[ts(optional = nullable)]
    pub since: Option<Timestamp>,
    /// Only lines before this time.
    #[ts(optional = nullable)]
    pub until: Option<Timestamp>,
    /// Only lines of this run; of all runs that are kept where it is absent.
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// Only records before this number: older ones, for scrolling back.
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    /// Only records after this number: newer ones, for following.
    #[ts(type = "number | null")]
    pub after: Option<u64>,
    /// At most so many; the server's limit is 5000. With 0 there are no records: the
    /// question is how many match, and all of them are counted.
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
    /// Whether more records match beyond the window, on its far side. Where the
    /// search was not complete: whether more could.
    pub more: bool,
    /// Records that were dropped since the start: by a full disk, or by the limits of
    /// what is kept.
    #[ts(type = "number")]
    pub dropped: u64,
    /// How many records there are per level, trace to fatal, of the chosen services,
    /// times and text, whatever their level. Where `matched` is absent, only those that
    /// were looked at.
    #[ts(type = "Array<number>")]
    pub levels: [u64; 6],
    /// How many records each service has of the chosen times and levels, whatever the
    /// chosen services. Empty where a text is looked for.
    pub services: Vec<ServiceCount>,
    /// How many records match, whatever the window. Absent where the window was full
    /// before everything was looked at; a question with `limit` 0 counts all.
    #[ts(type = "number | null")]
    pub matched: Option<u64>,
    /// Whether everything that the window needs was looked at. Otherwise the search
    /// stopped at its time bound: go on with `before` (or `after`) = `reached`.
    pub complete: bool,
    /// Every record between the near end and this number was looked at.
    #[ts(type = "number")]
    pub reached: u64,
    /// Bytes of text that were read for the answer.
    #[ts(type = "number")]
    pub scanned_bytes: u64,
}

/// How many records a service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServiceCount {
    /// Name of the service.
    pub service: String,
    /// How many.
    #[ts(type = "number")]
    pub records: u64,
}

/// How many records there are over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogHistogram {
    /// When the first bucket begins.
    pub from: Timestamp,
    /// When the last bucket ends.
    pub to: Timestamp,
    /// Width of a bucket.
    pub step: Millis,
    /// For each bucket, records per level, trace to fatal.
    #[ts(type = "Array<Array<number>>")]
    pub counts: Vec<[u64; 6]>,
    /// Whether everything was counted: otherwise the search stopped at its time bound.
    pub exact: bool,
}

/// A range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimeRange {
    /// Its begin.
    pub since: Timestamp,
    /// Its end, which does not belong to it.
    pub until: Timestamp,
}

/// What records of two ranges of time have not in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPatterns {
    /// In the query's range and not in the other, most frequent first.
    pub new: Vec<Pattern>,
    /// In the other range and not in the query's, most frequent first.
    pub vanished: Vec<Pattern>,
    /// Whether all records of both were looked at.
    pub complete: bool,
}

/// Records that differ only in numbers, ids and the like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Pattern {
    /// Their text with `<*>` for what differs.
    pub template: String,
    /// How many they are.
    #[ts(type = "number")]
    pub count: u64,
    /// Who wrote them.
    pub service: String,
    /// The highest level of them.
    pub level: Level,
    /// Number of the newest of them.
    #[ts(type = "number")]
    pub example_seq: u64,
    /// Text of the newest of them.
    pub example: String,
}
