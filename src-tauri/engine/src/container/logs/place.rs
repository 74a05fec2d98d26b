//! How far the output of a container was taken, in a form in which the runtime's own log
//! can be asked for the rest.

use crate::sink::Origin;
use std::fmt;
use std::str::FromStr;

/// A place in both streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// In standard output.
    pub out: Mark,
    /// In standard error.
    pub err: Mark,
}

/// A place in one stream: of the lines that the runtime's log has from a moment on, the
/// first so many were taken, and so many bytes of the one after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Nanoseconds since 1970, by the runtime's log.
    pub since: i64,
    /// Whole lines.
    pub lines: u64,
    /// Bytes of an unfinished line that is so long that it is kept in pieces.
    pub bytes: u64,
    /// All these lines bear the very time `since`; otherwise they were only counted.
    pub exact: bool,
    /// [`checksum`] of the last of them; 0 where it is not known.
    pub last: u32,
}

impl Place {
    /// Before everything that was written from this moment on.
    #[must_use]
    pub fn at(since: i64) -> Self {
        let mark = Mark {
            since,
            ..Mark::default()
        };
        Self {
            out: mark,
            err: mark,
        }
    }

    pub(super) fn mark(&mut self, origin: Origin) -> &mut Mark {
        match origin {
            Origin::Stderr => &mut self.err,
            Origin::Stdout | Origin::Benchtop => &mut self.out,
        }
    }
}

/// Tells lines apart without keeping them. Whatever is not ASCII is left out: runtimes
/// differ in how they replace what is no UTF-8.
#[must_use]
pub(super) fn checksum(line: &str) -> u32 {
    let step = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let ascii = line.bytes().filter(u8::is_ascii);
    ascii.fold(0x811c_9dc5, step).max(1)
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{};{}", self.out, self.err)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (since, lines, bytes, last) = (self.since, self.lines, self.bytes, self.last);
        write!(
            out,
            "{since}.{lines}.{bytes}.{}.{last}",
            u8::from(self.exact)
        )
    }
}

/// The text of a position is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    /// A number alone is what earlier versions wrote: everything up to that time.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if let Ok(until) = text.parse::<i64>() {
            return Ok(Self::at(until.saturating_add(1)));
        }
        let (out, err) = text.split_once(';').ok_or(NoPlace)?;
        Ok(Self {
            out: out.parse()?,
            err: err.parse()?,
        })
    }
}

impl FromStr for Mark {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let mut read = || {
            Some(Self {
                since: number()?,
                lines: number()?.try_into().ok()?,
                bytes: number()?.try_into().ok()?,
                exact: number()? == 1,
                last: number()?.try_into().ok()?,
            })
        };
        read().ok_or(NoPlace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place {
            out: Mark {
                since: 1_795_330_800_000_000_001,
                lines: 3,
                bytes: 65536,
                exact: false,
                last: u32::MAX,
            },
            err: Mark {
                exact: true,
                ..Mark::default()
            },
        };
        assert_eq!(place.to_string().parse(), Ok(place));
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read_and_nonsense_is_not() {
        assert_eq!("17".parse(), Ok(Place::at(18)));
        for text in ["", "x", "1;2", "1.2.3.1;", "1.-2.3.1.4;1.2.3.1.4"] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }

    #[test]
    fn a_checksum_leaves_out_what_was_no_text() {
        assert_eq!(checksum("a\u{fffd}b"), checksum("a\u{fffd}\u{fffd}b"));
        assert_ne!(checksum("line 1"), checksum("line 2"));
        assert_ne!(checksum(""), 0);
    }
}
