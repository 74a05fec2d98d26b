//! The tables of spans in a run's telemetry file.
//!
//! A span takes about 114 bytes: its named values are numbers into a dictionary (JSON text
//! would take three times as much). Spans lie in the order of their traces, so that a trace
//! is read in one go, and the key makes it harmless to receive a span twice. Long and nested
//! values are not in the dictionary but with their span, so that it stays small.
//!
//! A commit leaves one filter for each of its traces (`facts`), some seven bytes a span: a
//! search for a value skips what cannot have it. The part of a filter is the number of spans
//! that the trace had with it, which is another one each time.

use rusqlite::Connection;

/// Made where they are not there: a file of an earlier version has none of them.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS span_attributes (id INTEGER PRIMARY KEY, key TEXT NOT NULL, value);
    CREATE TABLE IF NOT EXISTS span_names (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS span_resources (
        id INTEGER PRIMARY KEY, service TEXT NOT NULL, generation INTEGER NOT NULL,
        body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS span_scopes (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS traces (
        id INTEGER PRIMARY KEY,
        trace_id BLOB NOT NULL UNIQUE,
        start INTEGER NOT NULL,
        finish INTEGER NOT NULL,
        spans INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        root_rank INTEGER NOT NULL,
        root_start INTEGER NOT NULL,
        name INTEGER NOT NULL,
        service TEXT NOT NULL,
        route TEXT,
        status_code INTEGER);
    CREATE INDEX IF NOT EXISTS traces_by_start ON traces (start);
    CREATE TABLE IF NOT EXISTS trace_services (
        service TEXT NOT NULL, trace INTEGER NOT NULL, spans INTEGER NOT NULL,
        PRIMARY KEY (trace, service)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS trace_filters (
        trace INTEGER NOT NULL, part INTEGER NOT NULL, spans INTEGER NOT NULL,
        bits BLOB NOT NULL,
        PRIMARY KEY (trace, part)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS spans (
        trace INTEGER NOT NULL,
        id INTEGER NOT NULL,
        parent INTEGER,
        resource INTEGER NOT NULL,
        scope INTEGER NOT NULL,
        name INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        status INTEGER NOT NULL,
        start INTEGER NOT NULL,
        duration INTEGER NOT NULL,
        copies INTEGER NOT NULL DEFAULT 0,
        attributes BLOB NOT NULL,
        message TEXT,
        extra BLOB,
        PRIMARY KEY (trace, id)) WITHOUT ROWID;";

/// Whether the file has spans at all.
pub(super) fn is_there(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'spans'",
        )?
        .query_row([], |row| Ok(row.get::<_, i64>(0)? > 0))
}
