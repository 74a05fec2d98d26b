//! Metrics in the file of a run.
//!
//! What is new is appended as one row for all series each 150 ms: a row for each point
//! would touch a page for each series. Once there is 1 MiB of it, or ten minutes, it is
//! sorted into a chunk for each series, and a chart reads those of its series only. Both
//! happen in one transaction, so that a point is in one of the two, whatever crashes.

use super::codec::{Decoder, Encoder};
use super::point::{Descriptor, Point, SeriesKey};
use super::query::{MetricKind, MetricSource, Temporality};
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;

/// zstd's level: as for logs.
const COMPRESSION: i32 = 1;

/// A row never has more bytes than this when it is opened again.
const MOST_BYTES: usize = 64 << 20;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS metric_names (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL, unit TEXT NOT NULL, description TEXT NOT NULL,
        kind TEXT NOT NULL, monotonic INTEGER NOT NULL, temporality TEXT,
        source TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS metric_series (
        id INTEGER PRIMARY KEY, metric INTEGER NOT NULL, service TEXT NOT NULL,
        attributes TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS metric_batches (id INTEGER PRIMARY KEY, points BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS metric_chunks (
        id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, count INTEGER NOT NULL, points BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS metric_chunks_of ON metric_chunks (series, first);";

/// A chunk that is to be written.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) series: u32,
    pub(super) points: Arc<Vec<Point>>,
}

/// First and last moment of a series in chunks.
pub(super) type Spans = HashMap<u32, (i64, i64)>;

pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Whether the file has metrics at all: one of an older version has not.
pub(super) fn exists(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE name = 'metric_chunks'";
    connection.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0))
}

/// Writes series that the dictionary does not have; those it has stay as they are.
pub(super) fn write_series(
    transaction: &Transaction<'_>,
    series: &[(u32, SeriesKey)],
    metrics: &mut HashMap<Arc<Descriptor>, i64>,
) -> rusqlite::Result<()> {
    for (id, key) in series {
        let metric = match metrics.get(&key.metric) {
            Some(id) => *id,
            None => {
                let id = metrics.values().max().copied().unwrap_or(0) + 1;
                write_metric(transaction, id, &key.metric)?;
                metrics.insert(Arc::clone(&key.metric), id);
                id
            }
        };
        let sql = "INSERT OR REPLACE INTO metric_series VALUES (?1, ?2, ?3, ?4)";
        transaction.prepare_cached(sql)?.execute(params![
            id,
            metric,
            key.service,
            word(&key.attributes)
        ])?;
    }
    Ok(())
}

fn write_metric(
    transaction: &Transaction<'_>,
    id: i64,
    metric: &Descriptor,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO metric_names VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        id,
        metric.name,
        metric.unit,
        metric.description,
        word(&metric.kind),
        metric.monotonic,
        metric.temporality.map(|temporality| word(&temporality)),
        word(&metric.source),
    ])?;
    Ok(())
}

/// Appends what is new.
pub(super) fn write_batch(transaction: &Transaction<'_>, points: &[u8]) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO metric_batches (points) VALUES (?1)")?
        .execute([compress(points)?])?;
    Ok(())
}

/// Writes chunks in place of all that was appended; answers how many bytes they have.
pub(super) fn write_chunks(
    transaction: &Transaction<'_>,
    chunks: &[Chunk],
) -> rusqlite::Result<u64> {
    let mut bytes = 0;
    for chunk in chunks {
        let mut encoder = Encoder::default();
        chunk.points.iter().for_each(|point| encoder.point(point));
        let points = compress(&encoder.into_bytes())?;
        bytes += points.len() as u64;
        let times = || chunk.points.iter().map(|point| point.at);
        transaction
            .prepare_cached(
                "INSERT INTO metric_chunks (series, first, last, count, points) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                chunk.series,
                times().min(),
                times().max(),
                chunk.points.len() as i64,
                points
            ])?;
    }
    transaction.execute("DELETE FROM metric_batches", [])?;
    Ok(bytes)
}

