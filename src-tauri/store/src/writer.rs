//! The one that writes: a thread that owns the write connection.

use crate::error::{StoreError, may_pass};
use crate::message::Message;
use crate::queue::Inbox;
use crate::table::{self, Applied, runs};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// At most so many messages in one transaction, so that a flush behind a long queue
/// is answered in steps and a rollback does not repeat all of it.
const BATCH: usize = 512;

/// How long a disk that refuses a write is left alone.
const PAUSE: Duration = Duration::from_millis(250);

/// Runs that are kept of each environment.
const KEPT_RUNS: u32 = 500;

/// Runs that are deleted in one go: between two goes, writes get their turn.
const DELETED_AT_ONCE: u32 = 20;

pub(crate) struct Writer {
    pub(crate) inbox: Inbox,
    /// Shared only where the database is in memory and readers have no other.
    pub(crate) connection: Arc<Mutex<Connection>>,
}

impl Writer {
    /// Works until no handle is left and all is written.
    pub(crate) fn run(self) {
        let mut pruning = true;
        while let Some(first) = self.next(&mut pruning) {
            let batch = self.gather(first);
            pruning |= batch
                .iter()
                .any(|message| matches!(message, Message::RunStarted(_)));
            let committed = self.commit(&batch);
            for message in batch {
                if let Message::Flush(done) = message {
                    // The asker may have given up waiting.
                    done.try_send(committed).ok();
                }
            }
        }
    }

    /// Waits for work, and deletes old runs while there is none.
    fn next(&self, pruning: &mut bool) -> Option<Message> {
        while *pruning {
            match self.inbox.waiting() {
                Ok(message) => return Some(message),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => *pruning = self.prune(),
            }
        }
        self.inbox.next().ok()
    }

    fn gather(&self, first: Message) -> Vec<Message> {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(message) = self.inbox.waiting()
        {
            batch.push(message);
        }
        batch
    }

    /// Writes a batch, again and again while the disk may yet take it.
    fn commit(&self, batch: &[Message]) -> bool {
        let mut complained = false;
        loop {
            let error = match self.write(batch) {
                Ok(refused) => {
                    self.inbox.counters.add_refused(refused);
                    return true;
                }
                Err(error) => error,
            };
            let closing = self.inbox.counters.closing.load(Ordering::Relaxed);
            let again = may_pass(&error) && !closing;
            if !again || !complained {
                tracing::error!(error = %StoreError::from(error), again, "history not written");
                complained = true;
            }
            if !again {
                self.inbox.counters.add_unwritten(records(batch));
                return false;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// One transaction. Answers how many messages did not fit; they alone are left out.
    fn write(&self, batch: &[Message]) -> rusqlite::Result<u64> {
        if records(batch) == 0 {
            return Ok(0);
        }
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // The lock comes first: a transaction that begins by reading can fail at its
        // first write, and no waiting helps it.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut refused = 0;
        for message in batch {
            match table::apply(&transaction, message) {
                Ok(Applied::Yes) => {}
                Ok(Applied::Nowhere) => refused += 1,
                Err(error) if may_pass(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, ?message, "history refused a record");
                    refused += 1;
                }
            }
        }
        transaction.commit()?;
        Ok(refused)
    }

    /// Deletes a few old runs; whether there may be more.
    fn prune(&self) -> bool {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match runs::delete_old(&connection, KEPT_RUNS, DELETED_AT_ONCE) {
            Ok(deleted) => deleted > 0,
            Err(error) => {
                // The next start tries again; a full disk needs no second complaint.
                tracing::warn!(%error, "old runs not deleted");
                false
            }
        }
    }
}

/// How many of the messages are to be written.
fn records(batch: &[Message]) -> u64 {
    batch
        .iter()
        .filter(|message| !matches!(message, Message::Flush(_)))
        .count() as u64
}
