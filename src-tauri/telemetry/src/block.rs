//! Some thousand records of one service, laid out for searching: one text, and a small
//! entry for each record. In memory and, compressed, on disk.

use crate::incoming::Incoming;
use crate::level::Level;
use crate::line;
use crate::log::{LogRecord, Mark, Stream};
use crate::query::filter::Candidate;
use benchtop_model::time::Timestamp;
use std::cell::OnceCell;
use std::ops::Range;

pub(crate) mod codec;
pub(crate) mod matches;
pub(crate) mod tokens;

/// Records in a block.
pub(crate) const MOST_RECORDS: usize = 8192;

/// Text in a block, in bytes: the size at which compression and the cost of reading one
/// in vain were measured to balance.
pub(crate) const MOST_TEXT: usize = 256 * 1024;

/// Records of one service in order of their numbers. Those of other services lie
/// between them, so the numbers have gaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// The texts without colours, one after the other, each with a line end after it.
    text: String,
    entries: Vec<Entry>,
    extras: Vec<Extra>,
    styled_bytes: usize,
    pub(crate) summary: Summary,
}

/// What is known of a block without reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Numbers of the first and the last record.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u32,
    /// Times of the earliest and the latest record.
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
    pub(crate) levels: [u32; 6],
    /// A bit for each stream that occurs.
    pub(crate) streams: u8,
    pub(crate) text_bytes: u32,
}

/// One record. It begins after the line end of the one before it.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    seq: u64,
    time: Timestamp,
    generation: u64,
    /// Where its text ends; the line end follows.
    end: u32,
    /// Place in the extras, counted from 1; 0 where it has none.
    extra: u16,
    stream: Stream,
    level: Level,
}

/// What few records have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Extra {
    styled: Option<Box<str>>,
    cut_from: Option<u64>,
    marks: u8,
}

/// All marks, in the order of their bits.
const MARKS: [Mark; 5] = [
    Mark::Truncated,
    Mark::InvalidUtf8,
    Mark::Binary,
    Mark::Gap,
    Mark::Joined,
];

/// The bit of a mark.
pub(crate) fn mark_bit(mark: Mark) -> u8 {
    1 << mark as u8
}

impl Extra {
    fn styled_bytes(&self) -> usize {
        self.styled.as_ref().map_or(0, |text| text.len())
    }
}

impl Summary {
    fn add(&mut self, seq: u64, time: Timestamp, level: Level, stream: Stream, text: usize) {
        if self.count == 0 {
            (self.first, self.earliest, self.latest) = (seq, time.0, time.0);
        }
        self.last = seq;
        self.count += 1;
        self.earliest = self.earliest.min(time.0);
        self.latest = self.latest.max(time.0);
        self.levels[level as usize] += 1;
        self.streams |= 1 << stream as u8;
        self.text_bytes = text as u32;
    }

    /// Records of this level and above.
    pub(crate) fn count_from(&self, level: Level) -> u64 {
        self.levels[level as usize..]
            .iter()
            .map(|count| u64::from(*count))
            .sum()
    }
}

impl Block {
    pub(crate) fn push(&mut self, seq: u64, generation: u64, level: Level, line: Incoming) {
        self.text.push_str(&line.plain);
        let end = self.text.len() as u32;
        self.text.push('\n');
        let has_extra = line.styled.is_some() || line.cut_from.is_some() || line.marks != 0;
        if has_extra {
            self.styled_bytes += line.styled.as_ref().map_or(0, |text| text.len());
            self.extras.push(Extra {
                styled: line.styled,
                cut_from: line.cut_from.map(|bytes| bytes as u64),
                marks: line.marks,
            });
        }
        self.summary
            .add(seq, line.time, level, line.stream, self.text.len());
        self.entries.push(Entry {
            seq,
            time: line.time,
            generation,
            end,
            extra: if has_extra {
                self.extras.len() as u16
            } else {
                0
            },
            stream: line.stream,
            level,
        });
    }

    pub(crate) fn is_full(&self, next: &Incoming, most_text: usize) -> bool {
        self.len() == MOST_RECORDS
            || !self.text.is_empty() && self.text.len() + next.plain.len() > most_text
    }

    /// The records from this place on, as a block of their own.
    pub(crate) fn tail(&self, from: usize) -> Self {
        let mut tail = Self::default();
        for index in from..self.len() {
            let entry = &self.entries[index];
            let extra = self.extra(index).cloned().unwrap_or_default();
            let line = Incoming {
                time: entry.time,
                stream: entry.stream,
                severity: line::Severity::Named(entry.level),
                plain: self.plain(index).to_owned(),
                styled: extra.styled,
                cut_from: extra.cut_from.map(|bytes| bytes as usize),
                marks: extra.marks,
            };
            tail.push(entry.seq, entry.generation, entry.level, line);
        }
        tail
    }

    /// Gives back what was reserved for further records.
    pub(crate) fn seal(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.extras.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Memory that the block takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.extras.capacity() * size_of::<Extra>()
            + self.styled_bytes
    }

    pub(crate) fn seq(&self, index: usize) -> u64 {
        self.entries[index].seq
    }

    pub(crate) fn level(&self, index: usize) -> Level {
        self.entries[index].level
    }

    pub(crate) fn time(&self, index: usize) -> Timestamp {
        self.entries[index].time
    }

    /// Where the texts end.
    pub(crate) fn ends(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries.iter().map(|entry| entry.end as usize)
    }

    /// The records whose numbers lie after the one and before the other.
    pub(crate) fn between(&self, after: u64, before: u64) -> Range<usize> {
        let start = self.entries.partition_point(|entry| entry.seq <= after);
        let end = self.entries.partition_point(|entry| entry.seq < before);
        start..end.max(start)
    }

    /// The record as a filter looks at it.
    pub(crate) fn candidate<'a>(&'a self, index: usize, service: &'a str) -> Candidate<'a> {
        let entry = &self.entries[index];
        Candidate {
            service,
            time: entry.time,
            generation: entry.generation,
            stream: entry.stream,
            level: entry.level,
            text: self.plain(index),
            fields: OnceCell::new(),
        }
    }

    /// The size of a record's text as it is answered.
    pub(crate) fn body_bytes(&self, index: usize) -> usize {
        self.body(index).len()
    }

    pub(crate) fn record(&self, index: usize, service: &str) -> LogRecord {
        let entry = &self.entries[index];
        let mut fields = line::fields(self.plain(index));
        let extra = self.extra(index);
        if let Some(bytes) = extra.and_then(|extra| extra.cut_from) {
            fields
                .attributes
                .insert("truncated".to_owned(), bytes.to_string());
        }
        let marks = extra.map_or(0, |extra| extra.marks);
        LogRecord {
            seq: entry.seq,
            time: entry.time,
            service: service.to_owned(),
            generation: entry.generation,
            stream: entry.stream,
            severity: entry.level,
            body: self.body(index).to_owned(),
            marks: MARKS
                .into_iter()
                .filter(|mark| marks & mark_bit(*mark) != 0)
                .collect(),
            attributes: fields.attributes,
            trace_id: fields.trace_id,
            span_id: fields.span_id,
        }
    }

    fn plain(&self, index: usize) -> &str {
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.entries[before].end as usize + 1);
        &self.text[start..self.entries[index].end as usize]
    }

    fn body(&self, index: usize) -> &str {
        let styled = self.extra(index).and_then(|extra| extra.styled.as_deref());
        styled.unwrap_or_else(|| self.plain(index))
    }

    fn extra(&self, index: usize) -> Option<&Extra> {
        self.extras
            .get(usize::from(self.entries[index].extra).checked_sub(1)?)
    }
}
