//! Table `annotations`: what people say of a run.

use super::Applied;
use crate::row::Annotation;
use rusqlite::{Connection, Result, Row, params};

/// Its columns beside those of a run that may have none.
pub(crate) const COLUMNS: &str = "label, note, coalesce(tags, '[]') AS tags, \
                                  coalesce(pinned, 0) AS pinned";

/// Replaces what was said before.
pub(crate) fn set(connection: &Connection, run: &str, said: &Annotation) -> Result<Applied> {
    let sql = "INSERT INTO annotations (run, label, note, tags, pinned) \
               SELECT id, ?2, ?3, ?4, ?5 FROM runs WHERE id = ?1 \
               ON CONFLICT (run) DO UPDATE SET label = excluded.label, \
                 note = excluded.note, tags = excluded.tags, pinned = excluded.pinned";
    let tags = serde_json::Value::from(said.tags.clone()).to_string();
    Ok(super::one_row(connection.prepare_cached(sql)?.execute(
        params![run, said.label, said.note, tags, said.pinned],
    )?))
}

pub(crate) fn from_row(row: &Row<'_>) -> Result<Annotation> {
    let tags: String = row.get("tags")?;
    Ok(Annotation {
        label: row.get("label")?,
        note: row.get("note")?,
        // Only we write them; a damaged list is an empty one.
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        pinned: row.get("pinned")?,
    })
}
