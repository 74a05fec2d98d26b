//! Puts together what the runtime's own log gives, and leaves out what was taken already.

use super::place::{Mark, Place, checksum};
use crate::process::log_file::LONGEST;
use crate::sink::{LogLine, Origin};

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// One reading of the runtime's log, from a place on.
#[derive(Debug)]
pub(super) struct Backfill {
    /// Of standard output and of standard error.
    sources: [Source; 2],
}

#[derive(Debug)]
struct Source {
    /// Where this reading goes on.
    resume: Mark,
    /// The place of the last line that was seen.
    seen: Mark,
    /// What is left of `resume`.
    lines: u64,
    bytes: u64,
    /// When the line began of which pieces were seen, but not its end.
    began: Option<i64>,
    /// Pieces that are put together.
    pending: String,
    /// The log does not have what was taken: lines before this one may be missing.
    gap: bool,
}

impl Backfill {
    pub(super) fn new(place: Place) -> Self {
        Self {
            sources: [Source::new(place.out), Source::new(place.err)],
        }
    }

    /// Everything that was given out lies before this, and nothing else.
    pub(super) fn place(&self) -> Place {
        Place {
            out: self.sources[0].place(),
            err: self.sources[1].place(),
        }
    }

    /// From when on the log is to be asked, in whole seconds.
    pub(super) fn since(&self) -> i64 {
        let [out, err] = &self.sources;
        out.resume.since.min(err.resume.since).max(0) / SECOND
    }

    /// The next line, of a piece with its time: a long line has many, and only the last
    /// ends with a line end.
    pub(super) fn take(&mut self, origin: Origin, piece: &[u8]) -> Option<LogLine> {
        let piece = String::from_utf8_lossy(piece);
        let (time, text) = piece.split_once(' ').unwrap_or((&piece, ""));
        let time = parse_time(time)?;
        let source = &mut self.sources[usize::from(origin == Origin::Stderr)];
        let (began, text) = source.take(time, text)?;
        Some(LogLine {
            time_us: began / 1000,
            origin,
            text,
        })
    }

    /// The last lines, which have no line end: the container has ended.
    pub(super) fn finish(&mut self) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for (source, origin) in self
            .sources
            .iter_mut()
            .zip([Origin::Stdout, Origin::Stderr])
        {
            let Some(began) = source.began.filter(|_| !source.pending.is_empty()) else {
                continue;
            };
            if let Some((began, text)) = source.take(began, "\n") {
                lines.push(LogLine {
                    time_us: began / 1000,
                    origin,
                    text,
                });
            }
        }
        lines
    }

    /// Whether the log turned out not to have what was taken before; asked once.
    pub(super) fn take_gap(&mut self) -> bool {
        let gap = |source: &mut Source| std::mem::take(&mut source.gap);
        self.sources
            .iter_mut()
            .map(gap)
            .fold(false, |one, other| one | other)
    }

    /// Whether everything that was taken before has been found again.
    pub(super) fn is_caught_up(&self) -> bool {
        self.sources.iter().all(Source::is_caught_up)
    }

    /// Goes on although the log does not have all that was taken.
    pub(super) fn give_up(&mut self) {
        for source in &mut self.sources {
            if !source.is_caught_up() {
                (source.lines, source.bytes, source.gap) = (0, 0, true);
            }
        }
    }
}

impl Source {
    fn new(resume: Mark) -> Self {
        Self {
            resume,
            seen: Mark {
                since: resume.since,
                exact: resume.exact,
                ..Mark::default()
            },
            lines: resume.lines,
            bytes: resume.bytes,
            began: None,
            pending: String::new(),
            gap: false,
        }
    }

    fn is_caught_up(&self) -> bool {
        self.lines == 0 && self.bytes == 0
    }

    fn place(&self) -> Mark {
        if self.is_caught_up() {
            self.seen
        } else {
            self.resume
        }
    }

