//! Lines that are one JSON object: Serilog compact, Pino, Bunyan, ECS, zap, slog,
//! GELF, .NET's JSON console, OpenTelemetry's own form.

use super::field_level;
use crate::level::Level;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The level that a field names: `None` where the text is no JSON object,
/// `Some(None)` where it is one without a level.
pub(super) fn level(text: &str) -> Option<Option<Level>> {
    let mut found = None;
    let mut look = |key: &str, value: &Scalar<'_>| {
        if found.is_none() {
            found = named_level(key, value);
        }
    };
    // Almost all fields are skipped without being looked at.
    read(
        text,
        1,
        &|key| is_level_key(key) || is_number_key(key) || key == LETTER_KEY,
        &mut look,
    )
    .then_some(found)
}

/// Calls back for each scalar of the object, in its order; whether it is an object.
pub(super) fn each_scalar(text: &str, take: &mut dyn FnMut(&str, &str)) -> bool {
    let mut found = Vec::new();
    let is_object = read(text, DEEPEST, &|_| true, &mut |key, value| {
        if let Some(value) = value.text() {
            found.push((key.to_owned(), value.into_owned()));
        }
    });
    // Only now: text that turns out to be broken at its end has no fields.
    if is_object {
        found.iter().for_each(|(key, value)| take(key, value));
    }
    is_object
}

fn is_level_key(key: &str) -> bool {
    const KEYS: [&str; 10] = [
        "level",
        "severity",
        "lvl",
        "@l",
        "@level",
        "log.level",
        "LogLevel",
        "loglevel",
        "levelname",
        "severityText",
    ];
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)) || key == "severity_text"
}

/// OpenTelemetry's scale from 1 to 24.
fn is_number_key(key: &str) -> bool {
    key == "severity_number" || key.eq_ignore_ascii_case("severityNumber")
}

/// MongoDB's.
const LETTER_KEY: &str = "s";

fn letter_level(letter: &str) -> Option<Level> {
    Some(match letter {
        "F" => Level::Fatal,
        "E" => Level::Error,
        "W" => Level::Warn,
        "I" => Level::Info,
        "D" | "D1" | "D2" | "D3" | "D4" | "D5" => Level::Debug,
        _ => return None,
    })
}

fn named_level(key: &str, value: &Scalar<'_>) -> Option<Level> {
    match value {
        Scalar::Text(letter) if key == LETTER_KEY => letter_level(letter),
        _ if key == LETTER_KEY => None,
        Scalar::Text(word) => field_level(word),
        Scalar::Integer(number) if is_number_key(key) => otel_level(*number),
        Scalar::Integer(number) => numbered_level(*number),
        _ => None,
    }
}

fn otel_level(number: i64) -> Option<Level> {
    Some(match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => return None,
    })
}

/// Syslog's scale counts down from debug, 7; Pino's and Bunyan's up from trace, 10.
pub(super) fn numbered_level(number: i64) -> Option<Level> {
    Some(match number {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5..=6 => Level::Info,
        7 => Level::Debug,
        10..20 => Level::Trace,
        20..30 => Level::Debug,
        30..40 => Level::Info,
        40..50 => Level::Warn,
        50..60 => Level::Error,
        60..100 => Level::Fatal,
        _ => return None,
    })
}

/// Objects within objects whose fields are read, named with dots.
const DEEPEST: u8 = 4;

/// Whether all of the text is one object; calls `take` for its wanted fields.
fn read(text: &str, deepest: u8, wants: &dyn Fn(&str) -> bool, take: &mut Take<'_>) -> bool {
    let text = text.trim();
    if !text.starts_with('{') || !text.ends_with('}') {
        return false;
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let root = Field {
        name: "",
        levels_left: deepest,
        wants,
        take,
    };
    root.deserialize(&mut json).is_ok() && json.end().is_ok()
}

type Take<'a> = dyn FnMut(&str, &Scalar<'_>) + 'a;

/// A value without parts.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Large(u64),
    Float(f64),
    Bool(bool),
}

impl Scalar<'_> {
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => number.to_string().into(),
            Self::Large(number) => number.to_string().into(),
            Self::Float(number) => number.to_string().into(),
            Self::Bool(value) => value.to_string().into(),
        })
    }
}

