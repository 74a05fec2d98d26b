//! The thread that brings spans to disk.

use super::dictionary::Dictionary;
use super::{Refused, Shared, Waiting, commit, schema};
use crate::file::{self, RunFile, RunWriter};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Spans of one commit, so that no answer waits for too long.
const AT_ONCE: u64 = 20_000;

/// Writes until the store is closed.
pub(super) fn run(shared: &Shared) {
    let mut writer = Writer { shared, open: None };
    while let Some(batch) = writer.wait() {
        let answer = writer.write(&batch);
        for (index, waiting) in batch.into_iter().enumerate() {
            let new = match &answer {
                Ok(again) => Ok(without(waiting.request, index, again)),
                Err(refused) => Err(*refused),
            };
            // Who handed it over may have gone away.
            _ = waiting.done.send(new);
        }
        shared.changed.send_modify(|count| *count += 1);
        writer.evict();
    }
}

/// The request without the spans that were there already.
fn without(
    mut request: ExportTraceServiceRequest,
    index: usize,
    again: &HashSet<(usize, u64)>,
) -> ExportTraceServiceRequest {
    if again.is_empty() {
        return request;
    }
    let mut place = 0..;
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|one| &mut one.scope_spans);
    for scope in scopes {
        scope.spans.retain(|_| {
            let place = place.next().unwrap_or_default();
            !again.contains(&(index, place))
        });
    }
    request
}

struct Writer<'a> {
    shared: &'a Shared,
    open: Option<Open>,
}

/// The file that is written to.
struct Open {
    file: Arc<RunFile>,
    writer: RunWriter,
    dictionary: Dictionary,
    /// What its spans take.
    bytes: u64,
}

impl Writer<'_> {
    /// The next requests; `None` where the store is closed and all is written.
    fn wait(&self) -> Option<Vec<Waiting>> {
        let queue = self.shared.lock();
        let waited = self
            .shared
            .work
            .wait_while(queue, |queue| queue.waiting.is_empty() && !queue.closing);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        let (mut batch, mut spans) = (Vec::new(), 0);
        while spans < AT_ONCE
            && let Some(next) = queue.waiting.pop_front()
        {
            spans += next.spans;
            batch.push(next);
        }
        queue.spans -= spans;
        (!batch.is_empty()).then_some(batch)
    }

    /// Answers which spans were there already.
    fn write(&mut self, batch: &[Waiting]) -> Result<HashSet<(usize, u64)>, Refused> {
        let file = self.shared.book.run_file(None).ok_or(Refused::NoRun)?;
        let written = self.open(file).and_then(|open| {
            let requests: Vec<_> = batch.iter().map(|waiting| &waiting.request).collect();
            let connection = open.writer.connection();
            let written = commit::commit(connection, &mut open.dictionary, &requests)?;
            open.bytes += written.bytes;
            Ok(written.again)
        });
        written.map_err(|error| {
            tracing::warn!(%error, "spans cannot be written; their senders are asked to try again");
            if file::is_damage(&error) {
                // Opening it again puts it aside.
                self.open = None;
            }
            Refused::Disk
        })
    }

    fn open(&mut self, file: Arc<RunFile>) -> rusqlite::Result<&mut Open> {
        let same = matches!(&self.open, Some(open) if Arc::ptr_eq(&open.file, &file));
        if !same {
            self.open = None;
            let (mut writer, said) = RunWriter::open(&file.path)?;
            if let Some(said) = said {
                tracing::warn!("{said}");
            }
            let connection = writer.connection();
            connection.execute_batch(schema::SCHEMA)?;
            self.open = Some(Open {
                dictionary: Dictionary::open(connection)?,
                bytes: commit::bytes(connection)?,
                writer,
                file,
            });
        }
        self.open.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Removes the oldest traces where there are too many, a tenth at a time.
    fn evict(&mut self) {
        let limit = self.shared.limits.bytes;
        let Some(open) = self.open.as_mut().filter(|open| open.bytes > limit) else {
            return;
        };
        match commit::evict(open.writer.connection(), open.bytes - limit / 10 * 9) {
            Ok((spans, bytes)) => {
                open.bytes = open.bytes.saturating_sub(bytes);
                self.shared.dropped.fetch_add(spans, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, "old traces cannot be removed"),
        }
    }
}
