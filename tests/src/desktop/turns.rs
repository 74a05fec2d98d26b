//! At most two windows at a time: more would only make each other wait.

use std::sync::{Condvar, Mutex, PoisonError};

const MOST: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

/// A test's turn; the next one begins when it goes.
#[derive(Debug)]
pub(super) struct Turn;

impl Turn {
    /// Waits for it.
    pub(super) fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = CHANGED
            .wait_while(running, |running| *running >= MOST)
            .unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        CHANGED.notify_one();
    }
}
