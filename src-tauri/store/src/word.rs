//! How the model's types are spelled in columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use rusqlite::{Error, ToSql};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// An enum without fields, as the word that the API uses for it. One spelling in
/// both places, so that a query by hand reads like the answer of the API.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(word)) => Ok(ToSqlOutput::Owned(Value::Text(word))),
            Ok(_) => Err(Error::ToSqlConversionFailure("not a plain word".into())),
            Err(error) => Err(Error::ToSqlConversionFailure(error.into())),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word: StrDeserializer<'_, WordError> = value.as_str()?.into_deserializer();
        T::deserialize(word)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// SQLite has signed integers only; a number beyond them stays the largest.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The way back of [`integer`].
pub(crate) fn natural(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::status::Lifecycle;

    #[test]
    fn a_word_comes_back_as_it_went_and_a_strange_one_is_an_error() {
        let sent = Word(Lifecycle::Backoff);
        assert_eq!(
            sent.to_sql().unwrap(),
            ToSqlOutput::Owned(Value::Text("Backoff".to_owned()))
        );
        let read = Word::<Lifecycle>::column_result(ValueRef::Text(b"Backoff")).unwrap();
        assert_eq!(read.0, Lifecycle::Backoff);
        assert!(Word::<Lifecycle>::column_result(ValueRef::Text(b"Flying")).is_err());
    }
}
