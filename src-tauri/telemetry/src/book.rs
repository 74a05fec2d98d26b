//! The newest log lines of one environment, in bounded memory.

use crate::log::Stream;
use crate::query::filter::Filter;
use crate::query::language::QueryError;
use crate::query::{LogPage, LogQuery};
use benchtop_model::time::Timestamp;
use shelf::Shelves;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

mod chunk;
mod derived;
mod incoming;
mod search;
mod shelf;

/// Records in one answer.
const MOST_RECORDS: u32 = 5000;

/// Memory of a book, where nothing else is said, in bytes.
const DEFAULT_SIZE: usize = 64 * 1024 * 1024;

/// A line as it comes from a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// When it was written.
    pub time: Timestamp,
    /// Where it was written.
    pub stream: Stream,
    /// The text; a line end is taken off.
    pub text: String,
}

/// The log of one environment. Records are numbered in order of arrival, from 1.
///
/// All methods may be called from any thread and none waits for another for long: a
/// search, however large, holds no lock.
#[derive(Debug)]
pub struct LogBook {
    shelves: Mutex<Shelves>,
    newest: watch::Sender<u64>,
}

impl Default for LogBook {
    fn default() -> Self {
        Self::new(DEFAULT_SIZE)
    }
}

impl LogBook {
    /// A book that takes at most so many bytes; never less than half a MiB, which the
    /// longest lines need.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            shelves: Mutex::new(Shelves::new(max_bytes)),
            newest: watch::Sender::new(0),
        }
    }

    /// Appends lines of one service, in their order. Where memory is full, the oldest
    /// lines of the service that has the most of it go.
    pub fn push(&self, service: &str, generation: u64, lines: Vec<RawLine>) {
        if lines.is_empty() {
            return;
        }
        let incoming: Vec<_> = lines.into_iter().map(incoming::read).collect();
        let newest = self.shelves().append(service, generation, incoming);
        // Another push may have told a later number meanwhile.
        self.newest.send_if_modified(|told| {
            let later = newest > *told;
            *told = newest.max(*told);
            later
        });
    }

    /// Answers with the window that was asked for.
    ///
    /// # Errors
    /// What of the query's text cannot be understood.
    pub fn query(&self, query: &LogQuery) -> Result<LogPage, QueryError> {
        let filter = Filter::new(query)?;
        let snapshot = self.shelves().snapshot();
        Ok(search::search(&snapshot, &filter, query))
    }

    /// Number of the newest record; 0 where there was none yet.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.shelves().newest()
    }

    /// Records that were pushed out of memory since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shelves().dropped()
    }

    /// Memory that the records take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shelves().bytes()
    }

    /// Tells the number of the newest record whenever it changes. However slow the
    /// receiver, it finds one number and not a queue of them.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
