//! Cuts what the attach stream gives into lines, and counts them as the runtime's log
//! does: so its log can be asked for the rest where the stream is cut.

use super::place::{Mark, Place, checksum};
use crate::process::pieces::{self, text_of, without_returns};
use crate::sink::{LogLine, Origin};

/// The lines of one container, from the attach stream.
#[derive(Debug)]
pub(super) struct Splitter {
    place: Place,
    /// Beginnings of lines: of standard output and of standard error.
    pending: [Vec<u8>; 2],
}

impl Splitter {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            pending: [Vec::new(), Vec::new()],
        }
    }

    /// Everything that was given out lies before this.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Adds the lines that end in these bytes. A line that is too long comes in pieces.
    pub(super) fn take(
        &mut self,
        origin: Origin,
        bytes: &[u8],
        time_us: i64,
        lines: &mut Vec<LogLine>,
    ) {
        let pending = &mut self.pending[slot(origin)];
        let mark = self.place.mark(origin);
        let before = lines.len();
        pieces::split(bytes, pending, |piece, ends| {
            let text = if ends { without_returns(piece) } else { piece };
            lines.push(LogLine {
                time_us,
                origin,
                text: text_of(text),
            });
            if ends {
                mark.lines += 1;
                mark.last = if mark.bytes > 0 { 0 } else { u32::MAX };
                mark.bytes = 0;
            } else {
                mark.bytes += piece.len() as u64;
            }
        });
        // Only the last one's is of use.
        if let Some(line) = lines[before..].last()
            && mark.last != 0
        {
            mark.last = checksum(&line.text);
        }
    }

    /// The last lines, which have no line end: the container has ended.
    pub(super) fn finish(&mut self, time_us: i64) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for origin in [Origin::Stdout, Origin::Stderr] {
            if !self.pending[slot(origin)].is_empty() {
                self.take(origin, b"\n", time_us, &mut lines);
            }
        }
        lines
    }

    /// Nothing was written for so long that the runtime's log has everything that was
    /// taken before this moment, in nanoseconds, and nothing else: counting begins anew,
    /// so that little has to be read again.
    pub(super) fn was_quiet_at(&mut self, moment: i64) {
        for origin in [Origin::Stdout, Origin::Stderr] {
            let mark = self.place.mark(origin);
            if self.pending[slot(origin)].is_empty() && mark.bytes == 0 {
                *mark = Mark {
                    since: moment.max(mark.since),
                    ..Mark::default()
                };
            }
        }
    }

    /// Lines that would have to be read again to find this place.
    pub(super) fn counted(&self) -> u64 {
        self.place.out.lines + self.place.err.lines
    }
}

fn slot(origin: Origin) -> usize {
    usize::from(origin == Origin::Stderr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::log_file::LONGEST;

    fn texts(splitter: &mut Splitter, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        splitter.take(Origin::Stdout, bytes, 1, &mut lines);
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_is_one_however_it_was_cut() {
        let mut splitter = Splitter::new(Place::at(5));
        assert_eq!(texts(&mut splitter, b"on"), [""; 0]);
        assert_eq!(texts(&mut splitter, b"e\r\n\ntw"), ["one", ""]);
        assert_eq!(splitter.place().out.lines, 2);
        assert_eq!(splitter.place().out.last, checksum(""));
        let last = splitter.finish(2);
        assert_eq!(last[0].text, "tw");
        assert_eq!(splitter.place().out.lines, 3);
    }

    #[test]
    fn streams_do_not_mix() {
        let mut splitter = Splitter::new(Place::at(0));
        let mut lines = Vec::new();
        splitter.take(Origin::Stdout, b"out", 1, &mut lines);
        splitter.take(Origin::Stderr, b"err\n", 1, &mut lines);
        splitter.take(Origin::Stdout, b"put\n", 1, &mut lines);
        let found: Vec<_> = lines
            .iter()
            .map(|line| (line.origin, &*line.text))
            .collect();
        assert_eq!(found, [(Origin::Stderr, "err"), (Origin::Stdout, "output")]);
        assert_eq!(
            (splitter.place().out.lines, splitter.place().err.lines),
            (1, 1)
        );
    }

    #[test]
    fn a_line_that_is_too_long_comes_in_pieces_of_whole_letters() {
        let mut splitter = Splitter::new(Place::at(0));
        let long = "ü".repeat(LONGEST) + "\n";
        // One byte first, so that no limit falls on the end of a letter.
        let long = format!("x{long}");
        let mut lines = Vec::new();
        for part in long.as_bytes().chunks(1000) {
            splitter.take(Origin::Stdout, part, 1, &mut lines);
        }
        assert_eq!(splitter.place().out.lines, 1);
        assert_eq!(splitter.place().out.last, 0, "its checksum is not known");
        let all: String = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(all, long.trim_end());
        assert!(lines.iter().all(|line| line.text.len() <= LONGEST));
    }

    #[test]
    fn silence_begins_the_count_anew_but_not_within_a_line() {
        let mut splitter = Splitter::new(Place::at(5));
        texts(&mut splitter, b"a\nb\n");
        splitter.was_quiet_at(9);
        assert_eq!(splitter.place(), Place::at(9));
        texts(&mut splitter, b"c\nunfinished");
        splitter.was_quiet_at(20);
        let place = splitter.place();
        assert_eq!((place.out.since, place.out.lines), (9, 1));
        assert_eq!(place.err, Place::at(20).err);
    }
}
