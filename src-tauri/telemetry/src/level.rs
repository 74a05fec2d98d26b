//! Severity of a log line, and how it is recognised in plain text.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Severity in OpenTelemetry's six ranges.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For the developer of the service.
    Debug,
    /// The usual course; also every line that says nothing of its severity.
    #[default]
    Info,
    /// Unusual, but handled.
    Warn,
    /// Something failed.
    Error,
    /// The service cannot go on.
    Fatal,
}

/// All levels, lowest first.
pub(crate) const LEVELS: [Level; 6] = [
    Level::Trace,
    Level::Debug,
    Level::Info,
    Level::Warn,
    Level::Error,
    Level::Fatal,
];

/// The spellings that logging libraries print, by level. Compared without case,
/// as whole words only.
const WORDS: [(&str, Level); 22] = [
    ("trace", Level::Trace),
    ("trce", Level::Trace),
    ("verbose", Level::Trace),
    ("debug", Level::Debug),
    ("dbug", Level::Debug),
    ("dbg", Level::Debug),
    ("info", Level::Info),
    ("information", Level::Info),
    ("inf", Level::Info),
    ("notice", Level::Info),
    ("log", Level::Info),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("wrn", Level::Warn),
    ("error", Level::Error),
    ("err", Level::Error),
    ("fail", Level::Error),
    ("severe", Level::Error),
    ("fatal", Level::Fatal),
    ("critical", Level::Fatal),
    ("crit", Level::Fatal),
    ("panic", Level::Fatal),
];

/// How far into a line a level is looked for, in bytes: past time, thread and
/// logger name, but not in the message.
const HEAD: usize = 96;

impl Level {
    /// The level that a line names in its head, if any.
    #[must_use]
    pub fn detect(line: &str) -> Option<Self> {
        let mut end = line.len().min(HEAD);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line[..end]
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| (3..=11).contains(&word.len()))
            .find_map(Self::from_word)
    }

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level of this word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, level)| *level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_common_libraries_print_them() {
        for (line, level) in [
            (
                "2026-11-22 07:01:02.123 UTC [71] LOG:  database system is ready",
                Level::Info,
            ),
            (
                "2026-11-22 07:01:02 UTC [71] FATAL:  password authentication failed",
                Level::Fatal,
            ),
            (
                "fail: Microsoft.AspNetCore.Server.Kestrel[13]",
                Level::Error,
            ),
            ("[07:01:02 WRN] cache is cold", Level::Warn),
            (
                r#"{"time":"2026-11-22T07:01:02Z","level":"ERROR","msg":"x"}"#,
                Level::Error,
            ),
            ("level=debug msg=hello", Level::Debug),
            // Whatever is no letter ends a word.
            ("information-free", Level::Info),
        ] {
            assert_eq!(Level::detect(line), Some(level), "{line}");
        }
    }

    #[test]
    fn words_inside_other_words_are_not_levels() {
        assert_eq!(Level::detect("the inference engine errored"), None);
        assert_eq!(Level::detect("terror and debugging"), None);
        assert_eq!(Level::detect("größe ünïcode"), None);
    }
}
