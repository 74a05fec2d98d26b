//! What a line of text says about itself: level, named values, trace.

use crate::level::Level;
use crate::log::Stream;
use std::collections::BTreeMap;

pub(crate) mod ansi;
#[cfg(test)]
mod formats_tests;
mod json;
mod known;
mod logfmt;

/// Named values that are kept of one line.
const MOST_ATTRIBUTES: usize = 64;

/// A value longer than this is cut, in bytes: the body has the whole of it.
const LONGEST_VALUE: usize = 1024;

/// What the text says of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// This, whatever stands before it.
    Named(Level),
    /// That of the line before it, where there is one; otherwise this.
    Continued(Level),
}

/// Reads the level. `text` is without colours.
pub(crate) fn severity(text: &str, stream: Stream) -> Severity {
    // In JSON only the fields count: a message about an error is no error.
    if let Some(level) = json::level(text) {
        return Severity::Named(level.unwrap_or_default());
    }
    if let Some(level) = logfmt::level(text) {
        return Severity::Named(level);
    }
    if let Some(severity) = known::severity(text) {
        return severity;
    }
    let alone = Level::detect(text).unwrap_or_else(|| quiet_level(text, stream));
    if !is_continuation(text) {
        return Severity::Named(alone);
    }
    // A padded level (` INFO main`) is a line of its own. Anywhere else in a
    // continuation, `Log` or `Error` is a word of a message or part of a name.
    match text.split_whitespace().next().and_then(padded_level) {
        Some(level) => Severity::Named(level),
        None => Severity::Continued(alone),
    }
}

/// What a record shows beside its text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
}

/// Reads the named values. `text` is without colours.
pub(crate) fn fields(text: &str) -> Fields {
    let mut fields = Fields::default();
    if !json::each_scalar(text, &mut |key, value| fields.add(key, value)) {
        let mut add = |key: &str, value: &str| fields.add(key, value);
        logfmt::each_pair(text, &mut add);
        if let Some(access) = known::Access::read(text) {
            access.each_field(&mut add);
        }
    }
    fields
}

impl Fields {
    fn add(&mut self, key: &str, value: &str) {
        if self.trace_id.is_none() && is_id(key, value, "trace", 32) {
            self.trace_id = Some(value.to_ascii_lowercase());
        } else if self.span_id.is_none() && is_id(key, value, "span", 16) {
            self.span_id = Some(value.to_ascii_lowercase());
        } else if self.attributes.len() < MOST_ATTRIBUTES {
            self.attributes
                .insert(key.to_owned(), cut(value, LONGEST_VALUE).to_owned());
        }
    }
}

/// The longest beginning of the text that has at most so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Whether a key is one of the spellings of an id (`trace_id`, `traceId`, `trace.id`,
/// and Serilog's `@tr`), and the value has its form.
fn is_id(key: &str, value: &str, of: &str, digits: usize) -> bool {
    let letters = key
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|b| b.to_ascii_lowercase());
    let spelled = letters.eq(of.bytes().chain(*b"id")) || key.strip_prefix('@') == Some(&of[..2]);
    spelled && value.len() == digits && value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A level in a field of its own, where more words are clear than in running text.
fn field_level(word: &str) -> Option<Level> {
    let known = [
        ("emerg", Level::Fatal),
        ("emergency", Level::Fatal),
        ("alert", Level::Fatal),
        ("dpanic", Level::Fatal),
    ];
    // slog writes what lies between its levels as `INFO+2`.
    let word = word.split(['+', '-']).next().unwrap_or(word);
    Level::from_word(word).or_else(|| {
        let same = |(name, _): &&(&str, Level)| name.eq_ignore_ascii_case(word);
        known.iter().find(same).map(|(_, level)| *level)
    })
}

/// Whether the line goes on with what the line before it began: indented, blank, or a
/// part of a stack trace that is printed without indent.
fn is_continuation(text: &str) -> bool {
    text.is_empty()
        || text.starts_with(char::is_whitespace)
        || text.starts_with("at ")
        || text.starts_with("Caused by: ")
}

/// The level that a first word names, if it looks like one: `WARN`, `[warn]`, `warn:`.
fn padded_level(word: &str) -> Option<Level> {
    let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let stands_out = name != word || !name.contains(|c: char| c.is_ascii_lowercase());
    stands_out.then(|| Level::from_word(name)).flatten()
}

