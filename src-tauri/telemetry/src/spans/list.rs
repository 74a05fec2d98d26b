//! Finds traces, and says how those that match are spread.

use super::filter::{Filter, Ready, prepare};
use super::read::{COLUMNS, Stored, millis};
use super::{skip, value};
use crate::trace::{
    Percentiles, ServiceSpans, TraceDot, TraceOrder, TracePage, TraceQuery, TraceSummary,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Traces in one answer.
const MOST_TRACES: u32 = 1000;

/// Dots in one answer: more than a picture has room for.
const MOST_DOTS: usize = 2000;

/// So many of them are the slowest, and so many the newest that failed.
const CHOSEN_DOTS: usize = 200;

/// Rows between two looks at the clock.
const STRIDE: usize = 4096;

/// A trace as far as it is needed to choose.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) start: i64,
    pub(super) duration: u64,
    pub(super) failed: bool,
    pub(super) spans: i64,
}

/// The answer to a query.
pub(super) fn list(
    connection: &Connection,
    query: &TraceQuery,
    filter: &Filter,
    limit: Duration,
) -> rusqlite::Result<TracePage> {
    let end = Instant::now() + limit;
    // Traces, filters and spans as they were at one moment.
    let snapshot = connection.unchecked_transaction()?;
    let connection: &Connection = &snapshot;
    let mut found = candidates(connection, query)?;
    if !query.services.is_empty() {
        let wanted = of_services(connection, &query.services)?;
        found.retain(|one| wanted.contains(&one.id));
    }
    let mut complete = true;
    if !filter.terms.is_empty() {
        complete = keep_fitting(connection, filter, &mut found, end)?;
    }
    match query.order {
        TraceOrder::Newest => found.sort_by_key(|one| std::cmp::Reverse((one.start, one.id))),
        TraceOrder::Slowest => found.sort_by_key(|one| std::cmp::Reverse((one.duration, one.id))),
    }
    let begin = query
        .before
        .as_deref()
        .map_or(0, |cursor| behind(&found, query.order, cursor));
    let limit = query.limit.min(MOST_TRACES) as usize;
    let window = &found[begin..(begin + limit).min(found.len())];
    let more = limit > 0 && begin + limit < found.len();
    let traces = window
        .iter()
        .map(|one| summary(connection, one.id))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(TracePage {
        traces: traces.into_iter().flatten().collect(),
        next: window
            .last()
            .filter(|_| more)
            .map(|last| cursor(last, query.order)),
        matched: found.len() as u64,
        percentiles: percentiles(found.iter().map(|one| one.duration).collect()),
        errors: found.iter().filter(|one| one.failed).count() as u64,
        scatter: scatter(connection, &found)?,
        spans_dropped: 0,
        complete,
    })
}

pub(super) fn candidates(
    connection: &Connection,
    query: &TraceQuery,
) -> rusqlite::Result<Vec<Found>> {
    let ns = |time: benchtop_model::time::Timestamp| time.0.saturating_mul(1_000_000);
    let number = |value: Option<u64>, absent| {
        value.map_or(absent, |value| i64::try_from(value).unwrap_or(i64::MAX))
    };
    connection
        .prepare_cached(
            "SELECT id, start, finish - start, errors, spans FROM traces \
             WHERE spans > 0 AND start >= ?1 AND start < ?2 AND finish - start BETWEEN ?3 AND ?4 \
               AND errors >= ?5",
        )?
        .query_map(
            params![
                query.since.map_or(i64::MIN, ns),
                query.until.map_or(i64::MAX, ns),
                number(query.min_ns, i64::MIN),
                number(query.max_ns, i64::MAX),
                i64::from(query.errors_only),
            ],
            |row| {
                Ok(Found {
                    id: row.get(0)?,
                    start: row.get(1)?,
                    duration: row.get::<_, i64>(2)?.unsigned_abs(),
                    failed: row.get::<_, i64>(3)? > 0,
                    spans: row.get(4)?,
                })
            },
        )?
        .collect()
}

fn of_services(connection: &Connection, services: &[String]) -> rusqlite::Result<HashSet<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT trace FROM trace_services WHERE service = ?1")?;
    let mut all = HashSet::new();
    for service in services {
        for trace in statement.query_map([service], |row| row.get(0))? {
            all.insert(trace?);
        }
    }
    Ok(all)
}

