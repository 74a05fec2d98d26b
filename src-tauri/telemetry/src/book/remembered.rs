//! What was counted in full blocks for the last few questions: views ask the same again
//! and again while they follow, and a full block does not change any more.

use crate::query::LogQuery;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Questions that are remembered.
const MOST_QUESTIONS: usize = 4;

/// Blocks that are remembered for each: 3 MiB.
const MOST_BLOCKS: usize = 64 * 1024;

/// The part of a query that decides what fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    text: String,
    since: Option<i64>,
    until: Option<i64>,
}

/// Counts per level, by the number of a block's first record.
type Counts = HashMap<u64, [u32; 6]>;

/// The last questions, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<VecDeque<(Question, Counts)>>);

impl Question {
    pub(super) fn of(query: &LogQuery) -> Self {
        Self {
            text: query.text.clone().unwrap_or_default(),
            since: query.since.map(|time| time.0),
            until: query.until.map(|time| time.0),
        }
    }
}

impl Remembered {
    /// Takes what is known out; [`Self::put`] brings it back.
    pub(super) fn take(&self, question: &Question) -> Counts {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter_mut().find(|(known, _)| known == question);
        known.map(|(_, counts)| counts.clone()).unwrap_or_default()
    }

    pub(super) fn put(&self, question: Question, counts: Counts) {
        if counts.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|(known, _)| *known == question)
            && let Some((question, mut known)) = all.remove(at)
        {
            if known.len() < MOST_BLOCKS {
                known.extend(counts);
            }
            all.push_back((question, known));
            return;
        }
        if all.len() == MOST_QUESTIONS {
            all.pop_front();
        }
        all.push_back((question, counts));
    }
}
