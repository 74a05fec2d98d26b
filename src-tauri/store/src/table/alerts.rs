//! Table `alerts`: what people were told of, in the run it happened in.

use super::{Applied, MOST};
use crate::word::Word;
use benchtop_model::alert::Alert;
use benchtop_model::time::Timestamp;
use rusqlite::{Connection, Result, Row, params};

/// Alerts that are kept of one run: a service that fails every three minutes for a month
/// makes more.
const KEPT: u32 = 2000;

/// Keeps it as it is now.
pub(crate) fn keep(connection: &Connection, alert: &Alert) -> Result<Applied> {
    let sql = "INSERT INTO alerts (run, number, service, status, cause, next, affected, since, \
                 closed, ending, times) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
               ON CONFLICT (run, number) DO UPDATE SET service = excluded.service, \
                 status = excluded.status, cause = excluded.cause, next = excluded.next, \
                 affected = excluded.affected, since = excluded.since, \
                 closed = excluded.closed, ending = excluded.ending, times = excluded.times";
    connection.prepare_cached(sql)?.execute(params![
        alert.run,
        alert.number,
        alert.service,
        Word(alert.status),
        alert.cause,
        alert.next,
        serde_json::Value::from(alert.affected.clone()).to_string(),
        alert.since.0,
        alert.closed.map(|at| at.0),
        alert.ending.map(Word),
        alert.times,
    ])?;
    let old = "DELETE FROM alerts WHERE run = ?1 AND number <= ?2 AND closed IS NOT NULL";
    let oldest = alert.number.saturating_sub(KEPT);
    connection
        .prepare_cached(old)?
        .execute(params![alert.run, oldest])?;
    Ok(Applied::Yes)
}

/// It is part of another one.
pub(crate) fn withdraw(connection: &Connection, run: &str, number: u32) -> Result<Applied> {
    let sql = "DELETE FROM alerts WHERE run = ?1 AND number = ?2";
    connection
        .prepare_cached(sql)?
        .execute(params![run, number])?;
    Ok(Applied::Yes)
}

/// What was open in runs that nobody goes on with ended with the last that is known of them.
pub(crate) fn interrupt(connection: &Connection) -> Result<()> {
    let sql = "UPDATE alerts SET ending = 'run_ended', closed = max(since, coalesce( \
                 (SELECT max(at) FROM transitions t WHERE t.run = alerts.run), since)) \
               WHERE closed IS NULL AND run IN (SELECT id FROM runs WHERE interrupted)";
    connection.execute(sql, [])?;
    Ok(())
}

/// The alerts of a run, newest first.
pub(crate) fn of_run(connection: &Connection, run: &str) -> Result<Vec<Alert>> {
    let sql = "SELECT * FROM alerts WHERE run = ?1 ORDER BY number DESC LIMIT ?2";
    connection
        .prepare_cached(sql)?
        .query_map(params![run, MOST], from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<Alert> {
    let affected: String = row.get("affected")?;
    Ok(Alert {
        run: row.get("run")?,
        number: row.get("number")?,
        service: row.get("service")?,
        status: row.get::<_, Word<_>>("status")?.0,
        cause: row.get("cause")?,
        next: row.get("next")?,
        // Only we write them; a damaged list is an empty one.
        affected: serde_json::from_str(&affected).unwrap_or_default(),
        since: Timestamp(row.get("since")?),
        closed: row.get::<_, Option<i64>>("closed")?.map(Timestamp),
        ending: row.get::<_, Option<Word<_>>>("ending")?.map(|word| word.0),
        times: row.get("times")?,
    })
}
