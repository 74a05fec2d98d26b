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
const WORDS: [(&str, Level); 25] = [
    ("trace", Level::Trace),
    ("trce", Level::Trace),
    ("trc", Level::Trace),
    ("vrb", Level::Trace),
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
    ("ftl", Level::Fatal),
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
        let mut weak = None;
        for (at, word) in words(&line.as_bytes()[..end]) {
            let Some(level) = Self::from_word(word) else {
                // Where a program has put what is neither this nor that.
                let boxed = BOXED.iter().find(|(known, _)| *known == word);
                match boxed.filter(|_| is_boxed(line, at, word)) {
                    Some((_, level)) => return Some(*level),
                    None => continue,
                }
            };
            // A thread or a logger may be called so; what stands out is the level.
            let ends_head = weak.is_none() && line.as_bytes().get(at + word.len()) == Some(&b':');
            if ends_head || stands_out(line, at, word) {
                return Some(level);
            }
            weak = weak.or(Some(level));
        }
        weak
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

/// What only means a level between brackets.
const BOXED: [(&str, Level); 4] = [
    ("emerg", Level::Fatal),
    ("alert", Level::Fatal),
    ("Note", Level::Info),
    ("System", Level::Info),
];

/// The words that may be levels, and where they are.
fn words(head: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let ends = head.split(|byte| !byte.is_ascii_alphanumeric());
    ends.filter_map(move |word| {
        let at = start;
        start += word.len() + 1;
        let word = std::str::from_utf8(word).ok()?;
        (3..=11).contains(&word.len()).then_some((at, word))
    })
}

/// `[warn]`, `[WARN ]`, `[core:warn]`.
fn is_boxed(line: &str, at: usize, word: &str) -> bool {
    let before = line[..at].bytes().next_back();
    let after = line[at + word.len()..].trim_start().bytes().next();
    matches!(before, Some(b'[' | b':')) && after == Some(b']')
}

/// Set apart by capitals or brackets.
fn stands_out(line: &str, at: usize, word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase()) || is_boxed(line, at, word)
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
