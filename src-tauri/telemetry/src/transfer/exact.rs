//! Log records as they were kept, for a file that only Benchtop reads: OTLP has no place
//! for colours, for the stream, or for what was done to a line.

use super::AT_ONCE_BYTES;
use crate::book::{KeptRecord, LogBook};
use crate::log::{LogRecord, Mark};
use crate::query::LogQuery;
use serde::{Deserialize, Serialize};
use std::io;

/// Records that are asked for at a time.
const PAGE: u32 = 1000;

/// Records of one start of a service that follow each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptLogs {
    pub(super) service: String,
    pub(super) generation: u64,
    pub(super) records: Vec<KeptRecord>,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LogLine {
    pub(super) logs: KeptLogs,
}

/// Hands over all records of a run, in their order; answers how many there were.
pub(super) fn export(
    book: &LogBook,
    run: &str,
    each: &mut dyn FnMut(LogLine) -> io::Result<()>,
) -> io::Result<u64> {
    let mut query = LogQuery {
        run: Some(run.to_owned()),
        after: Some(0),
        limit: PAGE,
        ..LogQuery::default()
    };
    let (mut all, mut open) = (0, Open::default());
    loop {
        let page = book
            .query(&query)
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        all += page.records.len() as u64;
        for record in page.records {
            if !open.takes(&record)
                && let Some(logs) = open.logs.take()
            {
                each(LogLine { logs })?;
            }
            open.add(record);
        }
        if !page.more {
            break;
        }
        query.after = Some(page.reached);
    }
    if let Some(logs) = open.logs {
        each(LogLine { logs })?;
    }
    Ok(all)
}

/// The line that is being filled.
#[derive(Default)]
struct Open {
    logs: Option<KeptLogs>,
    bytes: usize,
}

impl Open {
    fn takes(&self, record: &LogRecord) -> bool {
        let fits = |logs: &KeptLogs| {
            logs.service == record.service
                && logs.generation == record.generation
                && logs.records.len() < PAGE as usize
                && self.bytes < AT_ONCE_BYTES
        };
        self.logs.as_ref().is_none_or(fits)
    }

    fn add(&mut self, record: LogRecord) {
        let logs = self.logs.get_or_insert_with(|| {
            self.bytes = 0;
            KeptLogs {
                service: record.service.clone(),
                generation: record.generation,
                records: Vec::new(),
            }
        });
        self.bytes += record.body.len();
        logs.records.push(kept(record));
    }
}

fn kept(record: LogRecord) -> KeptRecord {
    let is_cut = record.marks.contains(&Mark::Truncated);
    let cut_from = record.attributes.get("truncated").filter(|_| is_cut);
    KeptRecord {
        time: record.time,
        stream: record.stream,
        level: record.severity,
        cut_from: cut_from.and_then(|bytes| bytes.parse().ok()),
        text: record.body,
        marks: record.marks,
    }
}
