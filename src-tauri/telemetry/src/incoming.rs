//! A line that has been read but has no number yet: all the work on one line that
//! needs no lock.

use crate::block::mark_bit;
use crate::book::RawLine;
use crate::level::Level;
use crate::line::{self, Severity, ansi};
use crate::log::{Mark, Stream};
use benchtop_model::time::Timestamp;

/// Longer lines are cut, in bytes. A file that is printed by mistake is one such line.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;

/// Bytes of a letter in UTF-8.
const LONGEST_LETTER: usize = 4;

/// A line that is ready to be kept.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) time: Timestamp,
    pub(crate) stream: Stream,
    pub(crate) severity: Severity,
    /// Without colours; this is searched.
    pub(crate) plain: String,
    /// As written, where that is something else.
    pub(crate) styled: Option<Box<str>>,
    /// How many bytes it had before it was cut.
    pub(crate) cut_from: Option<usize>,
    /// A bit for each mark.
    pub(crate) marks: u8,
}

impl Incoming {
    /// Says that so many records before it were dropped, the latest of this time.
    pub(crate) fn gap(count: u64, latest: i64) -> Self {
        Self {
            time: Timestamp(latest),
            stream: Stream::Benchtop,
            severity: Severity::Named(Level::Warn),
            plain: format!(
                "output is missing here: the disk took nothing, and {count} records were dropped"
            ),
            styled: None,
            cut_from: None,
            marks: mark_bit(Mark::Gap),
        }
    }
}

pub(crate) fn read(line: RawLine) -> Incoming {
    let RawLine {
        time,
        stream,
        mut text,
        marks,
    } = line;
    let mut marks = marks
        .into_iter()
        .fold(0, |bits, mark| bits | mark_bit(mark));
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    let cut_from = (text.len() > LONGEST_LINE).then_some(text.len());
    if cut_from.is_some() {
        text.truncate(line::cut(&text, LONGEST_LINE).len());
    }
    if cut_from.is_some() || text.len() > LONGEST_LINE - LONGEST_LETTER {
        // A source that cuts long lines itself cuts them at this length, or at the end of
        // the last letter before it.
        marks |= mark_bit(Mark::Truncated);
    }
    if !text.is_ascii() && text.contains(char::REPLACEMENT_CHARACTER) {
        marks |= mark_bit(Mark::InvalidUtf8);
    }
    let (text, styled) = if ansi::has_controls(&text) {
        let cleaned = ansi::clean(&text);
        if cleaned.binary {
            marks |= mark_bit(Mark::Binary);
        }
        let styled = cleaned.styled.map(String::into_boxed_str);
        (cleaned.plain, styled)
    } else {
        (text, None)
    };
    Incoming {
        time,
        stream,
        severity: line::severity(&text, stream),
        plain: text,
        styled,
        cut_from,
        marks,
    }
}
