//! The chunks of all services, and which of them go when there are too many.

use super::chunk::{Chunk, MOST_RECORDS};
use super::incoming::{Incoming, LONGEST_LINE};
use crate::level::Level;
use crate::line::Severity;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A few of the longest lines with their colours, and the slack of their chunks.
const LEAST_SIZE: usize = 8 * LONGEST_LINE;

/// Text in a chunk, in bytes, for long lines. What is dropped at once is a chunk.
const MOST_TEXT: usize = 256 * 1024;

/// All chunks, by service.
#[derive(Debug)]
pub(super) struct Shelves {
    shelves: BTreeMap<Arc<str>, Shelf>,
    bytes: usize,
    most_bytes: usize,
    newest: u64,
    dropped: u64,
}

/// The chunks of one service, oldest first. Only the last is appended to.
#[derive(Debug, Default)]
struct Shelf {
    chunks: VecDeque<Stored>,
    bytes: usize,
    /// Generation and level of the last record of each stream, for the lines that
    /// continue it.
    last: [Option<(u64, Level)>; 3],
}

/// A chunk and its size. A reader may hold it, too; then a push copies it first.
#[derive(Debug, Default)]
struct Stored {
    chunk: Arc<Chunk>,
    /// Texts with colours, which the chunk does not count itself.
    styled: usize,
    bytes: usize,
}

/// What a search looks at: the chunks of one moment.
pub(super) struct Snapshot {
    pub(super) chunks: Vec<(Arc<str>, Arc<Chunk>)>,
    pub(super) newest: u64,
    pub(super) dropped: u64,
}

impl Shelves {
    pub(super) fn new(most_bytes: usize) -> Self {
        let most_bytes = most_bytes.max(LEAST_SIZE);
        Self {
            shelves: BTreeMap::new(),
            bytes: 0,
            most_bytes,
            newest: 0,
            dropped: 0,
        }
    }

    /// Numbers the lines and keeps them. Answers with the last number.
    pub(super) fn append(&mut self, service: &str, generation: u64, lines: Vec<Incoming>) -> u64 {
        if !self.shelves.contains_key(service) {
            self.shelves.insert(service.into(), Shelf::default());
        }
        let most_text = (self.most_bytes / 64).min(MOST_TEXT);
        for line in lines {
            self.newest += 1;
            if let Some(shelf) = self.shelves.get_mut(service) {
                self.bytes -= shelf.bytes;
                shelf.append(self.newest, generation, line, most_text);
                self.bytes += shelf.bytes;
            }
            self.make_room();
        }
        self.newest
    }

    /// All chunks, as they are now.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut chunks = Vec::new();
        for (name, shelf) in &self.shelves {
            chunks.extend(
                shelf
                    .chunks
                    .iter()
                    .map(|one| (name.clone(), one.chunk.clone())),
            );
        }
        Snapshot {
            chunks,
            newest: self.newest,
            dropped: self.dropped,
        }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A service that floods pushes out its own lines, not those of the quiet ones.
    fn make_room(&mut self) {
        while self.bytes > self.most_bytes {
            let largest = self.shelves.values_mut().max_by_key(|shelf| shelf.bytes);
            let Some(oldest) = largest.and_then(Shelf::drop_oldest) else {
                return;
            };
            self.bytes -= oldest.bytes;
            self.dropped += oldest.chunk.len() as u64;
        }
    }
}

impl Shelf {
    fn append(&mut self, seq: u64, generation: u64, line: Incoming, most_text: usize) {
        let level = self.level(generation, &line);
        let full = self
            .chunks
            .back()
            .is_none_or(|last| last.is_full(&line, most_text));
        if full {
            self.seal();
            self.chunks.push_back(Stored::default());
        }
        if let Some(last) = self.chunks.back_mut() {
            self.bytes -= last.bytes;
            last.styled += line.styled.as_ref().map_or(0, |text| text.len());
            Arc::make_mut(&mut last.chunk).push(seq, generation, level, line);
            self.bytes += last.measure();
        }
    }

    /// The level of a line, which it may have from the line before it.
    fn level(&mut self, generation: u64, line: &Incoming) -> Level {
        let last = &mut self.last[line.stream as usize];
        let level = match (line.severity, *last) {
            (Severity::Named(level), _) => level,
            (Severity::Continued(_), Some((same, level))) if same == generation => level,
            (Severity::Continued(alone), _) => alone,
        };
        *last = Some((generation, level));
        level
    }

    fn seal(&mut self) {
        if let Some(last) = self.chunks.back_mut() {
            self.bytes -= last.bytes;
            Arc::make_mut(&mut last.chunk).seal();
            self.bytes += last.measure();
        }
    }

    fn drop_oldest(&mut self) -> Option<Stored> {
        let oldest = self.chunks.pop_front()?;
        self.bytes -= oldest.bytes;
        Some(oldest)
    }
}

impl Stored {
    fn is_full(&self, next: &Incoming, most_text: usize) -> bool {
        let text = self.chunk.text_bytes();
        self.chunk.len() == MOST_RECORDS || text > 0 && text + next.plain.len() > most_text
    }

    fn measure(&mut self) -> usize {
        self.bytes = self.chunk.own_bytes() + self.styled;
        self.bytes
    }
}