/// What is known of a trace's spans so far.
#[derive(Default)]
struct Judged {
    /// A span met all terms without a minus.
    fits: bool,
    /// A span had what must not be there.
    spoiled: bool,
}

/// Leaves the traces whose spans fit; answers whether all were looked at in time.
fn keep_fitting(
    connection: &Connection,
    filter: &Filter,
    found: &mut Vec<Found>,
    end: Instant,
) -> rusqlite::Result<bool> {
    let mut ready = filter.ready(connection)?;
    let asked: Vec<&Ready<'_>> = ready.iter().filter(|term| !term.negated()).collect();
    skip::skip(connection, &asked, found)?;
    let spans = found.iter().map(|one| one.spans.unsigned_abs()).sum();
    prepare(connection, &mut ready, spans)?;
    let (not, all) = ready.iter().partition(|term| term.negated());
    let mut judge = Judge {
        not,
        all,
        judged: HashMap::new(),
        count: 0,
        end,
    };
    let complete = judge.read(connection, found)?;
    let fits = |of: &Judged| of.fits && !of.spoiled;
    found.retain(|one| judge.judged.get(&one.id).is_some_and(fits));
    Ok(complete)
}

/// Reads spans and keeps what they say of their traces.
struct Judge<'a> {
    not: Vec<&'a Ready<'a>>,
    all: Vec<&'a Ready<'a>>,
    judged: HashMap<i64, Judged>,
    /// Rows so far.
    count: usize,
    end: Instant,
}

