//! The records nearest to one end, collected from several blocks at once.

use crate::block::matches::Matches;
use crate::block::{Block, Summary};
use crate::level::Level;
use crate::log::LogRecord;
use crate::query::LogQuery;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Text in one answer, in bytes: five thousand of the longest lines would be 300 MiB.
const MOST_TEXT: usize = 8 * 1024 * 1024;

/// Which of the matching records are wanted, and those that were found.
///
/// Nearness is the number itself, or its complement where the window begins at the old
/// end: the nearest is always the largest.
pub(super) struct Window {
    after: u64,
    before: u64,
    pub(super) forward: bool,
    limit: usize,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// By nearness.
    records: BTreeMap<u64, LogRecord>,
    text: usize,
    /// Something was left out because it was farther.
    overflow: bool,
}

impl Window {
    pub(super) fn new(query: &LogQuery, most: u32) -> Self {
        Self {
            after: query.after.unwrap_or(0),
            before: query.before.unwrap_or(u64::MAX),
            forward: query.after.is_some(),
            limit: query.limit.clamp(1, most) as usize,
            found: Mutex::default(),
        }
    }

    pub(super) fn overlaps(&self, block: &Summary) -> bool {
        block.last > self.after && block.first < self.before
    }

    fn nearness(&self, seq: u64) -> u64 {
        if self.forward { u64::MAX - seq } else { seq }
    }

    /// No record of the block is nearer than this.
    pub(super) fn bound(&self, block: &Summary) -> u64 {
        self.nearness(if self.forward {
            block.first
        } else {
            block.last
        })
    }

    /// The `before` or `after` with which to go on where everything nearer than this was
    /// looked at.
    pub(super) fn place(forward: bool, bound: u64) -> u64 {
        if forward {
            (u64::MAX - bound).saturating_sub(1)
        } else {
            bound.saturating_add(1)
        }
    }

    /// Whether nothing at this nearness or beyond is wanted any more.
    pub(super) fn is_full_before(&self, nearness: u64) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.is_full(self.limit)
            && found
                .records
                .first_key_value()
                .is_some_and(|(farthest, _)| nearness < *farthest)
    }

    /// Takes what is wanted of a block.
    pub(super) fn offer(&self, block: &Block, service: &str, matches: &Matches, least: Level) {
        let range = block.between(self.after, self.before);
        for step in 0..range.len() {
            let index = if self.forward {
                range.start + step
            } else {
                range.end - 1 - step
            };
            if !matches.contains(index) || block.level(index) < least {
                continue;
            }
            let nearness = self.nearness(block.seq(index));
            if self.is_full_before(nearness) {
                self.lock().overflow = true;
                return;
            }
            let record = block.record(index, service);
            self.lock()
                .add(nearness, record, block.body_bytes(index), self.limit);
        }
    }

    /// The records, oldest first; whether the window is full; whether something farther
    /// was left out. What lies beyond the place where the search stopped is not answered:
    /// something nearer may be missing.
    pub(super) fn finish(self, stopped: Option<u64>) -> (Vec<LogRecord>, bool, bool) {
        let found = self
            .found
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut full = false;
        let mut text = 0;
        let mut records: Vec<LogRecord> = Vec::new();
        for (nearness, record) in found.records.into_iter().rev() {
            text += record.body.len().max(1);
            if stopped.is_some_and(|bound| nearness <= bound) {
                break;
            }
            if records.len() == self.limit || !records.is_empty() && text > MOST_TEXT {
                full = true;
                break;
            }
            records.push(record);
        }
        if !self.forward {
            records.reverse();
        }
        (records, full, found.overflow)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    /// One record beyond the limit tells that there are more.
    fn is_full(&self, limit: usize) -> bool {
        self.records.len() > limit || self.text > MOST_TEXT && self.records.len() > 1
    }

    fn add(&mut self, nearness: u64, record: LogRecord, bytes: usize, limit: usize) {
        self.text += bytes.max(1);
        self.records.insert(nearness, record);
        while self.records.len() > limit + 1
            || self.records.len() > 2 && self.text > MOST_TEXT + self.farthest_bytes()
        {
            if let Some((_, farthest)) = self.records.pop_first() {
                self.text -= farthest.body.len().max(1);
                self.overflow = true;
            }
        }
    }

    fn farthest_bytes(&self) -> usize {
        self.records
            .first_key_value()
            .map_or(0, |(_, record)| record.body.len().max(1))
    }
}
