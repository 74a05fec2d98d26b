//! Fields of objects, read by the rules of protobuf's JSON with what OTLP changes.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// One object of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

/// What is wrong, with the path to it.
pub(super) type Read<T> = Result<T, String>;

impl<'a> Object<'a> {
    pub(super) fn root(value: &'a Value) -> Read<Self> {
        Self::of(value).map_err(|error| format!("the body {error}"))
    }

    fn of(value: &'a Value) -> Read<Self> {
        value
            .as_object()
            .map(Self)
            .ok_or_else(|| "must be an object".to_owned())
    }

    /// The field; `null` is as good as absent.
    fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn read<T: Default>(self, key: &str, read: impl FnOnce(&'a Value) -> Read<T>) -> Read<T> {
        self.get(key).map_or(Ok(T::default()), |value| {
            read(value).map_err(|error| below(key, &error))
        })
    }

    /// Whether the field is there.
    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn text(self, key: &str) -> Read<String> {
        self.read(key, |value| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| " must be a text".to_owned())
        })
    }

    pub(super) fn flag(self, key: &str) -> Read<bool> {
        self.read(key, |value| {
            value
                .as_bool()
                .ok_or_else(|| " must be true or false".to_owned())
        })
    }

    pub(super) fn unsigned(self, key: &str) -> Read<u64> {
        self.read(key, unsigned)
    }

    pub(super) fn signed(self, key: &str) -> Read<i64> {
        self.read(key, signed)
    }

    pub(super) fn small(self, key: &str) -> Read<u32> {
        self.read(key, |value| {
            u32::try_from(unsigned(value)?).map_err(|_| " must have 32 bits".to_owned())
        })
    }

    /// The number of an enumeration; its name is not allowed.
    pub(super) fn choice(self, key: &str) -> Read<i32> {
        self.read(key, |value| {
            let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| {
                " must be the number of the enumeration, and not its name".to_owned()
            })
        })
    }

    /// A whole number of 32 bits with a sign.
    pub(super) fn scale(self, key: &str) -> Read<i32> {
        self.read(key, |value| {
            i32::try_from(signed(value)?).map_err(|_| " must have 32 bits".to_owned())
        })
    }

    pub(super) fn double(self, key: &str) -> Read<f64> {
        self.read(key, double)
    }

    pub(super) fn optional_double(self, key: &str) -> Read<Option<f64>> {
        self.read(key, |value| double(value).map(Some))
    }

    /// An id in hexadecimal digits.
    pub(super) fn id(self, key: &str) -> Read<Vec<u8>> {
        self.read(key, |value| {
            let bytes = value.as_str().and_then(crate::spans::value::unhex);
            bytes.ok_or_else(|| " must be an id in hexadecimal digits".to_owned())
        })
    }

    pub(super) fn object<T>(
        self,
        key: &str,
        read: impl FnOnce(Object<'a>) -> Read<T>,
    ) -> Read<Option<T>> {
        self.read(key, |value| {
            let object = Self::of(value).map_err(|error| format!(" {error}"))?;
            read(object).map(Some)
        })
    }

    pub(super) fn list<T>(self, key: &str, read: impl Fn(Object<'a>) -> Read<T>) -> Read<Vec<T>> {
        self.values(key, |value| {
            let object = Self::of(value).map_err(|error| format!(" {error}"))?;
            read(object)
        })
    }

    pub(super) fn values<T>(self, key: &str, read: impl Fn(&'a Value) -> Read<T>) -> Read<Vec<T>> {
        self.read(key, |value| {
            let list = value
                .as_array()
                .ok_or_else(|| " must be a list".to_owned())?;
            let item =
                |(index, value)| read(value).map_err(|error| format!("[{index}]{}", dot(&error)));
            list.iter().enumerate().map(item).collect()
        })
    }

    pub(super) fn attributes(self, key: &str) -> Read<Vec<KeyValue>> {
        self.list(key, pair)
    }

    pub(super) fn any(self, key: &str) -> Read<Option<AnyValue>> {
        self.object(key, any)
    }
}

/// `[0] must…` follows a name directly, `name must…` after a dot.
fn below(key: &str, error: &str) -> String {
    format!("{key}{}", dot(error))
}

fn dot(error: &str) -> String {
    if error.starts_with([' ', '[']) {
        error.to_owned()
    } else {
        format!(".{error}")
    }
}

pub(super) fn resource(object: Object<'_>) -> Read<Resource> {
    Ok(Resource {
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
        ..Resource::default()
    })
}

pub(super) fn scope(object: Object<'_>) -> Read<InstrumentationScope> {
    Ok(InstrumentationScope {
        name: object.text("name")?,
        version: object.text("version")?,
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
    })
}

fn pair(object: Object<'_>) -> Read<KeyValue> {
    Ok(KeyValue {
        key: object.text("key")?,
        value: object.any("value")?,
        ..KeyValue::default()
    })
}

fn any(object: Object<'_>) -> Read<AnyValue> {
    let value = if object.has("stringValue") {
        Some(Any::StringValue(object.text("stringValue")?))
    } else if object.has("boolValue") {
        Some(Any::BoolValue(object.flag("boolValue")?))
    } else if object.has("intValue") {
        Some(Any::IntValue(object.signed("intValue")?))
    } else if object.has("doubleValue") {
        Some(Any::DoubleValue(object.double("doubleValue")?))
    } else if object.has("bytesValue") {
        Some(Any::BytesValue(object.read("bytesValue", bytes)?))
    } else if object.has("arrayValue") {
        let list = object.object("arrayValue", |list| list.list("values", any))?;
        let values = list.unwrap_or_default();
        Some(Any::ArrayValue(ArrayValue { values }))
    } else if object.has("kvlistValue") {
        let list = object.object("kvlistValue", |list| list.list("values", pair))?;
        let values = list.unwrap_or_default();
        Some(Any::KvlistValue(KeyValueList { values }))
    } else {
        None
    };
    Ok(AnyValue { value })
}

pub(super) fn unsigned(value: &Value) -> Read<u64> {
    let number = match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| whole(number.as_f64()?)?.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| " must be a whole number, or a text of its digits".to_owned())
}

pub(super) fn signed(value: &Value) -> Read<i64> {
    let number = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| whole(number.as_f64()?)?.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| " must be a whole number, or a text of its digits".to_owned())
}

/// `1e3` and `5.0` are whole numbers, too.
fn whole(number: f64) -> Option<i128> {
    let fits = number.fract() == 0.0 && number.abs() < 2e19;
    #[expect(clippy::cast_possible_truncation, reason = "it fits")]
    fits.then_some(number as i128)
}

pub(super) fn double(value: &Value) -> Read<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            digits if digits.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                digits.parse().ok()
            }
            _ => None,
        },
        _ => None,
    };
    number.ok_or_else(|| " must be a number".to_owned())
}

fn bytes(value: &Value) -> Read<Vec<u8>> {
    let text = value.as_str().unwrap_or_default();
    let standard = GeneralPurpose::new(&STANDARD, LENIENT).decode(text);
    let bytes = standard.or_else(|_| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text));
    bytes
        .ok()
        .filter(|_| value.is_string())
        .ok_or_else(|| " must be bytes in base64".to_owned())
}