/// The value at a name: the object itself at the empty one.
struct Field<'w, 't> {
    name: &'w str,
    /// How many objects may still be opened, one in the other.
    levels_left: u8,
    wants: &'w dyn Fn(&str) -> bool,
    take: &'w mut Take<'t>,
}

impl Field<'_, '_> {
    fn give<E: Error>(self, value: Scalar<'_>) -> Result<(), E> {
        if self.name.is_empty() {
            return Err(E::custom("no object"));
        }
        (self.take)(self.name, &value);
        Ok(())
    }
}

/// Objects of ECS whose fields are named with a dot elsewhere: `log.level`, `trace.id`.
fn is_opened(name: &str) -> bool {
    matches!(name, "" | "log" | "trace" | "span")
}

impl<'de> DeserializeSeed<'de> for Field<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.levels_left == 0 && !is_opened(self.name) {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(Key(key)) = map.next_key()? {
            let name = if self.name.is_empty() {
                key
            } else {
                format!("{}.{key}", self.name).into()
            };
            if (self.wants)(&name) || self.name.is_empty() && is_opened(&name) {
                map.next_value_seed(Field {
                    name: &name,
                    levels_left: self.levels_left.saturating_sub(1),
                    wants: self.wants,
                    take: self.take,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.give(Scalar::Text(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.give(Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.give(i64::try_from(value).map_or(Scalar::Large(value), Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.give(Scalar::Float(value))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.give(Scalar::Bool(value))
    }
}

/// A key, borrowed from the text unless it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        json.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_libraries_put_them() {
        for (text, expected) in [
            (r#"{"@t":"2026","@mt":"x","@l":"Warning"}"#, Level::Warn),
            (
                r#"{"level":50,"time":1,"pid":1,"msg":"pino"}"#,
                Level::Error,
            ),
            (r#"{"log.level":"error","message":"ecs"}"#, Level::Error),
            (
                r#"{"log":{"level":"debug"},"message":"ecs nested"}"#,
                Level::Debug,
            ),
            (
                r#"{"EventId":14,"LogLevel":"Information","Category":"x"}"#,
                Level::Info,
            ),
            (
                r#"{"version":"1.1","short_message":"gelf","level":3}"#,
                Level::Error,
            ),
            (
                r#"{"severity":"EMERGENCY","message":"cloud"}"#,
                Level::Fatal,
            ),
            (r#"{"SeverityText":"WARN","Body":"otel"}"#, Level::Warn),
            (r#"{"severity_number":17,"body":"otel"}"#, Level::Error),
            (r#"  {"lvl":"dbg"}  "#, Level::Debug),
            (r#"{"level":{"odd":1},"severity":"error"}"#, Level::Error),
        ] {
            assert_eq!(level(text), Some(Some(expected)), "{text}");
        }
    }

    #[test]
    fn an_object_without_a_level_is_told_from_no_object() {
        assert_eq!(level(r#"{"msg":"error"}"#), Some(None));
        assert_eq!(level(r#"{"level":"unheard-of"}"#), Some(None));
        for text in [
            "",
            "{}x",
            "{not json}",
            "[1]",
            "{",
            r#"{"a":1} {"b":2}"#,
            r#""{}""#,
        ] {
            assert_eq!(level(text), None, "{text}");
        }
    }

    #[test]
    fn a_bomb_of_brackets_is_skipped_without_growing_the_stack() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(level(&deep), Some(None));
        let deep = "{\"log\":".repeat(8_000) + "1" + &"}".repeat(8_000);
        assert_eq!(level(&deep), Some(None));
        assert!(each_scalar(&deep, &mut |_, _| panic!("no fields")));
    }

    #[test]
    fn keys_and_values_with_escapes_are_read() {
        let mut found = Vec::new();
        let text = r#"{"a\nb":"c\"d","big":18446744073709551615}"#;
        assert!(each_scalar(text, &mut |key, value| found.push(format!("{key}={value}"))));
        assert_eq!(found, ["a\nb=c\"d", "big=18446744073709551615"]);
    }
}
