//! What many spans have in common, written once: named values, names, resources, scopes.
//!
//! What was written is remembered by a hash of 128 bits. To forget some of it, or all of it
//! with a crash, is harmless: the same value gets a second number then.

use super::facts::Fact;
use super::value;
use crate::otlp;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use rusqlite::{Transaction, params};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};

/// Values that are remembered; 32 bytes each.
const MOST_REMEMBERED: usize = 200_000;

/// Numbers that a file's dictionary of values may have; further values lie with their
/// spans. 1 M of them take some 60 MB.
const MOST_VALUES: i64 = 1_000_000;

/// The dictionary of one file.
#[derive(Default)]
pub(super) struct Dictionary {
    hashers: [RandomState; 2],
    known: HashMap<u128, (i64, Fact)>,
    /// The largest number of a value.
    values: i64,
}

impl Dictionary {
    /// The dictionary of a file that may have one already.
    pub(super) fn open(connection: &rusqlite::Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT coalesce(max(id), 0) FROM span_attributes";
        Ok(Self {
            values: connection.query_row(sql, [], |row| row.get(0))?,
            ..Self::default()
        })
    }

    /// What was remembered in a transaction that failed is not in the file.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// The number of a value, `None` where it belongs to its span; and what filters have of
    /// it.
    pub(super) fn value(
        &mut self,
        transaction: &Transaction<'_>,
        pair: &KeyValue,
    ) -> rusqlite::Result<(Option<u32>, Fact)> {
        let fact = || Fact::value(&pair.key, &value::to_text(pair.value.as_ref()));
        if !value::is_shared(pair) {
            return Ok((None, fact()));
        }
        let bytes = pair.encode_to_vec();
        let hash = self.hash(&("value", &bytes));
        let (number, fact) = match self.known.get(&hash) {
            Some(known) => *known,
            None if self.values >= MOST_VALUES => return Ok((None, fact())),
            None => {
                transaction
                    .prepare_cached("INSERT INTO span_attributes (key, value) VALUES (?1, ?2)")?
                    .execute(params![pair.key, value::to_sql(pair.value.as_ref())])?;
                self.values = transaction.last_insert_rowid();
                self.remember(hash, self.values, fact())
            }
        };
        Ok((u32::try_from(number).ok(), fact))
    }

    /// The number of a span's name.
    pub(super) fn name(
        &mut self,
        transaction: &Transaction<'_>,
        name: &str,
    ) -> rusqlite::Result<i64> {
        let hash = self.hash(&("name", name));
        if let Some((number, _)) = self.known.get(&hash) {
            return Ok(*number);
        }
        transaction
            .prepare_cached("INSERT INTO span_names (text) VALUES (?1)")?
            .execute([name])?;
        let number = transaction.last_insert_rowid();
        Ok(self.remember(hash, number, Fact::name(number)).0)
    }

    /// The number of a resource, and the name of its service.
    pub(super) fn resource(
        &mut self,
        transaction: &Transaction<'_>,
        resource: &Resource,
    ) -> rusqlite::Result<(i64, String)> {
        let of = otlp::attribution(&resource.attributes);
        let body = resource.encode_to_vec();
        let hash = self.hash(&("resource", &body));
        if let Some((number, _)) = self.known.get(&hash) {
            return Ok((*number, of.service));
        }
        transaction
            .prepare_cached(
                "INSERT INTO span_resources (service, generation, body) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![of.service, of.generation.cast_signed(), body])?;
        let number = transaction.last_insert_rowid();
        self.remember(hash, number, Fact::resource(number));
        Ok((number, of.service))
    }

    /// The number of the library that made spans.
    pub(super) fn scope(
        &mut self,
        transaction: &Transaction<'_>,
        scope: &InstrumentationScope,
    ) -> rusqlite::Result<i64> {
        let body = scope.encode_to_vec();
        let hash = self.hash(&("scope", &body));
        if let Some((number, _)) = self.known.get(&hash) {
            return Ok(*number);
        }
        transaction
            .prepare_cached("INSERT INTO span_scopes (name, body) VALUES (?1, ?2)")?
            .execute(params![scope.name, body])?;
        // Nobody looks for scopes.
        let number = transaction.last_insert_rowid();
        Ok(self.remember(hash, number, Fact::INLINE).0)
    }

    fn remember(&mut self, hash: u128, number: i64, fact: Fact) -> (i64, Fact) {
        if self.known.len() >= MOST_REMEMBERED {
            self.known.clear();
        }
        self.known.insert(hash, (number, fact));
        (number, fact)
    }

    fn hash(&self, value: &impl Hash) -> u128 {
        let [one, other] = &self.hashers;
        u128::from(one.hash_one(value)) << 64 | u128::from(other.hash_one(value))
    }
}
