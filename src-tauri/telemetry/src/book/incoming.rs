//! A line that has been read but has no number yet: all the work on one line that
//! needs no lock.

use super::RawLine;
use crate::line::{self, Severity, ansi};
use crate::log::Stream;
use benchtop_model::time::Timestamp;

/// Longer lines are cut, in bytes. A file that is printed by mistake is one such line.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// A line that is ready to be kept.
pub(super) struct Incoming {
    pub(super) time: Timestamp,
    pub(super) stream: Stream,
    pub(super) severity: Severity,
    /// Without colours; this is searched.
    pub(super) plain: String,
    /// As written, where that is something else.
    pub(super) styled: Option<Box<str>>,
    /// How many bytes it had before it was cut.
    pub(super) cut_from: Option<usize>,
}

pub(super) fn read(line: RawLine) -> Incoming {
    let RawLine {
        time,
        stream,
        mut text,
    } = line;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    let cut_from = (text.len() > LONGEST_LINE).then_some(text.len());
    text.truncate(line::cut(&text, LONGEST_LINE).len());
    let (plain, styled) = match ansi::strip(&text) {
        Some(plain) => (plain, Some(text.into_boxed_str())),
        None => (text, None),
    };
    Incoming {
        time,
        stream,
        severity: line::severity(&plain, stream),
        plain,
        styled,
        cut_from,
    }
}
