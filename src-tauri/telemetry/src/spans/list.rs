//! Finds traces, and says how those that match are spread.

use super::filter::{Filter, Ready};
use super::read::{COLUMNS, Stored, millis};
use super::value;
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
struct Found {
    id: i64,
    start: i64,
    duration: u64,
    failed: bool,
}

/// The answer to a query.
pub(super) fn list(
    connection: &Connection,
    query: &TraceQuery,
    filter: &Filter,
    limit: Duration,
) -> rusqlite::Result<TracePage> {
    let end = Instant::now() + limit;
    let mut found = candidates(connection, query)?;
    if !query.services.is_empty() {
        let wanted = of_services(connection, &query.services)?;
        found.retain(|one| wanted.contains(&one.id));
    }
    let mut complete = true;
    if !filter.terms.is_empty() {
        let wanted: HashSet<i64> = found.iter().map(|one| one.id).collect();
        let (fitting, all) = fitting(connection, filter, &wanted, end)?;
        found.retain(|one| fitting.contains(&one.id));
        complete = all;
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

fn candidates(connection: &Connection, query: &TraceQuery) -> rusqlite::Result<Vec<Found>> {
    let ns = |time: benchtop_model::time::Timestamp| time.0.saturating_mul(1_000_000);
    let number = |value: Option<u64>, absent| {
        value.map_or(absent, |value| i64::try_from(value).unwrap_or(i64::MAX))
    };
    connection
        .prepare_cached(
            "SELECT id, start, finish - start, errors FROM traces \
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

/// The wanted traces whose spans fit; and whether all were looked at in time.
fn fitting(
    connection: &Connection,
    filter: &Filter,
    wanted: &HashSet<i64>,
    end: Instant,
) -> rusqlite::Result<(HashSet<i64>, bool)> {
    let ready = filter.ready(connection)?;
    let (not, all): (Vec<&Ready<'_>>, Vec<_>) = ready.iter().partition(|term| term.negated());
    let mut judged: HashMap<i64, Judged> = HashMap::new();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT trace, {COLUMNS} FROM spans ORDER BY trace DESC"
    ))?;
    let mut rows = statement.query([])?;
    let (mut count, mut complete) = (0_usize, true);
    while let Some(row) = rows.next()? {
        count += 1;
        if count.is_multiple_of(STRIDE) && Instant::now() >= end {
            complete = false;
            break;
        }
        let trace: i64 = row.get(0)?;
        if !wanted.contains(&trace) {
            continue;
        }
        let of = judged.entry(trace).or_default();
        if of.spoiled || of.fits && not.is_empty() {
            continue;
        }
        let span = Stored::from_row(row, 1)?;
        of.fits |= all.iter().all(|term| term.fits(&span));
        of.spoiled |= not.iter().any(|term| term.fits(&span));
    }
    let fitting = judged.into_iter().filter(|(_, of)| of.fits && !of.spoiled);
    Ok((fitting.map(|(trace, _)| trace).collect(), complete))
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
            })
            .collect();
        let chosen = sample(&found);
        assert!(chosen.len() <= MOST_DOTS, "{}", chosen.len());
        assert!(chosen.contains(&31_337) && chosen.contains(&4_242));
        assert!(chosen.first() == Some(&0) && chosen.last().is_some_and(|last| *last > 49_000));
    }
}
