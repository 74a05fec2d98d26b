//! The thread that brings metrics to disk. It sleeps for as long as nothing comes.

use super::Shared;
use super::state::Cut;
use crate::file::{self, RunFile};
use crate::metrics::point::Descriptor;
use crate::metrics::table;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long a point may wait for the disk.
const TURN: Duration = Duration::from_millis(150);

/// How long to wait after the disk has taken nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// A file that is being written.
struct Open {
    file: Arc<RunFile>,
    connection: Connection,
    metrics: HashMap<Arc<Descriptor>, i64>,
}

/// Writes until the book is closed.
pub(super) fn run(shared: &Shared) {
    let mut open = None;
    loop {
        let closing = wait(shared);
        let wrote = turn(shared, &mut open);
        shared.written.notify_all();
        if closing && !wrote {
            return;
        }
    }
}

/// Waits for something to do, and then for more to come; whether the book is being closed.
fn wait(shared: &Shared) -> bool {
    let idle = |state: &mut super::State| !(state.closing || state.has_work());
    let state = shared.work.wait_while(shared.lock(), idle);
    let state = state.unwrap_or_else(PoisonError::into_inner);
    if state.closing {
        return true;
    }
    let span = if state.failing { PAUSE } else { TURN };
    let calm = |state: &mut super::State| !(state.closing || state.flush_wanted);
    let waited = shared.work.wait_timeout_while(state, span, calm);
    waited.unwrap_or_else(PoisonError::into_inner).0.closing
}

/// One commit; whether there was something, and it was written.
fn turn(shared: &Shared, open: &mut Option<Open>) -> bool {
    let Some(cut) = shared.lock().next_cut(&shared.limits) else {
        return false;
    };
    let known = shared.lock().chunk_bytes;
    match write(open, &cut, known, shared.limits.disk) {
        Ok(written) => {
            let mut state = shared.lock();
            state.committed(&cut, written.bytes);
            state.chunk_bytes = state.chunk_bytes.saturating_sub(written.removed);
            state.dropped_points += written.dropped;
            true
        }
        Err(error) => {
            let mut state = shared.lock();
            if !state.failing {
                tracing::warn!(%error, "metrics cannot be written; they are kept in memory and then dropped until they can");
            }
            state.failed(&cut);
            if file::is_damage(&error) {
                // The log book puts the file aside; the next one knows no series.
                state.forget_written();
                *open = None;
            }
            false
        }
    }
}

/// What a commit has changed.
#[derive(Default)]
struct Written {
    bytes: u64,
    removed: u64,
    dropped: u64,
}

fn write(open: &mut Option<Open>, cut: &Cut, known: u64, most: u64) -> rusqlite::Result<Written> {
    let same = matches!(open, Some(open) if Arc::ptr_eq(&open.file, &cut.file));
    if !same {
        *open = None;
        *open = Some(Open::new(&cut.file)?);
    }
    let Some(Open {
        connection,
        metrics,
        ..
    }) = open
    else {
        return Err(rusqlite::Error::InvalidQuery);
    };
    let known_metrics = metrics.clone();
    let written = commit(connection, metrics, cut, known, most);
    if written.is_err() {
        // What was written of the dictionary is undone.
        *metrics = known_metrics;
    }
    written
}

fn commit(
    connection: &mut Connection,
    metrics: &mut HashMap<Arc<Descriptor>, i64>,
    cut: &Cut,
    known: u64,
    most: u64,
) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    // Logs and spans go to the same file from other threads; this waits for them.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    table::write_series(&transaction, &cut.series, metrics)?;
    if !cut.batch.is_empty() {
        table::write_batch(&transaction, &cut.batch)?;
    }
    if let Some(chunks) = &cut.chunks {
        written.bytes = table::write_chunks(&transaction, chunks)?;
        let too_much = (known + written.bytes).saturating_sub(most);
        if too_much > 0 {
            // A tenth more, so that it is not always the next chunk.
            let removed = table::remove_oldest(&transaction, too_much + most / 10)?;
            (written.removed, written.dropped) = removed;
        }
    }
    transaction.commit()?;
    Ok(written)
}

impl Open {
    fn new(file: &Arc<RunFile>) -> rusqlite::Result<Self> {
        let connection = file::connect_writer(&file.path)?;
        table::prepare(&connection)?;
        let metrics = table::read_metrics(&connection)?;
        Ok(Self {
            file: Arc::clone(file),
            connection,
            metrics: metrics
                .into_iter()
                .map(|(id, metric)| (metric, id))
                .collect(),
        })
    }
}
