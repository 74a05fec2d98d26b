//! Lines of `key=value` pairs. Many lines have such a pair somewhere; it is logfmt
//! only where one of them names the level.

use super::field_level;
use crate::level::Level;
use std::borrow::Cow;

/// The level that a pair names.
pub(super) fn level(text: &str) -> Option<Level> {
    // Saves most lines the reading of their pairs.
    if !may_name_level(text.as_bytes()) {
        return None;
    }
    let named = |(key, value): (&str, Cow<'_, str>)| is_level_key(key).then(|| field_level(&value));
    Pairs(text).find_map(named).flatten()
}

/// One pass for all spellings.
fn may_name_level(text: &[u8]) -> bool {
    let is_key = |at: usize| {
        [&b"level"[..], b"lvl", b"severity"]
            .iter()
            .any(|key| text[..at].ends_with(key))
    };
    memchr::memchr_iter(b'=', text).any(is_key)
}

/// Calls back for each pair, in their order, where the text is logfmt; for the ids of
/// trace and span where it is any other text that has them.
pub(super) fn each_pair(text: &str, take: &mut dyn FnMut(&str, &str)) {
    if level(text).is_some() {
        Pairs(text).for_each(|(key, value)| take(key, &value));
    } else if memchr::memmem::find(text.as_bytes(), b"trace").is_some() {
        each_id(text, take);
    }
}

/// What instrumented programs add to a line of text: `[trace_id=4bf9… span_id=00f0…]`.
fn each_id(text: &str, take: &mut dyn FnMut(&str, &str)) {
    for key in [
        "trace_id", "traceId", "trace.id", "span_id", "spanId", "span.id",
    ] {
        let Some(at) = memchr::memmem::find(text.as_bytes(), key.as_bytes()) else {
            continue;
        };
        let after = &text[at + key.len()..];
        if let Some(value) = after.strip_prefix('=') {
            let end = value.find(|c: char| !c.is_ascii_hexdigit());
            let id = &value[..end.unwrap_or(value.len())];
            if matches!(id.len(), 16 | 32) {
                take(key, id);
            }
        }
    }
}

fn is_level_key(key: &str) -> bool {
    matches!(key, "level" | "lvl" | "severity" | "log.level" | "loglevel")
}

/// The pairs that begin a line or follow a blank. What is no pair is skipped.
struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.0 = self.0.trim_start();
            let end = self.0.find(|c: char| c == '=' || c.is_whitespace())?;
            let (key, rest) = self.0.split_at(end);
            let is_key = |c: char| c.is_ascii_alphanumeric() || "_.@-".contains(c);
            match rest.strip_prefix('=') {
                Some(rest) if !key.is_empty() && key.chars().all(is_key) => {
                    let (value, rest) = value(rest);
                    self.0 = rest;
                    return Some((key, value));
                }
                // On to the next blank, not into a value such as `?a=b=c`.
                _ => self.0 = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..],
            }
        }
    }
}

/// The value at the beginning of the text, and what comes after it.
fn value(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].into(), &text[end..]);
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    let end = end.unwrap_or(quoted.len());
    let after = quoted.get(end + 1..).unwrap_or_default();
    (unescape(&quoted[..end]), after)
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next().map(|c| match c {
                'n' => '\n',
                't' => '\t',
                other => other,
            })),
            c => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_found_wherever_it_stands() {
        assert_eq!(level("level=debug msg=hello"), Some(Level::Debug));
        assert_eq!(
            level(r#"ts=1 msg="level=error now" level=warn"#),
            Some(Level::Warn)
        );
        assert_eq!(
            level(r#"time="2026-11-22" severity="ERROR" x"#),
            Some(Level::Error)
        );
        assert_eq!(
            level(&format!("msg={} lvl=crit", "x".repeat(500))),
            Some(Level::Fatal)
        );
    }

    #[test]
    fn text_that_only_mentions_a_level_has_none() {
        assert_eq!(level("GET /?level=error HTTP/1.1"), None);
        assert_eq!(level("set loglevel to error"), None);
        assert_eq!(level("level=high tide"), None);
        assert_eq!(level("level="), None);
    }

    #[test]
    fn quoted_values_may_have_blanks_and_quotes_and_may_be_cut() {
        let pairs = |text| {
            Pairs(text)
                .map(|(k, v)| format!("{k}:{v}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            pairs(r#"a="x \"y\" z" - b=1 =c d="cut"#),
            [r#"a:x "y" z"#, "b:1", "d:cut"]
        );
        assert_eq!(pairs("größe=1 a=ü"), ["a:ü"]);
        assert_eq!(pairs(r#"a="\"#), ["a:"]);
    }
}
