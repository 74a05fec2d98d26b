//! Named values: as OTLP has them, as a row has them, and as JSON.

use crate::trace::Attributes;
use base64::Engine as _;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde_json::json;

/// Texts that are longer, in bytes, are kept with their span: they are rarely the same.
const LONGEST_SHARED: usize = 128;

/// The largest whole number that JavaScript holds exactly.
const EXACT: i64 = 1 << 53;

/// Nested values deeper than this are cut. Decoders allow 100.
const DEEPEST: usize = 32;

/// Whether the value belongs into the dictionary.
pub(super) fn is_shared(pair: &KeyValue) -> bool {
    let small = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        None | Some(Value::BoolValue(_) | Value::IntValue(_) | Value::DoubleValue(_)) => true,
        Some(Value::StringValue(text)) => text.len() <= LONGEST_SHARED,
        Some(_) => false,
    };
    small && pair.key.len() <= LONGEST_SHARED
}

/// The value as a column: what SQLite has as itself, everything else as protobuf.
pub(super) fn to_sql(value: Option<&AnyValue>) -> ToSqlOutput<'_> {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Some(Value::IntValue(number)) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
        // SQLite makes NULL of NaN.
        Some(Value::DoubleValue(number)) if number.is_finite() => {
            ToSqlOutput::Borrowed(ValueRef::Real(*number))
        }
        Some(_) => {
            let bytes = value.map(AnyValue::encode_to_vec).unwrap_or_default();
            ToSqlOutput::Owned(bytes.into())
        }
        None => ToSqlOutput::Borrowed(ValueRef::Null),
    }
}

/// The value of a column.
pub(super) fn from_sql(value: ValueRef<'_>) -> Option<AnyValue> {
    let value = match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => Value::IntValue(number),
        ValueRef::Real(number) => Value::DoubleValue(number),
        ValueRef::Text(text) => Value::StringValue(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => return AnyValue::decode(bytes).ok(),
    };
    Some(AnyValue { value: Some(value) })
}

/// The value as JSON; see [`Attributes`].
pub(crate) fn to_json(value: Option<&AnyValue>) -> serde_json::Value {
    json_of(value, DEEPEST)
}

fn json_of(value: Option<&AnyValue>, depth: usize) -> serde_json::Value {
    if depth == 0 {
        return json!("…");
    }
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => serde_json::Value::Null,
        Some(Value::StringValue(text)) => json!(text),
        Some(Value::BoolValue(yes)) => json!(yes),
        Some(Value::IntValue(number)) if (-EXACT..=EXACT).contains(number) => json!(number),
        Some(Value::IntValue(number)) => json!(number.to_string()),
        Some(Value::DoubleValue(number)) if number.is_finite() => json!(number),
        Some(Value::DoubleValue(number)) => json!(words_of(*number)),
        Some(Value::BytesValue(bytes)) => json!({ "$bytes": base64(bytes) }),
        Some(Value::ArrayValue(list)) => {
            let items = list.values.iter();
            items.map(|item| json_of(Some(item), depth - 1)).collect()
        }
        Some(Value::KvlistValue(list)) => list
            .values
            .iter()
            .map(|pair| (pair.key.clone(), json_of(pair.value.as_ref(), depth - 1)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// The value as one text: what is searched and compared.
pub(crate) fn to_text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        _ => match to_json(value) {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        },
    }
}

/// All of them as JSON.
pub(crate) fn all(pairs: &[KeyValue]) -> Attributes {
    let pair = |pair: &KeyValue| (pair.key.clone(), to_json(pair.value.as_ref()));
    pairs.iter().map(pair).collect()
}

/// How protobuf's JSON writes numbers that JSON has not.
pub(crate) fn words_of(number: f64) -> &'static str {
    match () {
        () if number.is_nan() => "NaN",
        () if number > 0.0 => "Infinity",
        () => "-Infinity",
    }
}

/// Bytes as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Lower-case hexadecimal digits.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits in any case.
#[must_use]
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList};

    fn any(value: Value) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    #[test]
    fn every_kind_of_value_survives_a_row() {
        let connection = rusqlite::Connection::open_in_memory().expect("a database");
        let list = ArrayValue {
            values: vec![any(Value::IntValue(1)), AnyValue { value: None }],
        };
        let map = KeyValueList {
            values: vec![KeyValue {
                key: "a".into(),
                value: Some(any(Value::BoolValue(false))),
                ..Default::default()
            }],
        };
        for value in [
            Value::StringValue("text".into()),
            Value::StringValue(String::new()),
            Value::BoolValue(true),
            Value::IntValue(i64::MIN),
            Value::DoubleValue(0.1),
            Value::DoubleValue(3.0),
            Value::DoubleValue(f64::INFINITY),
            Value::BytesValue(vec![0, 255]),
            Value::ArrayValue(list),
            Value::KvlistValue(map),
        ] {
            let value = any(value);
            let back = connection
                .query_row("SELECT ?1", [to_sql(Some(&value))], |row| {
                    Ok(from_sql(row.get_ref(0)?))
                })
                .expect("a row");
            assert_eq!(back, Some(value));
        }
        let nan = any(Value::DoubleValue(f64::NAN));
        let back = connection
            .query_row("SELECT ?1", [to_sql(Some(&nan))], |row| {
                Ok(to_json(from_sql(row.get_ref(0)?).as_ref()))
            })
            .expect("a row");
        assert_eq!(back, json!("NaN"), "not a number is not nothing");
    }

    #[test]
    fn numbers_that_a_page_cannot_hold_are_text() {
        assert_eq!(to_json(Some(&any(Value::IntValue(7)))), json!(7));
        assert_eq!(
            to_json(Some(&any(Value::IntValue(i64::MAX)))),
            json!("9223372036854775807")
        );
        assert_eq!(
            to_json(Some(&any(Value::BytesValue(vec![1, 2])))),
            json!({"$bytes": "AQI="})
        );
    }

    #[test]
    fn digits_are_read_in_any_case() {
        assert_eq!(unhex("5B8eff"), Some(vec![0x5b, 0x8e, 0xff]));
        assert_eq!(unhex("5B8ef"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(hex(&[0x5b, 0]), "5b00");
    }
}
