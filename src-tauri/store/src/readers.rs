//! Connections for reading: at most two at a time, opened when first needed.

use crate::connection;
use crate::error::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Where reads go.
pub(crate) enum Readers {
    /// To connections of their own: readers and the writer never wait for each other.
    File {
        path: PathBuf,
        places: Box<[Mutex<Option<Connection>>; 2]>,
    },
    /// To the writer's connection, between two transactions: a database in memory
    /// has no other.
    Memory(Arc<Mutex<Connection>>),
}

impl Readers {
    pub(crate) fn of_file(path: PathBuf) -> Self {
        Self::File {
            path,
            places: Box::new([Mutex::new(None), Mutex::new(None)]),
        }
    }

    /// Asks one question.
    pub(crate) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Memory(connection) => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(question(&connection)?)
            }
            Self::File { path, places } => {
                let mut place = free(places);
                let connection = match place.take() {
                    Some(connection) => connection,
                    None => connection::to_read(path)?,
                };
                let answer = question(&connection)?;
                // Only after success: a connection that failed is not used again.
                *place = Some(connection);
                Ok(answer)
            }
        }
    }
}

/// The first place that nobody uses, else the turn at the first.
fn free(places: &[Mutex<Option<Connection>>; 2]) -> MutexGuard<'_, Option<Connection>> {
    for place in places {
        match place.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    places[0].lock().unwrap_or_else(PoisonError::into_inner)
}