    fn take(&mut self, time: i64, text: &str) -> Option<(i64, String)> {
        let began = *self.began.get_or_insert(time);
        let whole = text.ends_with('\n');
        self.pending.push_str(text.trim_end_matches(['\n', '\r']));
        if !whole && self.pending.len() < LONGEST {
            return None;
        }
        let text = std::mem::take(&mut self.pending);
        if whole {
            self.began = None;
        }
        // The runtime begins at a whole second, and so with some that were taken.
        if began < self.resumes_at(began) {
            return None;
        }
        self.count(began, &text, whole);
        let text = self.leave_out(began, text, whole)?;
        Some((began, text))
    }

    /// From when on a log that gives such a time has what is asked for. Podman up to 4.3
    /// gives whole seconds: there, what was written in the second of the start begins
    /// before it. A time that came of the log itself needs no such care.
    fn resumes_at(&self, time: i64) -> i64 {
        let since = self.resume.since;
        match time % SECOND {
            0 if !self.resume.exact => since - since.rem_euclid(SECOND),
            _ => since,
        }
    }

    fn count(&mut self, began: i64, text: &str, whole: bool) {
        if began > self.seen.since {
            self.seen = Mark {
                since: began,
                exact: true,
                ..Mark::default()
            };
        }
        let seen = &mut self.seen;
        if whole {
            seen.last = if seen.bytes > 0 { 0 } else { checksum(text) };
            (seen.lines, seen.bytes) = (seen.lines + 1, 0);
        } else {
            seen.bytes += text.len() as u64;
        }
    }

    /// What of a line was not taken already.
    fn leave_out(&mut self, began: i64, mut text: String, whole: bool) -> Option<String> {
        if self.is_caught_up() {
            return Some(text);
        }
        if self.resume.exact && began > self.resume.since {
            // The lines of that time have gone from the log.
            (self.lines, self.bytes, self.gap) = (0, 0, true);
            return Some(text);
        }
        if self.lines > 0 {
            if whole {
                self.lines -= 1;
                let known = self.resume.last != 0 && self.seen.last != 0;
                let last = self.lines == 0 && self.resume.bytes == 0 && known;
                self.gap |= last && self.resume.last != self.seen.last;
            }
            return None;
        }
        let taken = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let cut = text.floor_char_boundary(taken.min(text.len()));
        self.bytes = if whole {
            0
        } else {
            self.bytes.saturating_sub(text.len() as u64)
        };
        (whole || cut < text.len()).then(|| text.split_off(cut))
    }
}