/// Takes the oldest chunks away until so many bytes are gone; answers how many bytes and
/// points went.
pub(super) fn remove_oldest(
    transaction: &Transaction<'_>,
    wanted: u64,
) -> rusqlite::Result<(u64, u64)> {
    let (mut bytes, mut points, mut last) = (0, 0, 0);
    let sql = "SELECT id, length(points), count FROM metric_chunks ORDER BY id";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while bytes < wanted
        && let Some(row) = rows.next()?
    {
        last = row.get::<_, i64>(0)?;
        bytes += row.get::<_, i64>(1)?.cast_unsigned();
        points += row.get::<_, i64>(2)?.cast_unsigned();
    }
    drop(rows);
    transaction.execute("DELETE FROM metric_chunks WHERE id <= ?1", [last])?;
    Ok((bytes, points))
}

/// The dictionary: number and key of each series.
pub(super) fn read_series(connection: &Connection) -> rusqlite::Result<Vec<(u32, SeriesKey)>> {
    let metrics = read_metrics(connection)?;
    let sql = "SELECT id, metric, service, attributes FROM metric_series ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let key = metrics.get(&row.get(1)?).map(|metric| SeriesKey {
            metric: Arc::clone(metric),
            service: row.get(2).unwrap_or_default(),
            attributes: read_word(row, 3).unwrap_or_default(),
        });
        Ok((row.get(0)?, key))
    })?;
    let known = rows.map(|row| row.map(|(id, key)| Some((id, key?))));
    known.filter_map(Result::transpose).collect()
}

/// The metrics by their number.
pub(super) fn read_metrics(
    connection: &Connection,
) -> rusqlite::Result<HashMap<i64, Arc<Descriptor>>> {
    let mut statement = connection.prepare("SELECT * FROM metric_names")?;
    let rows = statement.query_map([], |row| {
        let metric = Descriptor {
            name: row.get(1)?,
            unit: row.get(2)?,
            description: row.get(3)?,
            kind: read_word(row, 4).unwrap_or(MetricKind::Gauge),
            monotonic: row.get(5)?,
            temporality: read_word::<Temporality>(row, 6),
            source: read_word(row, 7).unwrap_or(MetricSource::Otlp),
        };
        Ok((row.get(0)?, Arc::new(metric)))
    })?;
    rows.collect()
}

/// What was appended and is in no chunk yet.
pub(super) fn read_batches(connection: &Connection) -> rusqlite::Result<Vec<(u32, Point)>> {
    let sql = "SELECT points FROM metric_batches ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(bytes) = decompress(row.get_ref(0)?.as_blob()?) else {
            tracing::warn!("metrics of 150 ms are damaged and left out");
            continue;
        };
        let mut decoder = Decoder::new(&bytes);
        while !decoder.is_done() {
            let Some(series) = decoder.natural().and_then(|id| u32::try_from(id).ok()) else {
                break;
            };
            let Some(point) = decoder.point() else { break };
            found.push((series, point));
        }
    }
    Ok(found)
}

/// Bytes of all chunks, and the time that each series has.
pub(super) fn read_spans(connection: &Connection) -> rusqlite::Result<(u64, Spans)> {
    let sql = "SELECT series, min(first), max(last), sum(length(points)) \
               FROM metric_chunks GROUP BY series";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut bytes, mut spans) = (0, Spans::new());
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, i64>(3)?.cast_unsigned();
        spans.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
    }
    Ok((bytes, spans))
}

/// Points of a series in chunks that touch this time, oldest chunk first.
pub(super) fn read_points(
    connection: &Connection,
    series: u32,
    (since, until): (i64, i64),
    into: &mut Vec<Point>,
) -> rusqlite::Result<()> {
    let sql = "SELECT points FROM metric_chunks \
               WHERE series = ?1 AND last >= ?2 AND first < ?3 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![series, since, until])?;
    while let Some(row) = rows.next()? {
        let Some(bytes) = decompress(row.get_ref(0)?.as_blob()?) else {
            tracing::warn!("a chunk of a metric is damaged and left out");
            continue;
        };
        let mut decoder = Decoder::new(&bytes);
        while !decoder.is_done() {
            let Some(point) = decoder.point() else { break };
            if (since..until).contains(&point.at) {
                into.push(point);
            }
        }
    }
    Ok(())
}

fn compress(bytes: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, COMPRESSION)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    let most = zstd::zstd_safe::get_frame_content_size(bytes)
        .ok()
        .flatten()?;
    let most = usize::try_from(most)
        .ok()
        .filter(|most| *most <= MOST_BYTES)?;
    zstd::bulk::decompress(bytes, most).ok()
}

/// The word of an enum, and lists, as JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read_word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Option<T> {
    serde_json::from_str(row.get_ref(column).ok()?.as_str().ok()?).ok()
}
