//! How records are spread over time: from what is known of blocks, where a block lies in
//! one bucket, and from their records otherwise.

use super::search::{Bounds, Handle, Look, Snapshot, on_all_cores};
use crate::level::Level;
use crate::query::filter::Filter;
use crate::query::{LogHistogram, LogQuery};
use benchtop_model::time::{Millis, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Buckets of a histogram.
const MOST_BUCKETS: u32 = 2000;

/// Counts the records of a query in buckets. Without times in the query, over the time
/// of the blocks that may have some.
pub(super) fn histogram(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &LogQuery,
    buckets: u32,
    bounds: &Bounds,
) -> LogHistogram {
    let least = query.min_level.unwrap_or(Level::Trace);
    let wanted: Vec<&Handle> = snapshot
        .handles
        .iter()
        .filter(|handle| {
            filter.wants_service(handle.service())
                && filter.may_fit(handle.service(), handle.summary())
                && handle.summary().count_from(least) > 0
        })
        .collect();
    let earliest = wanted.iter().map(|handle| handle.summary().earliest).min();
    let latest = wanted.iter().map(|handle| handle.summary().latest).max();
    let from = query
        .since
        .unwrap_or(Timestamp(earliest.unwrap_or_default()));
    let to = query
        .until
        .unwrap_or(Timestamp(latest.unwrap_or_default().saturating_add(1)));
    let sum = Mutex::new(LogHistogram::empty(
        from,
        to,
        buckets.clamp(1, MOST_BUCKETS),
    ));
    let exact = AtomicBool::new(true);
    let look = Look::new(filter);
    let empty = LogHistogram::empty(from, to, buckets.clamp(1, MOST_BUCKETS));
    let in_one_bucket = |handle: &Handle| {
        let summary = handle.summary();
        let first = empty.bucket(Timestamp(summary.earliest))?;
        let same = empty.bucket(Timestamp(summary.latest)) == Some(first);
        (same && filter.is_plain() && filter.covers(summary)).then_some(first)
    };
    let mut unread = Vec::new();
    for handle in wanted {
        match in_one_bucket(handle) {
            Some(bucket) => {
                let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                for level in least as usize..6 {
                    sum.counts[bucket][level] += u64::from(handle.summary().levels[level]);
                }
            }
            None => unread.push(handle),
        }
    }
    on_all_cores(&unread, |_, handle| {
        if bounds.is_over() {
            exact.store(false, Ordering::Relaxed);
            return false;
        }
        if let Some((block, matches)) = look.at(handle) {
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            for index in 0..block.len() {
                if matches.contains(index) && block.level(index) >= least {
                    sum.add(block.time(index), block.level(index));
                }
            }
        }
        true
    });
    let mut histogram = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    histogram.exact = exact.into_inner();
    histogram
}

impl LogHistogram {
    /// With buckets, all empty, that cover the time.
    fn empty(from: Timestamp, to: Timestamp, buckets: u32) -> Self {
        let span = to.0.saturating_sub(from.0).max(1).unsigned_abs();
        let step = span.div_ceil(u64::from(buckets)).max(1);
        let count = span.div_ceil(step);
        Self {
            from,
            to: Timestamp(from.0.saturating_add_unsigned(count * step)),
            step: Millis(step),
            counts: vec![[0; 6]; usize::try_from(count).unwrap_or_default()],
            exact: true,
        }
    }

    fn bucket(&self, time: Timestamp) -> Option<usize> {
        let since = u64::try_from(time.0.checked_sub(self.from.0)?).ok()?;
        let bucket = usize::try_from(since / self.step.0.max(1)).ok()?;
        (bucket < self.counts.len()).then_some(bucket)
    }

    fn add(&mut self, time: Timestamp, level: Level) {
        if let Some(bucket) = self.bucket(time) {
            self.counts[bucket][level as usize] += 1;
        }
    }
}
