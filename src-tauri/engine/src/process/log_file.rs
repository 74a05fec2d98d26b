//! The form in which a shim keeps output: one line a line, with its time.
//!
//! `MICROSECONDS STREAM KIND TEXT\n`, where STREAM is `o`, `e` or, for what the shim itself
//! says, `b`, and KIND is `F`
//! for a full line or `P` for a piece of one that was too long to be kept whole. The first
//! line of a file is `#BASE BYTES`: how many bytes were written to the files before it.
//! A place in the output is counted through all of them.

use super::pieces::text_of;
use crate::clock;
use crate::sink::{LogLine, Origin};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// A line longer than this is kept in pieces, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// How a file begins.
const HEADER: &[u8] = b"#BASE ";

/// What is said where lines were thrown away before anybody had read them.
pub const GAP: &str = "output is missing here";

/// Appends lines, and begins a new file when the limit is reached. Two files are
/// kept, so the disk holds at most twice the limit.
#[derive(Debug)]
pub struct LogWriter {
    file: File,
    written: u64,
    /// Bytes in the files before this one.
    base: u64,
    limit: u64,
    path: PathBuf,
    old_path: PathBuf,
    buffer: Vec<u8>,
    /// Lines in the buffer.
    lines: u64,
    /// Lines that the disk did not take, and nobody was told of yet.
    lost: u64,
    /// The file has no first line yet.
    headless: bool,
}

impl LogWriter {
    /// Opens the file for appending.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(path: PathBuf, old_path: PathBuf, limit: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)?;
        let written = file.metadata()?.len();
        let mut writer = Self {
            file,
            written,
            base: 0,
            limit,
            path,
            old_path,
            buffer: Vec::with_capacity(128 * 1024),
            lines: 0,
            lost: 0,
            headless: written == 0,
        };
        if writer.headless {
            writer.begin()?;
        }
        Ok(writer)
    }

    fn begin(&mut self) -> io::Result<()> {
        let header = format!("#BASE {}\n", self.base);
        append(&mut self.file, &mut self.written, header.as_bytes())?;
        self.headless = false;
        Ok(())
    }

    /// Whether the next flush may throw lines away that nobody has read: the file before
    /// this one is still there.
    #[must_use]
    pub fn is_about_to_lose(&self) -> bool {
        self.written + self.buffer.len() as u64 >= self.limit && self.old_path.exists()
    }

    /// Adds a line to what [`Self::flush`] will write.
    pub fn line(&mut self, time_us: i64, stream: u8, full: bool, text: &[u8]) {
        let mut digits = [0; 20];
        self.buffer.extend_from_slice(decimal(time_us, &mut digits));
        self.buffer
            .extend_from_slice(&[b' ', stream, b' ', if full { b'F' } else { b'P' }, b' ']);
        self.buffer.extend_from_slice(text);
        self.buffer.push(b'\n');
        self.lines += 1;
    }

    /// Writes what was added. A full disk loses these lines, never the service: the pipe
    /// must go on being drained. How many it were is said as soon as there is room again.
    ///
    /// # Errors
    /// Whatever the file system says; the lines are dropped then, and the file is as it
    /// was before.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = self.write();
        if result.is_err() {
            self.lost += self.lines;
        }
        self.buffer.clear();
        self.lines = 0;
        if self.written >= self.limit {
            self.rotate()?;
        }
        result
    }

    fn write(&mut self) -> io::Result<()> {
        if self.headless {
            self.begin()?;
        }
        if self.lost > 0 {
            let (time, lost) = (clock::micros(), self.lost);
            let said =
                format!("{time} b F {GAP}: the disk was full, and {lost} lines were dropped\n");
            append(&mut self.file, &mut self.written, said.as_bytes())?;
            self.lost = 0;
        }
        append(&mut self.file, &mut self.written, &self.buffer)
    }

    fn rotate(&mut self) -> io::Result<()> {
        std::fs::rename(&self.path, &self.old_path)?;
        self.file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)?;
        self.base += self.written;
        (self.written, self.headless) = (0, true);
        self.begin()
    }
}

/// All of it, or nothing: half a line would become one with the next.
fn append(file: &mut File, written: &mut u64, bytes: &[u8]) -> io::Result<()> {
    let result = file.write_all(bytes);
    match &result {
        Ok(()) => *written += bytes.len() as u64,
        // What cannot be cut off is read as one line that is none.
        Err(_) => _ = file.set_len(*written),
    }
    result
}

