//! Follows the log file of a shim, across rotations, from the beginning or from where an
//! earlier engine was.

use super::log_file::{self, GAP, LONGEST};
use super::protocol::InstanceDir;
use crate::clock;
use crate::sink::{LogLine, Origin};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;

/// Most bytes taken at once, so that a flood is passed on in portions.
const PORTION: usize = 1 << 20;

/// Longer than any first line of a file.
const HEADER: u64 = 64;

/// A place in the log files of one instance.
#[derive(Debug)]
pub struct Tail {
    dir: InstanceDir,
    file: Option<File>,
    /// Place of the next byte that will be read, through all files.
    place: u64,
    /// Where the present file begins, once it is being read and another was before it.
    old_until: Option<u64>,
    /// Bytes read but not yet a whole line.
    pending: Vec<u8>,
    /// Bytes that were thrown away before they were read.
    lost: u64,
}

impl Tail {
    /// Goes on after a place, or begins with the oldest line that is still there.
    #[must_use]
    pub fn new(dir: InstanceDir, after: Option<u64>) -> Self {
        let mut tail = Self {
            dir,
            file: None,
            place: after.unwrap_or(0),
            old_until: None,
            pending: Vec::new(),
            lost: 0,
        };
        if let Ok(old) = File::open(tail.dir.old_log()) {
            // The present file tells what the old one has at most.
            tail.enter(old, after.is_some());
        }
        tail
    }

    /// Place of the end of the last line that was taken.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.place - self.pending.len() as u64
    }

    /// Everything up to this place is kept elsewhere: a file that ends before it is not
    /// needed any more, and the shim need not wait for us.
    pub fn release(&mut self, kept: u64) {
        if self.old_until.is_some_and(|until| kept >= until) {
            // Where it is gone already, all is well.
            _ = std::fs::remove_file(self.dir.old_log());
            self.old_until = None;
        }
    }

    /// Whether there is a file that [`Self::release`] may remove.
    #[must_use]
    pub fn holds_old(&self) -> bool {
        self.old_until.is_some()
    }

    /// The next lines; an empty list when the end is reached for now.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn read(&mut self) -> io::Result<Vec<LogLine>> {
        loop {
            if self.file.is_none() {
                let present = File::open(self.dir.log()).ok().filter(is_begun);
                let Some(present) = present else {
                    return Ok(Vec::new());
                };
                self.enter(present, true);
            }
            let Some(file) = &mut self.file else {
                return Ok(Vec::new());
            };
            let read = file.take(PORTION as u64).read_to_end(&mut self.pending)?;
            self.place += read as u64;
            if read > 0 {
                let lines = self.take_lines();
                if !lines.is_empty() {
                    return Ok(lines);
                }
            } else if !self.move_on()? {
                return Ok(Vec::new());
            }
        }
    }

    /// Begins to read a file, at our place if it has it. `counts`: what lies between our
    /// place and its beginning was lost.
    fn enter(&mut self, mut file: File, counts: bool) {
        let mut start = Vec::new();
        let header = (&mut file).take(HEADER).read_to_end(&mut start);
        let (base, _) = header
            .ok()
            .and_then(|_| log_file::parse_header(&start))
            .unwrap_or((0, 0));
        if counts && base > self.place {
            self.lost += base - self.place;
        }
        let skip = self.place.saturating_sub(base);
        let length = file.metadata().map_or(0, |file| file.len());
        self.place = base + skip.min(length);
        if file.seek(SeekFrom::Start(self.place - base)).is_ok() {
            self.file = Some(file);
        }
    }

    /// At the end of a file that was put aside: goes on with the present one.
    /// The shim puts a file aside only after its last line, so nothing is missed
    /// by looking once more after the change was seen.
    fn move_on(&mut self) -> io::Result<bool> {
        let (Some(file), Ok(present)) = (&mut self.file, File::open(self.dir.log())) else {
            return Ok(false);
        };
        if file.metadata()?.ino() == present.metadata()?.ino() || !is_begun(&present) {
            return Ok(false);
        }
        let more = file.take(PORTION as u64).read_to_end(&mut self.pending)?;
        self.place += more as u64;
        if more == 0 {
            self.pending.clear();
            // Files that were thrown away as a whole in between leave a gap.
            self.enter(present, true);
            self.old_until = Some(self.place);
        }
        Ok(true)
    }

    fn take_lines(&mut self) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = self.take_lost().into_iter().collect();
        let Some(end) = memchr::memrchr(b'\n', &self.pending) else {
            // No line is longer than this; what is, is no log.
            if self.pending.len() > 2 * LONGEST {
                self.pending.clear();
            }
            return lines;
        };
        let mut start = 0;
        for stop in memchr::memchr_iter(b'\n', &self.pending[..=end]) {
            lines.extend(log_file::parse_line(&self.pending[start..stop]));
            start = stop + 1;
        }
        self.pending.drain(..=end);
        lines
    }

    fn take_lost(&mut self) -> Option<LogLine> {
        let lost = std::mem::take(&mut self.lost);
        (lost > 0).then(|| LogLine {
            time_us: clock::micros(),
            origin: Origin::Benchtop,
            text: format!("{GAP}: {lost} bytes were written faster than they could be kept"),
        })
    }
}

