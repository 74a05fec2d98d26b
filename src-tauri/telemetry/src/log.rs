//! One line of a service's output, in the one form that every source becomes.

use crate::level::Level;
use crate::line::ansi;
use benchtop_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
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

/// What was done to a line, or is missing around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It was longer; the rest is gone, or follows as further records.
    Truncated,
    /// It had bytes that are no UTF-8; each stands as U+FFFD now.
    InvalidUtf8,
    /// It had NUL bytes or other control characters; they stand as U+FFFD now.
    Binary,
    /// Lines before it are missing.
    Gap,
    /// Several lines, such as a stack trace, are one record.
    Joined,
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
    /// What was done to it; usually nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Mark>>")]
    pub marks: Vec<Mark>,
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

impl LogRecord {
    /// The record as a line of text: time in UTC, service, level and body without
    /// colours. A joined record has several lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        let time = jiff::Timestamp::from_millisecond(self.time.0)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        format!(
            "{} {} {} {}",
            time.unwrap_or_default(),
            self.service,
            self.severity.word(),
            self.plain()
        )
    }

    /// The text without colours.
    #[must_use]
    pub fn plain(&self) -> Cow<'_, str> {
        ansi::strip(&self.body).map_or(Cow::Borrowed(&self.body), Cow::Owned)
    }
}
