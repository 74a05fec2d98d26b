//! The form in which a shim keeps output: one line a line, with its time.
//!
//! `MICROSECONDS STREAM KIND TEXT\n`, where STREAM is `o` or `e` and KIND is `F`
//! for a full line or `P` for a piece of one that was too long to be kept whole.

use crate::sink::{LogLine, Origin};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// A line longer than this is kept in pieces, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Appends lines, and begins a new file when the limit is reached. Two files are
/// kept, so the disk holds at most twice the limit.
#[derive(Debug)]
pub struct LogWriter {
    file: File,
    written: u64,
    limit: u64,
    path: PathBuf,
    old_path: PathBuf,
    buffer: Vec<u8>,
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
        Ok(Self {
            file,
            written,
            limit,
            path,
            old_path,
            buffer: Vec::with_capacity(128 * 1024),
        })
    }

    /// Adds a line to what [`Self::flush`] will write.
    pub fn line(&mut self, time_us: i64, stream: u8, full: bool, text: &[u8]) {
        // Writing to a Vec cannot fail.
        _ = write!(self.buffer, "{time_us} ");
        self.buffer
            .extend_from_slice(&[stream, b' ', if full { b'F' } else { b'P' }, b' ']);
        self.buffer.extend_from_slice(text);
        self.buffer.push(b'\n');
    }

    /// Writes what was added. A full disk loses these lines, never the service:
    /// the pipe must go on being drained.
    ///
    /// # Errors
    /// Whatever the file system says; the lines are dropped then.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = self.file.write_all(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written >= self.limit {
            self.rotate()?;
        }
        result
    }

    fn rotate(&mut self) -> io::Result<()> {
        std::fs::rename(&self.path, &self.old_path)?;
        self.file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)?;
        self.written = 0;
        Ok(())
    }
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
        _ => return None,
    };
    Some(LogLine {
        time_us,
        origin,
        text: String::from_utf8_lossy(text).into_owned(),
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
        let line = parse_line(written.strip_suffix(b"\n").expect("one line")).expect("parse");
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
    fn a_torn_line_is_no_line() {
        for torn in ["", "17", "17 o", "17 x F text", "abc o F text"] {
            assert_eq!(parse_line(torn.as_bytes()), None, "{torn}");
        }
        assert!(parse_line(b"17 o F ").is_some(), "an empty line is a line");
    }
}