/// A file is made before its first line is written, which on a full disk takes a while.
fn is_begun(file: &File) -> bool {
    file.metadata().is_ok_and(|file| file.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::super::log_file::LogWriter;
    use super::*;

    #[test]
    fn every_line_is_read_once_across_rotations() {
        let dir = tempfile::tempdir().expect("dir");
        let instance = InstanceDir(dir.path().to_owned());
        let mut log = LogWriter::open(instance.log(), instance.old_log(), 2000).expect("open");
        let mut tail = Tail::new(instance, None);
        let mut seen = Vec::new();
        for n in 0..500 {
            log.line(n, b'o', true, format!("line {n}").as_bytes());
            log.flush().expect("write");
            if n % 7 == 0 {
                loop {
                    let lines = tail.read().expect("read");
                    if lines.is_empty() {
                        break;
                    }
                    seen.extend(of_the_program(&lines));
                }
            }
        }
        loop {
            let lines = tail.read().expect("read");
            if lines.is_empty() {
                break;
            }
            seen.extend(of_the_program(&lines));
        }
        assert!(seen.windows(2).all(|w| w[1] > w[0]), "in order, none twice");
        assert_eq!(seen.len(), (0..500).filter(|n| seen.contains(n)).count());
        assert!(seen.starts_with(&[0, 1, 2]));
    }

    fn of_the_program(lines: &[LogLine]) -> impl Iterator<Item = i64> {
        let own = |line: &&LogLine| line.origin != Origin::Benchtop;
        lines.iter().filter(own).map(|line| line.time_us)
    }

    #[test]
    fn whoever_goes_on_at_a_position_has_every_line_once() {
        let dir = tempfile::tempdir().expect("dir");
        let instance = InstanceDir(dir.path().to_owned());
        let mut log = LogWriter::open(instance.log(), instance.old_log(), 3000).expect("open");
        let mut position = None;
        let mut seen = Vec::new();
        for n in 0..400 {
            log.line(n, b'o', true, format!("line {n}").as_bytes());
            log.flush().expect("write");
            if n % 11 == 0 {
                // Another engine each time.
                let mut tail = Tail::new(instance.clone(), position);
                loop {
                    let lines = tail.read().expect("read");
                    if lines.is_empty() {
                        break;
                    }
                    seen.extend(lines.iter().map(|line| line.time_us));
                }
                position = Some(tail.position());
                tail.release(tail.position());
            }
        }
        let every: Vec<i64> = (0..=396).collect();
        assert_eq!(seen, every);
    }

    #[test]
    fn what_was_thrown_away_unread_is_said() {
        let dir = tempfile::tempdir().expect("dir");
        let instance = InstanceDir(dir.path().to_owned());
        let mut log = LogWriter::open(instance.log(), instance.old_log(), 1000).expect("open");
        for n in 0..200 {
            log.line(n, b'o', true, &[b'x'; 50]);
            log.flush().expect("write");
        }
        let lines = Tail::new(instance, Some(8)).read().expect("read");
        assert_eq!(lines[0].origin, Origin::Benchtop);
        assert!(lines[0].text.starts_with(GAP), "{}", lines[0].text);
        assert!(lines[1].time_us > 0);
    }
}
