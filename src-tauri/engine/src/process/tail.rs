//! Follows the log file of a shim, across rotations, from the beginning.

use super::log_file::{self, LONGEST};
use super::protocol::InstanceDir;
use crate::sink::LogLine;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;

/// Most bytes taken at once, so that a flood is passed on in portions.
const PORTION: usize = 1 << 20;

/// A place in the log files of one instance.
#[derive(Debug)]
pub struct Tail {
    dir: InstanceDir,
    file: Option<File>,
    /// Bytes read but not yet a whole line.
    pending: Vec<u8>,
}

impl Tail {
    /// Begins with the oldest line that is still there.
    #[must_use]
    pub fn from_start(dir: InstanceDir) -> Self {
        let file = File::open(dir.old_log())
            .ok()
            .or_else(|| File::open(dir.log()).ok());
        Self {
            dir,
            file,
            pending: Vec::new(),
        }
    }

    /// The next lines; an empty list when the end is reached for now.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn read(&mut self) -> io::Result<Vec<LogLine>> {
        loop {
            if self.file.is_none() {
                self.file = File::open(self.dir.log()).ok();
            }
            let Some(file) = &mut self.file else {
                return Ok(Vec::new());
            };
            let before = self.pending.len();
            file.take(PORTION as u64).read_to_end(&mut self.pending)?;
            if self.pending.len() > before {
                let lines = self.take_lines();
                if !lines.is_empty() {
                    return Ok(lines);
                }
            } else if !self.move_on()? {
                return Ok(Vec::new());
            }
        }
    }

    /// At the end of a file that was put aside: goes on with the present one.
    /// The shim puts a file aside only after its last line, so nothing is missed
    /// by looking once more after the change was seen.
    fn move_on(&mut self) -> io::Result<bool> {
        let (Some(file), Ok(present)) = (&mut self.file, File::open(self.dir.log())) else {
            return Ok(false);
        };
        if file.metadata()?.ino() == present.metadata()?.ino() {
            return Ok(false);
        }
        let more = file.take(PORTION as u64).read_to_end(&mut self.pending)?;
        if more == 0 {
            self.pending.clear();
            self.file = Some(present);
        }
        Ok(true)
    }

    fn take_lines(&mut self) -> Vec<LogLine> {
        let Some(end) = self.pending.iter().rposition(|b| *b == b'\n') else {
            // No line is longer than this; what is, is no log.
            if self.pending.len() > 2 * LONGEST {
                self.pending.clear();
            }
            return Vec::new();
        };
        let lines = self.pending[..end]
            .split(|b| *b == b'\n')
            .filter_map(log_file::parse_line)
            .collect();
        self.pending.drain(..=end);
        lines
    }
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
        let mut tail = Tail::from_start(instance);
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
                    seen.extend(lines.into_iter().map(|l| l.time_us));
                }
            }
        }
        while let Some(last) = tail.read().expect("read").last() {
            seen.push(last.time_us);
        }
        assert!(seen.windows(2).all(|w| w[1] > w[0]), "in order, none twice");
        assert_eq!(seen.len(), (0..500).filter(|n| seen.contains(n)).count());
        assert!(seen.starts_with(&[0, 1, 2]));
    }
}