/// The number in decimal digits; a time before 1970 is 1970. The general way is three
/// times slower, and this is done for each line.
fn decimal(number: i64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = number.max(0).unsigned_abs();
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return &digits[at..];
        }
    }
}

/// The base that the first line of a file tells, and the length of that line.
#[must_use]
pub fn parse_header(start: &[u8]) -> Option<(u64, u64)> {
    let rest = start.strip_prefix(HEADER)?;
    let end = rest.iter().position(|b| *b == b'\n')?;
    let base = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    Some((base, (HEADER.len() + end + 1) as u64))
}

/// Splits what was read into lines; `None` for a line that is not in the form,
/// as a crash of the machine can leave behind.
#[must_use]
pub fn parse_line(line: &[u8]) -> Option<LogLine> {
    let space = line.iter().position(|b| *b == b' ')?;
    let time_us = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
    let rest = &line[space + 1..];
    let (head, text) = rest.split_at_checked(4)?;
    let origin = match head[0] {
        b'o' => Origin::Stdout,
        b'e' => Origin::Stderr,
        b'b' => Origin::Benchtop,
        _ => return None,
    };
    Some(LogLine {
        time_us,
        origin,
        text: text_of(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let dir = tempfile::tempdir().expect("dir");
        let mut log =
            LogWriter::open(dir.path().join("a"), dir.path().join("b"), 1 << 20).expect("open");
        log.line(
            1_700_000_000_000_001,
            b'e',
            true,
            "grüße \u{1b}[31mred".as_bytes(),
        );
        log.flush().expect("write");
        let written = std::fs::read(dir.path().join("a")).expect("read");
        let (base, header) = parse_header(&written).expect("a header");
        assert_eq!((base, header), (0, 8));
        let line = parse_line(written[8..].strip_suffix(b"\n").expect("one line")).expect("parse");
        assert_eq!(line.time_us, 1_700_000_000_000_001);
        assert_eq!(line.origin, Origin::Stderr);
        assert_eq!(line.text, "grüße \u{1b}[31mred");
    }

    #[test]
    fn the_disk_holds_two_files_at_most() {
        let dir = tempfile::tempdir().expect("dir");
        let mut log =
            LogWriter::open(dir.path().join("a"), dir.path().join("b"), 1000).expect("open");
        for n in 0..1000 {
            log.line(n, b'o', true, &[b'x'; 90]);
            log.flush().expect("write");
        }
        let size = |name| {
            std::fs::metadata(dir.path().join(name))
                .expect("file")
                .len()
        };
        assert!(size("a") <= 1100 && size("b") <= 1100);
    }

    #[test]
    fn what_the_disk_did_not_take_is_counted_and_said_once_there_is_room() {
        let dir = tempfile::tempdir().expect("dir");
        let mut log =
            LogWriter::open(dir.path().join("a"), dir.path().join("b"), 1 << 20).expect("open");
        let write = |log: &mut LogWriter, text: &str| {
            log.line(7, b'o', true, text.as_bytes());
            log.line(7, b'o', true, text.as_bytes());
            log.flush()
        };
        write(&mut log, "before").expect("room");
        // The one device that is always full.
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("Linux");
        let file = std::mem::replace(&mut log.file, full);
        write(&mut log, "lost").expect_err("no room");
        write(&mut log, "lost").expect_err("no room");
        log.file = file;
        write(&mut log, "after").expect("room");
        write(&mut log, "after").expect("room");
        let written = std::fs::read_to_string(dir.path().join("a")).expect("read");
        let lines: Vec<LogLine> = written
            .lines()
            .filter_map(|l| parse_line(l.as_bytes()))
            .collect();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let gap = "output is missing here: the disk was full, and 4 lines were dropped";
        assert_eq!(
            texts,
            ["before", "before", gap, "after", "after", "after", "after"]
        );
        assert_eq!(lines[2].origin, Origin::Benchtop);
        assert_eq!(log.written, written.len() as u64);
    }

    #[test]
    fn a_torn_line_is_no_line() {
        for torn in ["", "17", "17 o", "17 x F text", "abc o F text"] {
            assert_eq!(parse_line(torn.as_bytes()), None, "{torn}");
        }
        assert!(parse_line(b"17 o F ").is_some(), "an empty line is a line");
    }
}
