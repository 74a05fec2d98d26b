//! Table `probe_results`: what probes answered, equal answers in a row as one row. A
//! service that is healthy for a week is one row and not twenty thousand.

use super::{Applied, MOST};
use crate::record::ProbeRow;
use crate::row::ProbeSpan;
use crate::word::{Word, integer, natural};
use benchtop_model::probe::{ProbeRole, Verdict};
use benchtop_model::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params};

/// Rows that are kept of one probe in one run: some probes say something new each time.
const KEPT: i64 = 2000;

/// The newest row of a probe.
struct Newest {
    n: i64,
    generation: u64,
    verdict: Verdict,
    text: String,
    last_at: i64,
}

pub(crate) fn add(connection: &Connection, row: &ProbeRow) -> Result<Applied> {
    match newest(connection, row)? {
        Some(last) if last.is_extended_by(row) => {
            // The same moment again is the same answer again.
            if last.last_at != row.at.0 {
                extend(connection, row, last.n)?;
            }
        }
        last => begin(connection, row, last.map_or(1, |last| last.n + 1))?,
    }
    Ok(Applied::Yes)
}

impl Newest {
    fn is_extended_by(&self, row: &ProbeRow) -> bool {
        self.generation == row.generation
            && self.verdict == row.result.verdict
            && self.text == row.result.text
    }
}

fn newest(connection: &Connection, of: &ProbeRow) -> Result<Option<Newest>> {
    let sql = "SELECT n, generation, verdict, text, last_at FROM probe_results \
               WHERE run = ?1 AND service = ?2 AND role = ?3 ORDER BY n DESC LIMIT 1";
    let parse = |row: &Row<'_>| {
        Ok(Newest {
            n: row.get(0)?,
            generation: natural(row.get(1)?),
            verdict: row.get::<_, Word<_>>(2)?.0,
            text: row.get(3)?,
            last_at: row.get(4)?,
        })
    };
    let key = params![of.run, of.service, Word(of.role)];
    connection
        .prepare_cached(sql)?
        .query_row(key, parse)
        .optional()
}

fn extend(connection: &Connection, row: &ProbeRow, n: i64) -> Result<()> {
    let sql = "UPDATE probe_results SET last_at = ?5, count = count + 1, details = ?6, \
                 latency_min = min(latency_min, ?7), latency_max = max(latency_max, ?7), \
                 latency_sum = latency_sum + ?7 \
               WHERE run = ?1 AND service = ?2 AND role = ?3 AND n = ?4";
    connection.prepare_cached(sql)?.execute(params![
        row.run,
        row.service,
        Word(row.role),
        n,
        row.at.0,
        details(row),
        latency(row),
    ])?;
    Ok(())
}

fn begin(connection: &Connection, row: &ProbeRow, n: i64) -> Result<()> {
    let sql = "INSERT INTO probe_results (run, service, role, n, generation, verdict, text, \
                 details, first_at, last_at, count, latency_min, latency_max, latency_sum) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 1, ?10, ?10, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        row.run,
        row.service,
        Word(row.role),
        n,
        integer(row.generation),
        Word(row.result.verdict),
        row.result.text,
        details(row),
        row.at.0,
        latency(row),
    ])?;
    let old = "DELETE FROM probe_results \
               WHERE run = ?1 AND service = ?2 AND role = ?3 AND n <= ?4";
    let key = params![row.run, row.service, Word(row.role), n - KEPT];
    connection.prepare_cached(old)?.execute(key)?;
    Ok(())
}

/// Adds one that came from elsewhere, behind those of the same probe.
pub(crate) fn import(connection: &Connection, span: &ProbeSpan) -> Result<()> {
    let sql = "INSERT INTO probe_results (run, service, role, n, generation, verdict, text, \
                 details, first_at, last_at, count, latency_min, latency_max, latency_sum) \
               VALUES (?1, ?2, ?3, (SELECT coalesce(max(n), 0) + 1 FROM probe_results \
                   WHERE run = ?1 AND service = ?2 AND role = ?3), \
                 ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    connection.prepare_cached(sql)?.execute(params![
        span.run,
        span.service,
        Word(span.role),
        integer(span.generation),
        Word(span.verdict),
        span.text,
        serde_json::to_string(&span.details).unwrap_or_else(|_| "{}".to_owned()),
        span.first.0,
        span.last.0,
        integer(span.count),
        integer(span.latency_min_us),
        integer(span.latency_max_us),
        integer(span.latency_sum_us),
    ])?;
    Ok(())
}

pub(crate) fn of_run(connection: &Connection, run: &str) -> Result<Vec<ProbeSpan>> {
    let sql = "SELECT * FROM probe_results WHERE run = ?1 ORDER BY service, role, n LIMIT ?2";
    connection
        .prepare_cached(sql)?
        .query_map(params![run, MOST], from_row)?
        .collect()
}

pub(crate) fn since(
    connection: &Connection,
    environment: &str,
    service: &str,
    role: ProbeRole,
    since: Timestamp,
) -> Result<Vec<ProbeSpan>> {
    let sql = "SELECT * FROM (SELECT p.*, r.started FROM runs r \
                 CROSS JOIN probe_results p ON p.run = r.id \
                 WHERE r.environment = ?1 AND p.service = ?2 AND p.role = ?3 AND p.last_at >= ?4 \
                 ORDER BY r.started DESC, p.n DESC LIMIT ?5) \
               ORDER BY started, n";
    let key = params![environment, service, Word(role), since.0, MOST];
    connection
        .prepare_cached(sql)?
        .query_map(key, from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<ProbeSpan> {
    let details: String = row.get("details")?;
    Ok(ProbeSpan {
        run: row.get("run")?,
        service: row.get("service")?,
        generation: natural(row.get("generation")?),
        role: row.get::<_, Word<_>>("role")?.0,
        verdict: row.get::<_, Word<_>>("verdict")?.0,
        text: row.get("text")?,
        details: serde_json::from_str(&details)
            .map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, error.into()))?,
        first: Timestamp(row.get("first_at")?),
        last: Timestamp(row.get("last_at")?),
        count: natural(row.get("count")?),
        latency_min_us: natural(row.get("latency_min")?),
        latency_max_us: natural(row.get("latency_max")?),
        latency_sum_us: natural(row.get("latency_sum")?),
    })
}

fn details(row: &ProbeRow) -> String {
    // A map from text to text has no value that JSON cannot express.
    serde_json::to_string(&row.result.details).unwrap_or_else(|_| "{}".to_owned())
}

/// An hour at most, so that no sum of them leaves the integers.
fn latency(row: &ProbeRow) -> i64 {
    integer(row.result.latency_us).min(3_600_000_000)
}
