//! About a thousand records of one service, laid out for searching: one text, and a
//! small entry for each record.

use super::incoming::Incoming;
use crate::level::Level;
use crate::line;
use crate::log::{LogRecord, Stream};
use crate::query::filter::{Candidate, Filter, Kind};
use crate::query::needle::Needle;
use benchtop_model::time::Timestamp;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Records in a chunk.
pub(super) const MOST_RECORDS: usize = 1024;

/// Records of one service in order of their numbers. Those of other services lie
/// between them, so the numbers have gaps.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The texts without colours, one after the other.
    text: String,
    entries: Vec<Entry>,
    extras: Vec<Extra>,
    levels: [u64; 6],
    remembered: Remembered,
}

/// One record. It begins where the one before it ends.
#[derive(Clone, Debug)]
struct Entry {
    seq: u64,
    time: Timestamp,
    generation: u64,
    /// Where its text ends.
    end: u32,
    /// Place in the extras, counted from 1; 0 where it has none.
    extra: u16,
    stream: Stream,
    level: Level,
}

/// What few records have.
#[derive(Clone, Debug)]
struct Extra {
    styled: Option<Box<str>>,
    cut_from: Option<usize>,
}

/// Which records of a chunk have a text in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matches {
    bits: [u64; MOST_RECORDS / 64],
    /// How many they are, per level.
    pub(super) levels: [u64; 6],
}

/// The last search in a chunk and what it found: views ask the same again and again
/// while they follow.
#[derive(Debug, Default)]
struct Remembered(Mutex<Option<(Box<str>, Matches)>>);

impl Clone for Chunk {
    /// A copy is made to be appended to, so it needs no memory of searches.
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            entries: self.entries.clone(),
            extras: self.extras.clone(),
            levels: self.levels,
            remembered: Remembered::default(),
        }
    }
}

impl Chunk {
    pub(super) fn push(&mut self, seq: u64, generation: u64, level: Level, line: Incoming) {
        self.text.push_str(&line.plain);
        let has_extra = line.styled.is_some() || line.cut_from.is_some();
        if has_extra {
            self.extras.push(Extra {
                styled: line.styled,
                cut_from: line.cut_from,
            });
        }
        self.entries.push(Entry {
            seq,
            time: line.time,
            generation,
            end: self.text.len() as u32,
            extra: if has_extra {
                self.extras.len() as u16
            } else {
                0
            },
            stream: line.stream,
            level,
        });
        self.levels[level as usize] += 1;
        self.remembered = Remembered::default();
    }

    /// Gives back what was reserved for further records.
    pub(super) fn seal(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.extras.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Memory that the chunk takes, apart from the texts with colours.
    pub(super) fn own_bytes(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.extras.capacity() * size_of::<Extra>()
    }

    /// Numbers of the first and the last record.
    pub(super) fn ends(&self) -> Option<(u64, u64)> {
        Some((self.entries.first()?.seq, self.entries.last()?.seq))
    }

    pub(super) fn seq(&self, index: usize) -> u64 {
        self.entries[index].seq
    }

    pub(super) fn level(&self, index: usize) -> Level {
        self.entries[index].level
    }

    /// The records whose numbers lie after the one and before the other.
    pub(super) fn between(&self, after: u64, before: u64) -> Range<usize> {
        let start = self.entries.partition_point(|entry| entry.seq <= after);
        let end = self.entries.partition_point(|entry| entry.seq < before);
        start..end.max(start)
    }

    /// The records that have the text; all of them where there is none to look for.
    pub(super) fn matches(&self, service: &str, filter: &Filter) -> Matches {
        let timeless = filter.since.is_none() && filter.until.is_none();
        let needle = match filter.terms.as_slice() {
            [] if timeless => {
                return Matches {
                    bits: [u64::MAX; MOST_RECORDS / 64],
                    levels: self.levels,
                };
            }
            [test] if timeless && !test.negated => match &test.kind {
                Kind::Text(needle) => needle,
                _ => return self.ask_each(service, filter),
            },
            _ => return self.ask_each(service, filter),
        };
        let mut remembered = self
            .remembered
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*remembered {
            Some((text, matches)) if **text == *needle.text() => *matches,
            _ => {
                let matches = self.look_for(needle);
                *remembered = Some((needle.text().into(), matches));
                matches
            }
        }
    }

    fn ask_each(&self, service: &str, filter: &Filter) -> Matches {
        let mut matches = Matches {
            bits: [0; MOST_RECORDS / 64],
            levels: [0; 6],
        };
        for (index, entry) in self.entries.iter().enumerate() {
            let candidate = Candidate {
                service,
                time: entry.time,
                generation: entry.generation,
                stream: entry.stream,
                level: entry.level,
                text: self.plain(index),
                fields: std::cell::OnceCell::new(),
            };
            if filter.holds(&candidate) {
                matches.bits[index / 64] |= 1 << (index % 64);
                matches.levels[entry.level as usize] += 1;
            }
        }
        matches
    }

    fn look_for(&self, needle: &Needle) -> Matches {
        let mut matches = Matches {
            bits: [0; MOST_RECORDS / 64],
            levels: [0; 6],
        };
        let ends = self.entries.iter().map(|entry| entry.end as usize);
        needle.find_in_parts(&self.text, ends, |index| {
            matches.bits[index / 64] |= 1 << (index % 64);
            matches.levels[self.entries[index].level as usize] += 1;
        });
        matches
    }

    /// The size of a record's text as it is answered.
    pub(super) fn body_bytes(&self, index: usize) -> usize {
        self.body(index).len()
    }

    pub(super) fn record(&self, index: usize, service: &str) -> LogRecord {
        let entry = &self.entries[index];
        let mut fields = line::fields(self.plain(index));
        if let Some(bytes) = self.extra(index).and_then(|extra| extra.cut_from) {
            fields
                .attributes
                .insert("truncated".to_owned(), bytes.to_string());
        }
        LogRecord {
            seq: entry.seq,
            time: entry.time,
            service: service.to_owned(),
            generation: entry.generation,
            stream: entry.stream,
            severity: entry.level,
            body: self.body(index).to_owned(),
            marks: Vec::new(),
            attributes: fields.attributes,
            trace_id: fields.trace_id,
            span_id: fields.span_id,
        }
    }

    fn plain(&self, index: usize) -> &str {
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.entries[before].end as usize);
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

impl Matches {
    pub(super) fn contains(&self, index: usize) -> bool {
        self.bits[index / 64] >> (index % 64) & 1 == 1
    }

    /// Whether any of them has this level or a higher one.
    pub(super) fn any_from(&self, level: Level) -> bool {
        self.levels[level as usize..].iter().any(|count| *count > 0)
    }
}
