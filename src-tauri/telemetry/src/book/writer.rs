//! The thread that brings a book to disk.

use super::Shared;
use super::retention;
use super::shelf::{Cut, Sealed};
use crate::block::{MOST_TEXT, tokens};
use crate::file::{self, RunFile, RunWriter, read_block};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How long a line may wait for the disk.
const TURN: Duration = Duration::from_millis(150);

/// How long to wait after the disk has taken nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Filters that are built at a time, between two turns.
const FILTERS_AT_ONCE: usize = 16;

/// Writes until the book is closed.
pub(super) fn run(shared: &Shared) {
    let mut writer = Writer {
        shared,
        open: None,
        looked: None,
    };
    loop {
        let closing = writer.wait();
        let wrote = writer.turn();
        // Also where something is always written, as by many services that say little.
        if !wrote || !shared.lock().is_urgent() {
            writer.filters(closing);
        }
        writer.retain();
        shared.room.notify_all();
        if closing && !wrote {
            return;
        }
    }
}

struct Writer<'a> {
    shared: &'a Shared,
    open: Option<(Arc<RunFile>, RunWriter)>,
    /// When retention was last looked after.
    looked: Option<Instant>,
}

impl Writer<'_> {
    /// Waits for the next turn; whether the book is being closed.
    fn wait(&self) -> bool {
        let shelves = self.shared.lock();
        let now = shelves.closing || shelves.flush_wanted || shelves.is_urgent();
        let span = match () {
            () if shelves.failing => PAUSE,
            () if now => Duration::ZERO,
            () => TURN,
        };
        if shelves.closing {
            return true;
        }
        let waited = self
            .shared
            .work
            .wait_timeout_while(shelves, span, |shelves| {
                !(shelves.closing || shelves.flush_wanted || shelves.is_urgent())
            });
        waited.unwrap_or_else(PoisonError::into_inner).0.closing
    }

    /// One commit; whether there was something, and it was written.
    fn turn(&mut self) -> bool {
        let Some(cut) = self.shared.lock().cut() else {
            return false;
        };
        match self.write(&cut) {
            Ok(rows) => {
                self.shared.lock().committed(cut, &rows);
                true
            }
            Err(error) => {
                self.failed(&error);
                false
            }
        }
    }

    fn write(&mut self, cut: &Cut) -> rusqlite::Result<Vec<i64>> {
        let writer = self.writer_of(&cut.file)?;
        writer.commit(|batch| {
            let mut rows = Vec::with_capacity(cut.sealed.len());
            for sealed in &cut.sealed {
                // It waits in memory for as long as it is not on disk.
                if let Some(block) = sealed.in_memory() {
                    rows.push(batch.block(&sealed.service, &block)?);
                }
            }
            for part in &cut.parts {
                let of = part.block.summary.first;
                if part.anew {
                    batch.forget_parts(of)?;
                }
                batch.part(&part.service, &part.block.tail(part.from), of)?;
            }
            for ((service, generation), position) in &cut.positions {
                batch.position(service, *generation, position)?;
            }
            Ok(rows)
        })
    }

    fn writer_of(&mut self, file: &Arc<RunFile>) -> rusqlite::Result<&mut RunWriter> {
        let same = matches!(&self.open, Some((open, _)) if Arc::ptr_eq(open, file));
        if !same {
            self.open = None;
            let (writer, said) = RunWriter::open(&file.path)?;
            if let Some(said) = said {
                tracing::warn!("{said}");
            }
            self.open = Some((Arc::clone(file), writer));
        }
        match &mut self.open {
            Some((_, writer)) => Ok(writer),
            None => Err(rusqlite::Error::InvalidQuery),
        }
    }

    fn failed(&mut self, error: &rusqlite::Error) {
        let mut shelves = self.shared.lock();
        if !shelves.failing {
            tracing::warn!(
                %error,
                "the log cannot be written; lines are kept in memory and then dropped until it can"
            );
        }
        shelves.failing = true;
        drop(shelves);
        if file::is_damage(error) {
            // Opening it again puts it aside.
            self.open = None;
        }
    }

    /// Builds filters of full blocks, for as long as nothing else is to be done.
    fn filters(&mut self, closing: bool) {
        if closing {
            return;
        }
        let Some(batch) = self.unfiltered() else {
            return;
        };
        let Some(file) = batch.first().and_then(|block| block.file.clone()) else {
            return;
        };
        let built: Vec<_> = batch
            .iter()
            .filter_map(|block| {
                let row = block.row.load(Ordering::Relaxed);
                Some((row, tokens::build(load(block, row)?.text())))
            })
            .collect();
        let written = self.writer_of(&file).and_then(|writer| {
            writer.commit(|batch| {
                built
                    .iter()
                    .try_for_each(|(row, bits)| batch.filter(*row, bits))
            })
        });
        match written {
            Ok(()) => batch
                .iter()
                .for_each(|block| block.filtered.store(true, Ordering::Relaxed)),
            // Without a filter they are searched all the same.
            Err(error) => tracing::debug!(%error, "filters were not written"),
        }
    }

    /// The next blocks of one file that want a filter.
    fn unfiltered(&self) -> Option<Vec<Arc<Sealed>>> {
        let mut shelves = self.shared.lock();
        let first = shelves.unfiltered.pop_front()?;
        let mut batch = vec![first];
        while batch.len() < FILTERS_AT_ONCE
            && let Some(next) = shelves.unfiltered.front()
            && same_file(&batch[0], next)
            && let Some(next) = shelves.unfiltered.pop_front()
        {
            batch.push(next);
        }
        Some(batch)
    }

    fn retain(&mut self) {
        let Some(folder) = &self.shared.folder else {
            return;
        };
        let turn = self.shared.limits.retention_turn;
        if self.looked.is_some_and(|at| at.elapsed() < turn) {
            return;
        }
        self.looked = Some(Instant::now());
        let rule = &self.shared.limits.retention;
        let too_much = retention::apply(self.shared, folder, rule);
        if too_much > 0 {
            let gone = self.shared.lock().take_oldest(too_much);
            let Some(file) = gone.first().and_then(|block| block.file.clone()) else {
                return;
            };
            let deleted = self.writer_of(&file).and_then(|writer| {
                writer.commit(|batch| {
                    gone.iter()
                        .try_for_each(|block| batch.delete(block.row.load(Ordering::Relaxed)))
                })
            });
            if let Err(error) = deleted {
                tracing::warn!(%error, "old blocks of the log cannot be removed");
            }
        }
    }
}

fn same_file(one: &Sealed, other: &Sealed) -> bool {
    match (&one.file, &other.file) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn load(block: &Sealed, row: i64) -> Option<Arc<crate::block::Block>> {
    block.in_memory().or_else(|| {
        let file = block.file.as_ref()?;
        let read = file.read(|connection| {
            Ok(read_block(
                connection,
                row,
                MOST_TEXT.max(block.summary.text_bytes as usize),
            ))
        });
        read.ok()?.map(Arc::new)
    })
}
