//! Output that comes in pieces, as lines.

/// A line that is longer is told in parts of this many bytes.
const LONGEST: usize = 16 * 1024;

/// What has come of a line that has not ended.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<u8>);

impl Lines {
    /// Takes a piece, and tells each line that it ends.
    pub(crate) fn push(&mut self, piece: &[u8], mut line: impl FnMut(String)) {
        for byte in piece {
            match byte {
                b'\n' => self.tell(&mut line),
                byte => {
                    self.0.push(*byte);
                    if self.0.len() >= LONGEST {
                        self.tell(&mut line);
                    }
                }
            }
        }
    }

    /// Tells what is left without an end of line.
    pub(crate) fn end(&mut self, mut line: impl FnMut(String)) {
        if !self.0.is_empty() {
            self.tell(&mut line);
        }
    }

    fn tell(&mut self, line: &mut impl FnMut(String)) {
        let bytes = std::mem::take(&mut self.0);
        let text = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        line(String::from_utf8_lossy(text).into_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_when_they_end_and_are_bounded() {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        lines.push(b"a\r\nb", |line| told.push(line));
        lines.push(b"c\n\nd", |line| told.push(line));
        lines.end(|line| told.push(line));
        lines.end(|line| told.push(line));
        assert_eq!(told, ["a", "bc", "", "d"]);
        told.clear();
        lines.push(&[b'x'; LONGEST + 1], |line| told.push(line));
        assert_eq!(told.len(), 1);
    }
}