/// Nanoseconds since 1970: two lines of a flood may well share their microsecond.
fn parse_time(text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u8, text: &str) -> Vec<u8> {
        format!("1970-01-01T00:00:0{second}.000000000Z {text}").into_bytes()
    }

    fn second(n: i64) -> i64 {
        n * 1_000_000_000
    }

    fn texts(backfill: &mut Backfill, pieces: &[(u8, &str)]) -> Vec<String> {
        let lines = pieces
            .iter()
            .filter_map(|(time, text)| backfill.take(Origin::Stdout, &at(*time, text)));
        lines.map(|line| line.text).collect()
    }

    #[test]
    fn pieces_become_one_line() {
        let mut all = Backfill::new(Place::at(0));
        let pieces = [(1, "first "), (2, "second\n"), (3, "third\n")];
        assert_eq!(texts(&mut all, &pieces), ["first second", "third"]);
        let err = all.take(Origin::Stderr, &at(3, "x"));
        assert_eq!(err, None);
        let out = all.take(Origin::Stdout, &at(3, "own\n")).expect("whole");
        assert_eq!(out.text, "own", "streams do not mix");
    }

    #[test]
    fn a_last_line_without_an_end_is_there_when_the_container_has_ended() {
        let mut all = Backfill::new(Place::at(0));
        assert_eq!(texts(&mut all, &[(1, "a\n"), (2, "unfinished")]), ["a"]);
        let last = all.finish();
        assert_eq!(last.len(), 1);
        assert_eq!(
            (last[0].origin, &*last[0].text),
            (Origin::Stdout, "unfinished")
        );
        assert!(all.finish().is_empty());
        let mut again = Backfill::new(all.place());
        assert_eq!(texts(&mut again, &[(1, "a\n"), (2, "unfinished")]), [""; 0]);
        assert!(again.finish().is_empty(), "it was taken already");
    }

    #[test]
    fn lines_that_were_seen_are_left_out() {
        let lines = [(1, "a\n"), (2, "b\n"), (2, "c\n"), (2, "d\n"), (3, "e\n")];
        let mut first = Backfill::new(Place::at(second(1)));
        assert_eq!(texts(&mut first, &lines[..3]), ["a", "b", "c"]);
        let place = first.place();
        assert_eq!((place.out.since, place.out.lines), (second(2), 2));
        let mut then = Backfill::new(place);
        assert_eq!(then.since(), 1, "standard error is still there");
        assert_eq!(
            texts(&mut then, &lines),
            ["d", "e"],
            "of one time, by count"
        );
        assert!(!then.take_gap());
    }

    #[test]
    fn lines_that_were_only_counted_are_left_out() {
        let lines = [(1, "a\n"), (2, "b\n"), (3, "c\n"), (4, "d\n")];
        let mut place = Place::at(second(1));
        (place.out.lines, place.out.last) = (3, checksum("c"));
        let mut then = Backfill::new(place);
        assert_eq!(texts(&mut then, &lines[..2]), [""; 0]);
        assert!(!then.is_caught_up());
        assert_eq!(then.place(), place, "a crash now begins at the same place");
        assert_eq!(texts(&mut then, &lines[2..]), ["d"]);
        assert!(then.is_caught_up() && !then.take_gap());
        assert_eq!(then.place().out.since, second(4));
    }

    #[test]
    fn a_log_of_whole_seconds_has_the_lines_of_the_first_second_too() {
        let lines = [(1, "a\n"), (1, "b\n"), (2, "c\n"), (2, "d\n")];
        let mut place = Place::at(second(1) + 293_000_000);
        let mut first = Backfill::new(place);
        assert_eq!(texts(&mut first, &lines[..3]), ["a", "b", "c"]);
        let mut then = Backfill::new(first.place());
        assert_eq!(texts(&mut then, &lines), ["d"]);
        assert!(!then.take_gap());
        // Who was attached has only counted.
        (place.out.lines, place.out.last) = (2, checksum("b"));
        let mut then = Backfill::new(place);
        assert_eq!(texts(&mut then, &lines), ["c", "d"]);
        assert!(then.is_caught_up() && !then.take_gap());
    }

    #[test]
    fn a_log_that_has_lost_its_beginning_is_noticed() {
        let mut place = Place::at(second(1));
        (place.out.lines, place.out.last) = (2, checksum("b"));
        let mut then = Backfill::new(place);
        assert_eq!(
            texts(&mut then, &[(3, "c\n"), (4, "d\n"), (5, "e\n")]),
            ["e"]
        );
        assert!(then.take_gap() && !then.take_gap(), "said once");

        place.out = Mark {
            since: second(2),
            lines: 1,
            exact: true,
            ..Mark::default()
        };
        let mut then = Backfill::new(place);
        assert_eq!(texts(&mut then, &[(3, "c\n"), (4, "d\n")]), ["c", "d"]);
        assert!(then.take_gap());

        place.out.exact = false;
        let mut then = Backfill::new(place);
        assert_eq!(texts(&mut then, &[]), [""; 0]);
        then.give_up();
        assert!(then.is_caught_up() && then.take_gap());
    }

    #[test]
    fn the_rest_of_a_line_that_is_too_long_comes_after_its_pieces() {
        let piece = "x".repeat(16 * 1024);
        let (whole, end) = (piece.clone(), format!("{piece}end\n"));
        let pieces: Vec<(u8, &str)> = [1, 2, 3, 4, 5].map(|n| (n, &*whole)).to_vec();
        let mut first = Backfill::new(Place::at(0));
        assert_eq!(texts(&mut first, &pieces), [piece.repeat(4)]);
        let place = first.place();
        assert_eq!((place.out.since, place.out.bytes), (second(1), 65536));
        let mut then = Backfill::new(place);
        let all: Vec<_> = pieces
            .iter()
            .copied()
            .chain([(6, &*end), (7, "next\n")])
            .collect();
        assert_eq!(
            texts(&mut then, &all),
            [format!("{piece}{piece}end"), "next".to_owned()]
        );
    }
}
