//! Answering a query from the chunks of one moment.

use super::MOST_RECORDS;
use super::chunk::{Chunk, Matches};
use super::shelf::Snapshot;
use crate::level::Level;
use crate::log::LogRecord;
use crate::query::filter::Filter;
use crate::query::{LogPage, LogQuery, ServiceCount};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Text in one answer, in bytes: five thousand of the longest lines would be 300 MiB.
const MOST_TEXT: usize = 8 * 1024 * 1024;

/// Answers a query.
pub(super) fn search(snapshot: &Snapshot, filter: &Filter, query: &LogQuery) -> LogPage {
    let mut levels = [0; 6];
    let mut services: Vec<ServiceCount> = Vec::new();
    let mut parts = Vec::with_capacity(snapshot.chunks.len());
    let window = Window::new(query);
    for (service, chunk) in &snapshot.chunks {
        let wanted = filter.wants_service(service);
        if !wanted && !filter.is_plain() {
            continue;
        }
        let matches = chunk.matches(service, filter);
        if filter.is_plain() {
            count(&mut services, service, &matches, window.min_level);
        }
        if !wanted {
            continue;
        }
        for (sum, count) in levels.iter_mut().zip(matches.levels) {
            *sum += count;
        }
        parts.push(Part {
            service,
            chunk,
            matches,
        });
    }
    let chosen = window.choose(&parts);
    let (mut records, more) = window.take(&parts, chosen);
    if query.limit == 0 {
        records.clear();
    }
    LogPage {
        newest: snapshot.newest,
        more,
        dropped: snapshot.dropped,
        matched: Some(levels[window.min_level as usize..].iter().sum()),
        levels,
        services,
        complete: true,
        reached: if window.forward {
            records.last().map_or(snapshot.newest, |record| record.seq)
        } else {
            records.first().map_or(0, |record| record.seq)
        },
        scanned_bytes: 0,
        records,
    }
}

fn count(services: &mut Vec<ServiceCount>, service: &str, matches: &Matches, least: Level) {
    let records: u64 = matches.levels[least as usize..].iter().sum();
    match services.iter_mut().find(|one| one.service == service) {
        Some(one) => one.records += records,
        None => services.push(ServiceCount {
            service: service.to_owned(),
            records,
        }),
    }
}

/// A chunk and what matches in it.
struct Part<'a> {
    service: &'a str,
    chunk: &'a Arc<Chunk>,
    matches: Matches,
}

/// Which of the matching records are wanted.
struct Window {
    after: u64,
    before: u64,
    min_level: Level,
    /// From the old end on; otherwise from the new end back.
    forward: bool,
    limit: usize,
}

/// A record: how near it is to the end that the window begins at, the nearest largest,
/// and where it stands.
type Candidate = (u64, usize, usize);

impl Window {
    fn new(query: &LogQuery) -> Self {
        Self {
            after: query.after.unwrap_or(0),
            before: query.before.unwrap_or(u64::MAX),
            min_level: query.min_level.unwrap_or(Level::Trace),
            forward: query.after.is_some(),
            limit: query.limit.clamp(1, MOST_RECORDS) as usize,
        }
    }

    fn nearness(&self, seq: u64) -> u64 {
        if self.forward { u64::MAX - seq } else { seq }
    }

    /// The nearest records that match, nearest first, and one more than the limit
    /// where there is one.
    fn choose(&self, parts: &[Part<'_>]) -> Vec<Candidate> {
        let mut order: Vec<(u64, usize)> = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            if let Some((first, last)) = part.chunk.ends()
                && part.matches.any_from(self.min_level)
                && last > self.after
                && first < self.before
            {
                order.push((
                    self.nearness(if self.forward { first } else { last }),
                    place,
                ));
            }
        }
        order.sort_unstable_by_key(|(nearness, _)| Reverse(*nearness));

        let mut nearest = BinaryHeap::with_capacity(self.limit + 2);
        for (nearness, place) in order {
            if self.is_beyond(&nearest, nearness) {
                break;
            }
            self.choose_in(&parts[place], place, &mut nearest);
        }
        nearest
            .into_sorted_vec()
            .into_iter()
            .map(|Reverse(candidate)| candidate)
            .collect()
    }

    fn choose_in(
        &self,
        part: &Part<'_>,
        place: usize,
        nearest: &mut BinaryHeap<Reverse<Candidate>>,
    ) {
        let range = part.chunk.between(self.after, self.before);
        for step in 0..range.len() {
            let index = if self.forward {
                range.start + step
            } else {
                range.end - 1 - step
            };
            if !part.matches.contains(index) || part.chunk.level(index) < self.min_level {
                continue;
            }
            let nearness = self.nearness(part.chunk.seq(index));
            if self.is_beyond(nearest, nearness) {
                return;
            }
            nearest.push(Reverse((nearness, place, index)));
            if nearest.len() > self.limit + 1 {
                nearest.pop();
            }
        }
    }

    /// Whether there are enough nearer ones already.
    fn is_beyond(&self, nearest: &BinaryHeap<Reverse<Candidate>>, nearness: u64) -> bool {
        nearest.len() > self.limit
            && nearest
                .peek()
                .is_some_and(|Reverse((farthest, ..))| nearness < *farthest)
    }

    /// The records, oldest first, and whether there are more of them.
    fn take(&self, parts: &[Part<'_>], chosen: Vec<Candidate>) -> (Vec<LogRecord>, bool) {
        let mut text = 0;
        let fits = |(_, place, index): &&Candidate| {
            let first = text == 0;
            text += parts[*place].chunk.body_bytes(*index).max(1);
            first || text <= MOST_TEXT
        };
        let taken = chosen.iter().take(self.limit).take_while(fits);
        let mut records: Vec<LogRecord> = taken
            .map(|&(_, place, index)| parts[place].chunk.record(index, parts[place].service))
            .collect();
        let more = chosen.len() > records.len();
        if !self.forward {
            records.reverse();
        }
        (records, more)
    }
}
