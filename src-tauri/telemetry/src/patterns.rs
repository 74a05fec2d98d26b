//! Patterns: what records say, without what differs from one to the next.
//!
//! The template of a record is its first line, in which every word with a digit in it
//! (a number, an id, a time, an address) is a `<*>`; neighbours of that kind, with
//! nothing but one of `.:-/,+_` between them, are one. Two records of a service have the
//! same pattern when their templates are the same. It knows nothing of names that differ
//! without digits; in return it needs no training, and says the same of the same lines
//! tomorrow.

use crate::level::Level;
use crate::line::{ansi, cut};
use crate::log::LogRecord;
use crate::query::Pattern;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Patterns that are kept; the records of others are not counted.
const MOST_PATTERNS: usize = 10_000;

/// Text that is looked at, in bytes.
const HEAD: usize = 512;

/// What stands for the parts that differ.
const ANYTHING: &str = "<*>";

/// Patterns of many records.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<(String, String), Pattern>);

impl Patterns {
    /// Counts a record in.
    pub(crate) fn add(&mut self, record: &LogRecord) {
        let key = (record.service.clone(), template(&record.body));
        if self.0.len() >= MOST_PATTERNS && !self.0.contains_key(&key) {
            return;
        }
        let pattern = self
            .0
            .entry(key)
            .or_insert_with_key(|(service, template)| Pattern {
                template: template.clone(),
                count: 0,
                service: service.clone(),
                level: Level::Trace,
                example_seq: 0,
                example: String::new(),
            });
        pattern.count += 1;
        pattern.level = pattern.level.max(record.severity);
        if record.seq > pattern.example_seq {
            pattern.example_seq = record.seq;
            pattern.example = cut(&record.body, 4 * HEAD).to_owned();
        }
    }

    /// Those that the other has not, most frequent first, at most so many.
    pub(crate) fn without(&self, other: &Self, most: usize) -> Vec<Pattern> {
        let mut only: Vec<Pattern> = self
            .0
            .iter()
            .filter(|(key, _)| !other.0.contains_key(*key))
            .map(|(_, pattern)| pattern.clone())
            .collect();
        only.sort_by_key(|pattern| Reverse((pattern.count, pattern.example_seq)));
        only.truncate(most);
        only
    }
}

/// The text without what differs from record to record.
pub(crate) fn template(body: &str) -> String {
    let plain = ansi::strip(cut(body, 2 * HEAD));
    let text = plain.as_deref().unwrap_or(body);
    let line = cut(text.lines().next().unwrap_or_default(), HEAD);
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let inside = |c: char| c.is_alphanumeric();
        let end = match rest.find(|c: char| !inside(c)) {
            Some(0) => c.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (word, after) = rest.split_at(end);
        push(&mut out, word);
        rest = after;
    }
    out
}

fn push(out: &mut String, word: &str) {
    if !word.contains(|c: char| c.is_ascii_digit()) {
        return out.push_str(word);
    }
    let joined = out
        .strip_suffix(['.', ':', '-', '/', ',', '+', '_'])
        .is_some_and(|before| before.ends_with(ANYTHING));
    if joined {
        out.pop();
    } else if !out.ends_with(ANYTHING) {
        out.push_str(ANYTHING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ids_times_and_addresses_are_anything() {
        for (text, expected) in [
            (
                "2026-11-22T07:01:02.123Z INFO took 12 ms",
                "<*> INFO took <*> ms",
            ),
            ("user 4bf92f35-77b3-4da6 gone", "user <*> gone"),
            ("GET http://10.0.0.1:8080/a?x=1", "GET http://<*>/a?x=<*>"),
            (
                "\u{1b}[31mfail\u{1b}[0m: größe 1\nat line 3",
                "fail: größe <*>",
            ),
            ("nothing differs", "nothing differs"),
            ("", ""),
        ] {
            assert_eq!(template(text), expected, "{text}");
        }
    }
}
