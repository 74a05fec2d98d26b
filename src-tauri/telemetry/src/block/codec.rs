//! A block on disk: its text, and a head with all that is not text, each compressed by
//! itself, so that a search that finds nothing never reads the head.
//!
//! The head has columns and not rows, because neighbours in a column resemble each other:
//! numbers and times as differences, generations as runs, stream and level in one byte.

use super::{Block, Entry, Extra, Summary};
use crate::level::{LEVELS, Level};
use crate::log::Stream;
use benchtop_model::time::Timestamp;

/// The first byte of a head.
const VERSION: u8 = 1;

/// A head is never larger, in bytes: colours of the longest lines are in it.
pub(crate) const MOST_HEAD: usize = 64 << 20;

const STREAMS: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::Benchtop];

/// What is written instead of "no extra".
const HAS_EXTRA: u8 = 1 << 5;

impl Block {
    /// All but the text.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.entries.len() * 6 + 64);
        out.push(VERSION);
        put(&mut out, self.entries.len() as u64);
        let (mut seq, mut time, mut start) = (0, 0, 0);
        for entry in &self.entries {
            put(&mut out, entry.seq - seq);
            seq = entry.seq;
        }
        for entry in &self.entries {
            put(&mut out, zigzag(entry.time.0.wrapping_sub(time)));
            time = entry.time.0;
        }
        for entry in &self.entries {
            put(&mut out, u64::from(entry.end - start));
            start = entry.end + 1;
        }
        for entry in &self.entries {
            let extra = if entry.extra > 0 { HAS_EXTRA } else { 0 };
            out.push(entry.stream as u8 | (entry.level as u8) << 2 | extra);
        }
        for run in self.entries.chunk_by(|a, b| a.generation == b.generation) {
            put(&mut out, run.len() as u64);
            put(&mut out, run[0].generation);
        }
        for extra in &self.extras {
            out.push(extra.marks);
            put(&mut out, extra.cut_from.map_or(0, |bytes| bytes + 1));
            match &extra.styled {
                Some(text) => {
                    put(&mut out, text.len() as u64 + 1);
                    out.extend_from_slice(text.as_bytes());
                }
                None => put(&mut out, 0),
            }
        }
        out
    }

    /// Puts head and text together again; `None` where they are damaged.
    pub(crate) fn from_parts(head: &[u8], text: String) -> Option<Self> {
        let mut input = Input(head);
        if input.byte()? != VERSION {
            return None;
        }
        let count = usize::try_from(input.number()?).ok()?;
        if count > super::MOST_RECORDS {
            return None;
        }
        let mut entries = read_entries(&mut input, count, &text)?;
        read_generations(&mut input, &mut entries)?;
        let extras = read_extras(&mut input, &entries)?;
        let mut summary = Summary::default();
        for entry in &entries {
            let text = entry.end as usize + 1;
            summary.add(entry.seq, entry.time, entry.level, entry.stream, text);
        }
        Some(Self {
            text,
            entries,
            styled_bytes: extras.iter().map(Extra::styled_bytes).sum(),
            extras,
            summary,
        })
    }
}

fn read_entries(input: &mut Input<'_>, count: usize, text: &str) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity(count);
    let (mut seq, mut time, mut start, mut extras) = (0_u64, 0_i64, 0_usize, 0);
    for _ in 0..count {
        seq = seq.checked_add(input.number()?)?;
        entries.push(Entry {
            seq,
            time: Timestamp(0),
            generation: 0,
            end: 0,
            extra: 0,
            stream: Stream::Stdout,
            level: Level::Info,
        });
    }
    for entry in &mut entries {
        time = time.wrapping_add(unzigzag(input.number()?));
        entry.time = Timestamp(time);
    }
    for entry in &mut entries {
        let end = start.checked_add(usize::try_from(input.number()?).ok()?)?;
        // Also makes sure that the end lies between letters.
        if text.as_bytes().get(end) != Some(&b'\n') {
            return None;
        }
        entry.end = u32::try_from(end).ok()?;
        start = end + 1;
    }
    for entry in &mut entries {
        let packed = input.byte()?;
        entry.stream = *STREAMS.get(usize::from(packed & 3))?;
        entry.level = *LEVELS.get(usize::from(packed >> 2 & 7))?;
        if packed & HAS_EXTRA != 0 {
            extras += 1;
            entry.extra = extras;
        }
    }
    (start == text.len()).then_some(entries)
}

fn read_generations(input: &mut Input<'_>, entries: &mut [Entry]) -> Option<()> {
    let mut done = 0;
    while done < entries.len() {
        let run = usize::try_from(input.number()?).ok()?;
        let generation = input.number()?;
        let part = entries.get_mut(done..done.checked_add(run.max(1))?)?;
        part.iter_mut()
            .for_each(|entry| entry.generation = generation);
        done += part.len();
    }
    Some(())
}

fn read_extras(input: &mut Input<'_>, entries: &[Entry]) -> Option<Vec<Extra>> {
    let count = entries.iter().filter(|entry| entry.extra > 0).count();
    let mut extras = Vec::with_capacity(count);
    for _ in 0..count {
        let marks = input.byte()?;
        let cut_from = input.number()?.checked_sub(1);
        let styled = match input.number()?.checked_sub(1) {
            Some(length) => {
                let bytes = input.bytes(usize::try_from(length).ok()?)?;
                Some(std::str::from_utf8(bytes).ok()?.into())
            }
            None => None,
        };
        extras.push(Extra {
            styled,
            cut_from,
            marks,
        });
    }
    Some(extras)
}

/// Seven bits in each byte, the lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::Incoming;
    use crate::line::Severity;
    use proptest::prelude::*;

    prop_compose! {
        fn line()(
            time in any::<i64>(),
            stream in 0..3_usize,
            plain in "[a-zäöü\\n]{0,20}",
            styled in prop::option::of("\\PC{0,9}"),
            cut_from in prop::option::of(0..100_usize),
            marks in 0..32_u8,
        ) -> Incoming {
            Incoming {
                time: Timestamp(time),
                stream: STREAMS[stream],
                severity: Severity::Named(Level::Info),
                plain,
                styled: styled.map(String::into_boxed_str),
                cut_from,
                marks,
            }
        }
    }

    proptest! {
        #[test]
        fn a_block_comes_back_as_it_was(
            lines in prop::collection::vec((line(), 1..1000_u64, 0..3_u64, 0..6_usize), 1..60),
        ) {
            let mut block = Block::default();
            let mut seq = 0;
            for (line, step, generation, level) in lines {
                seq += step;
                block.push(seq, generation, LEVELS[level], line);
            }
            let again = Block::from_parts(&block.head(), block.text.clone()).expect("whole");
            prop_assert_eq!(&again.entries, &block.entries);
            prop_assert_eq!(&again.extras, &block.extras);
            prop_assert_eq!(&again.summary, &block.summary);
            let tail = block.tail(block.len() / 2);
            prop_assert_eq!(tail.record(0, "a"), block.record(block.len() / 2, "a"));
        }

        #[test]
        fn damage_is_noticed_or_harmless(
            head in prop::collection::vec(any::<u8>(), 0..60),
            text in "[a\\n]{0,9}",
        ) {
            let mut with_version = vec![VERSION];
            with_version.extend(head);
            if let Some(block) = Block::from_parts(&with_version, text) {
                (0..block.len()).for_each(|index| _ = block.record(index, "a"));
            }
        }
    }
}