impl Judge<'_> {
    /// Reads the spans of these traces; whether all were read in time.
    fn read(&mut self, connection: &Connection, found: &[Found]) -> rusqlite::Result<bool> {
        let (low, high) = skip::range(found);
        // Where most are wanted, the others are passed by more quickly than they are left out.
        if (found.len() as i64).saturating_mul(4) > high.saturating_sub(low) {
            let wanted: HashSet<i64> = found.iter().map(|one| one.id).collect();
            let sql = format!(
                "SELECT trace, {COLUMNS} FROM spans WHERE trace BETWEEN ?1 AND ?2 \
                 ORDER BY trace DESC"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            return self.rows(statement.query([low, high])?, &wanted);
        }
        let sql = format!("SELECT trace, {COLUMNS} FROM spans WHERE trace = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut ids: Vec<i64> = found.iter().map(|one| one.id).collect();
        ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
        for id in ids {
            if !self.rows(statement.query([id])?, &HashSet::from([id]))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn rows(
        &mut self,
        mut rows: rusqlite::Rows<'_>,
        wanted: &HashSet<i64>,
    ) -> rusqlite::Result<bool> {
        while let Some(row) = rows.next()? {
            self.count += 1;
            if self.count.is_multiple_of(STRIDE) && Instant::now() >= self.end {
                return Ok(false);
            }
            let trace: i64 = row.get(0)?;
            if !wanted.contains(&trace) {
                continue;
            }
            let of = self.judged.entry(trace).or_default();
            if of.spoiled || of.fits && self.not.is_empty() {
                continue;
            }
            let span = Stored::from_row(row, 1)?;
            of.fits = of.fits || holds_all(&self.all, &span)?;
            for term in &self.not {
                of.spoiled = of.spoiled || term.fits(&span)?;
            }
        }
        Ok(true)
    }
}

fn holds_all(terms: &[&Ready<'_>], span: &Stored) -> rusqlite::Result<bool> {
    for term in terms {
        if !term.fits(span)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn cursor(last: &Found, order: TraceOrder) -> String {
    match order {
        TraceOrder::Newest => format!("{}:{}", last.start, last.id),
        TraceOrder::Slowest => format!("{}:{}", last.duration, last.id),
    }
}

/// Index of the first trace behind a cursor; of one that makes no sense, the first.
fn behind(found: &[Found], order: TraceOrder, cursor: &str) -> usize {
    let parts = cursor.split_once(':');
    let Some((key, id)) =
        parts.and_then(|(key, id)| Some((key.parse::<i64>().ok()?, id.parse::<i64>().ok()?)))
    else {
        return 0;
    };
    let of = |one: &Found| match order {
        TraceOrder::Newest => (one.start, one.id),
        TraceOrder::Slowest => (i64::try_from(one.duration).unwrap_or(i64::MAX), one.id),
    };
    found.partition_point(|one| of(one) >= (key, id))
}

fn summary(connection: &Connection, id: i64) -> rusqlite::Result<Option<TraceSummary>> {
    let services = connection
        .prepare_cached(
            "SELECT service, spans FROM trace_services WHERE trace = ?1 ORDER BY spans DESC, service",
        )?
        .query_map([id], |row| {
            Ok(ServiceSpans {
                service: row.get(0)?,
                spans: row.get(1)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    connection
        .prepare_cached(
            "SELECT trace_id, n.text, service, route, start, finish - start, spans, errors, \
               root_rank, status_code FROM traces t LEFT JOIN span_names n ON n.id = t.name \
             WHERE t.id = ?1",
        )?
        .query_row([id], |row| {
            Ok(TraceSummary {
                trace_id: value::hex(row.get_ref(0)?.as_blob()?),
                name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                service: row.get(2)?,
                route: row.get(3)?,
                start: millis(row.get(4)?),
                duration_ns: row.get::<_, i64>(5)?.unsigned_abs(),
                spans: row.get(6)?,
                errors: row.get(7)?,
                services,
                root_missing: row.get::<_, i64>(8)? > 0,
                status_code: row
                    .get::<_, Option<i64>>(9)?
                    .and_then(|code| u16::try_from(code).ok()),
            })
        })
        .optional()
}

/// How long these took, by the nearest rank.
pub(super) fn percentiles(mut durations: Vec<u64>) -> Percentiles {
    durations.sort_unstable();
    let at = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100).max(1);
        durations.get(rank - 1).copied().unwrap_or_default()
    };
    Percentiles {
        p50_ns: at(50),
        p90_ns: at(90),
        p99_ns: at(99),
        max_ns: at(100),
    }
}

fn scatter(connection: &Connection, found: &[Found]) -> rusqlite::Result<Vec<TraceDot>> {
    let mut statement = connection.prepare_cached("SELECT trace_id FROM traces WHERE id = ?1")?;
    let mut dots = Vec::new();
    for one in sample(found).into_iter().map(|index| &found[index]) {
        dots.push(TraceDot {
            trace_id: statement
                .query_row([one.id], |row| Ok(value::hex(row.get_ref(0)?.as_blob()?)))?,
            start: millis(one.start),
            duration_ns: one.duration,
            error: one.failed,
        });
    }
    Ok(dots)
}

/// Which are shown where there are too many: the slowest, those that failed, and of the
/// others every so manieth.
fn sample(found: &[Found]) -> Vec<usize> {
    if found.len() <= MOST_DOTS {
        return (0..found.len()).collect();
    }
    let mut by_length: Vec<usize> = (0..found.len()).collect();
    by_length.sort_by_key(|&index| std::cmp::Reverse(found[index].duration));
    let mut chosen: HashSet<usize> = by_length.into_iter().take(CHOSEN_DOTS).collect();
    let failed = (0..found.len()).filter(|&index| found[index].failed);
    chosen.extend(failed.take(MOST_DOTS / 2));
    let room = MOST_DOTS - chosen.len();
    let step = found.len().div_ceil(room);
    chosen.extend((0..found.len()).step_by(step));
    let mut chosen: Vec<usize> = chosen.into_iter().collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_there() {
        let all = percentiles((1..=200).rev().collect());
        assert_eq!(
            (all.p50_ns, all.p90_ns, all.p99_ns, all.max_ns),
            (100, 180, 198, 200)
        );
        assert_eq!(percentiles(vec![7]).p50_ns, 7);
        assert_eq!(percentiles(Vec::new()), Percentiles::default());
    }

    #[test]
    fn the_slowest_and_the_failed_are_among_few_dots() {
        let found: Vec<Found> = (0..50_000)
            .map(|id| Found {
                id,
                start: id,
                duration: if id == 31_337 {
                    99_999
                } else {
                    (id % 100).unsigned_abs()
                },
                failed: id == 4_242,
                spans: 1,
            })
            .collect();
        let chosen = sample(&found);
        assert!(chosen.len() <= MOST_DOTS, "{}", chosen.len());
        assert!(chosen.contains(&31_337) && chosen.contains(&4_242));
        assert!(chosen.first() == Some(&0) && chosen.last().is_some_and(|last| *last > 49_000));
    }
}