/// The level of a line that names none. Many programs write everything to standard
/// error, so that alone means nothing; what runtimes print of an uncaught exception does.
fn quiet_level(text: &str, stream: Stream) -> Level {
    let head = cut(text, 160);
    let names_exception = || {
        let word_end = |c: char| !c.is_ascii_alphanumeric();
        head.split(word_end)
            .any(|word| word.ends_with("Exception") || word.ends_with("Error"))
    };
    let says = |phrase: &str| head.contains(phrase);
    let failed = stream == Stream::Stderr
        && (names_exception() || says("Traceback (most recent") || says("panicked at"));
    if failed { Level::Error } else { Level::Info }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Continued, Named};

    #[track_caller]
    fn check(text: &str, stream: Stream, expected: Severity) {
        assert_eq!(severity(text, stream), expected, "{text}");
    }

    #[test]
    fn standard_error_alone_is_no_error() {
        check("listening on port 5432", Stream::Stderr, Named(Level::Info));
        check("listening on port 5432", Stream::Stdout, Named(Level::Info));
    }

    #[test]
    fn an_uncaught_exception_on_standard_error_is_an_error() {
        for text in [
            "Traceback (most recent call last):",
            "TypeError: undefined is not a function",
            "Unhandled exception. System.InvalidOperationException: no",
            "thread 'main' panicked at src/main.rs:3:5:",
        ] {
            check(text, Stream::Stderr, Named(Level::Error));
            check(text, Stream::Stdout, Named(Level::Info));
        }
    }

    #[test]
    fn lines_of_a_stack_trace_go_on_with_what_came_before() {
        for text in [
            "   at Shop.Log.Error.Write() in Log.cs:line 3",
            "at com.shop.Trace.run(Trace.java:12)",
            "\tat java.base/java.lang.Thread.run",
            "Caused by: java.io.IOException",
            "      Now listening on: http://localhost:5001",
            "      Log in failed",
            "",
        ] {
            assert!(
                matches!(severity(text, Stream::Stdout), Continued(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_padded_level_begins_a_new_record() {
        check(
            " INFO 2026-11-22 main started",
            Stream::Stdout,
            Named(Level::Info),
        );
        check(
            "  [WARN] disk is nearly full",
            Stream::Stdout,
            Named(Level::Warn),
        );
        check(
            "  error: expected one of",
            Stream::Stderr,
            Named(Level::Error),
        );
    }

    #[test]
    fn json_is_read_by_its_fields_and_not_by_its_message() {
        check(
            r#"{"level":"warn","msg":"fatal error"}"#,
            Stream::Stdout,
            Named(Level::Warn),
        );
        check(
            r#"{"msg":"an error was handled"}"#,
            Stream::Stdout,
            Named(Level::Info),
        );
        check(
            r#"{"msg":"broken error"#,
            Stream::Stdout,
            Named(Level::Error),
        );
    }

    #[test]
    fn trace_and_span_are_found_in_their_usual_spellings() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = "00f067aa0ba902b7";
        for (trace_key, span_key) in [
            ("trace_id", "span_id"),
            ("traceId", "spanId"),
            ("TraceId", "SpanId"),
            ("trace.id", "span.id"),
            ("@tr", "@sp"),
        ] {
            let text = format!(r#"{{"{trace_key}":"{trace}","{span_key}":"{span}","n":1}}"#);
            let found = fields(&text);
            assert_eq!(found.trace_id.as_deref(), Some(trace), "{text}");
            assert_eq!(found.span_id.as_deref(), Some(span), "{text}");
            assert_eq!(found.attributes.len(), 1, "{text}");
        }
        let nested = format!(r#"{{"trace":{{"id":"{trace}"}},"span":{{"id":"{span}"}}}}"#);
        assert_eq!(fields(&nested).trace_id.as_deref(), Some(trace));
        let text = format!("12:00 WARN x [trace_id={trace} span_id={span} a=b] slow");
        let found = fields(&text);
        assert_eq!(found.trace_id.as_deref(), Some(trace));
        assert_eq!(found.span_id.as_deref(), Some(span));
        assert!(found.attributes.is_empty());
        assert!(fields("no trace_id=none here").attributes.is_empty());
        assert_eq!(
            fields(r#"{"trace_id":"none"}"#).attributes["trace_id"],
            "none"
        );
    }

    #[test]
    fn attributes_are_scalars_few_and_short() {
        let found = fields(r#"{"a":"x","b":1.5,"c":true,"d":null,"e":[1],"f":{"g":1},"h":-3}"#);
        let pairs: Vec<_> = found
            .attributes
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("a", "x"),
                ("b", "1.5"),
                ("c", "true"),
                ("f.g", "1"),
                ("h", "-3")
            ]
        );

        let many: Vec<String> = (0..100)
            .map(|n| format!(r#""k{n}":"{}""#, "ü".repeat(2000)))
            .collect();
        let found = fields(&format!("{{{}}}", many.join(",")));
        assert_eq!(found.attributes.len(), MOST_ATTRIBUTES);
        assert!(
            found
                .attributes
                .values()
                .all(|value| value.len() <= LONGEST_VALUE)
        );
    }

    #[test]
    fn logfmt_has_attributes_and_plain_text_has_none() {
        let found = fields(r#"time=12:00 level=info msg="user logged in" id=7"#);
        assert_eq!(found.attributes["msg"], "user logged in");
        assert_eq!(found.attributes["id"], "7");
        assert_eq!(fields("GET /?a=1 b=2"), Fields::default());
    }
}
