//! How long services took to answer, for each thing they are asked: their server spans by
//! name, which by OpenTelemetry's rules is method and route.

use super::list::percentiles;
use crate::trace::RouteLatency;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Routes that are told apart in a run; more are left out.
const MOST_ROUTES: usize = 1000;

/// Lengths that are kept of each route: of more answers every second one, then every
/// fourth, stands for all.
const MOST_LENGTHS: usize = 20_000;

/// The number of a server span in the protocol.
const SERVER: i64 = 2;

/// Answers of one route.
#[derive(Default)]
struct Answers {
    count: u64,
    errors: u64,
    lengths: Vec<u64>,
    /// One of so many is kept.
    every: u64,
}

impl Answers {
    fn add(&mut self, length: u64, failed: bool) {
        self.every = self.every.max(1);
        if self.count.is_multiple_of(self.every) {
            self.lengths.push(length);
        }
        self.count += 1;
        self.errors += u64::from(failed);
        if self.lengths.len() > MOST_LENGTHS {
            self.every *= 2;
            let mut at = 0_u64;
            self.lengths.retain(|_| {
                at += 1;
                !at.is_multiple_of(2)
            });
        }
    }
}

/// By service and route. Of a run that is too large for the time limit, what was seen.
pub(super) fn routes(
    connection: &Connection,
    limit: Duration,
) -> rusqlite::Result<Vec<RouteLatency>> {
    let end = Instant::now() + limit;
    let services = texts(connection, "SELECT id, service FROM span_resources")?;
    let names = texts(connection, "SELECT id, text FROM span_names")?;
    let mut found: BTreeMap<(&str, &str), Answers> = BTreeMap::new();
    let mut statement = connection
        .prepare_cached("SELECT resource, name, duration, status FROM spans WHERE kind = ?1")?;
    let mut rows = statement.query([SERVER])?;
    let mut seen = 0_u32;
    while let Some(row) = rows.next()? {
        seen = seen.wrapping_add(1);
        if seen.is_multiple_of(1024) && Instant::now() >= end {
            break;
        }
        let service = services.get(&row.get(0)?).map_or("", String::as_str);
        let name = names.get(&row.get(1)?).map_or("", String::as_str);
        let length = row.get::<_, i64>(2)?.unsigned_abs();
        if found.len() < MOST_ROUTES || found.contains_key(&(service, name)) {
            let failed = row.get::<_, i64>(3)? == 2;
            found
                .entry((service, name))
                .or_default()
                .add(length, failed);
        }
    }
    let latency = |((service, route), answers): ((&str, &str), Answers)| RouteLatency {
        service: service.to_owned(),
        route: route.to_owned(),
        count: answers.count,
        errors: answers.errors,
        percentiles: percentiles(answers.lengths),
    };
    Ok(found.into_iter().map(latency).collect())
}

fn texts(connection: &Connection, sql: &str) -> rusqlite::Result<HashMap<i64, String>> {
    connection
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_answers_is_thinned_and_still_tells_the_truth() {
        let mut answers = Answers::default();
        (0..1_000_000_u64).for_each(|n| answers.add(n % 1000, false));
        assert!(answers.lengths.len() <= MOST_LENGTHS);
        assert_eq!(answers.count, 1_000_000);
        let told = percentiles(answers.lengths);
        assert!((400..600).contains(&told.p50_ns), "{told:?}");
    }
}
