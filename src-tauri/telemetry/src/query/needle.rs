//! Looking for a text without regard to case.

use memchr::{memchr_iter, memchr2_iter};

/// A text to look for.
///
/// Letters of ASCII match both their cases, found with vector instructions. A text with
/// other letters is compared as Unicode lowers it, which is slower by far and still
/// quick enough for what fits into memory.
#[derive(Debug)]
pub(crate) struct Needle {
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Ascii {
        /// Place of its rarest byte: candidates are looked for there.
        rare: usize,
    },
    Unicode {
        lower: Vec<char>,
    },
}

impl Needle {
    /// `None` where every text contains it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let kind = if text.is_ascii() {
            let (rare, _) = text
                .bytes()
                .enumerate()
                .min_by_key(|(_, byte)| frequency(*byte))?;
            Kind::Ascii { rare }
        } else {
            Kind::Unicode {
                lower: text.chars().collect(),
            }
        };
        Some(Self { text, kind })
    }

    /// The text in lower case.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether this one text contains it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let mut found = false;
        self.find_in_parts(text, std::iter::once(text.len()), |_| found = true);
        found
    }

    /// Looks at a text that is made of parts, which end at the given places, and calls
    /// back with the number of each part that contains the needle.
    pub(crate) fn find_in_parts(
        &self,
        all: &str,
        ends: impl Iterator<Item = usize>,
        found: impl FnMut(usize),
    ) {
        match &self.kind {
            Kind::Ascii { rare } => {
                let byte = self.text.as_bytes()[*rare];
                let upper = byte.to_ascii_uppercase();
                if upper == byte {
                    self.check(all, memchr_iter(byte, all.as_bytes()), *rare, ends, found);
                } else {
                    self.check(
                        all,
                        memchr2_iter(byte, upper, all.as_bytes()),
                        *rare,
                        ends,
                        found,
                    );
                }
            }
            Kind::Unicode { lower } => find_unicode(lower, all, ends, found),
        }
    }

    /// Compares at the places where the rare byte stands. One pass over the whole text
    /// and not one for each part: most parts then cost nothing at all.
    fn check(
        &self,
        all: &str,
        places: impl Iterator<Item = usize>,
        rare: usize,
        ends: impl Iterator<Item = usize>,
        mut found: impl FnMut(usize),
    ) {
        let mut parts = Parts::new(ends);
        let mut done_until = 0;
        for place in places {
            let Some(start) = place.checked_sub(rare).filter(|start| *start >= done_until) else {
                continue;
            };
            let end = start + self.text.len();
            let same = |slice: &[u8]| slice.eq_ignore_ascii_case(self.text.as_bytes());
            if !all.as_bytes().get(start..end).is_some_and(same) {
                continue;
            }
            let Some((part, part_end)) = parts.around(start) else {
                return;
            };
            // Otherwise it is the end of one line and the beginning of the next.
            if end <= part_end {
                found(part);
                if part_end == all.len() {
                    return;
                }
                done_until = part_end;
            }
        }
    }
}

/// Finds the part around a place; places come in ascending order.
struct Parts<I> {
    ends: I,
    current: Option<(usize, usize)>,
    next: usize,
}

impl<I: Iterator<Item = usize>> Parts<I> {
    fn new(ends: I) -> Self {
        Self {
            ends,
            current: None,
            next: 0,
        }
    }

    /// Number and end of the part.
    fn around(&mut self, place: usize) -> Option<(usize, usize)> {
        while self.current.is_none_or(|(_, end)| end <= place) {
            self.current = Some((self.next, self.ends.next()?));
            self.next += 1;
        }
        self.current
    }
}

fn find_unicode(
    lower: &[char],
    all: &str,
    ends: impl Iterator<Item = usize>,
    mut found: impl FnMut(usize),
) {
    let mut start = 0;
    for (part, end) in ends.enumerate() {
        let text = &all[start..end];
        start = end;
        // ASCII stays ASCII in lower case, and the needle is not.
        if !text.is_ascii() && contains_unicode(text, lower) {
            found(part);
        }
    }
}

fn contains_unicode(text: &str, lower: &[char]) -> bool {
    text.char_indices().any(|(at, _)| {
        let mut rest = text[at..].chars().flat_map(char::to_lowercase);
        lower.iter().all(|expected| rest.next() == Some(*expected))
    })
}

/// How often a byte stands in logs, roughly: the more to the left, the more often.
fn frequency(byte: u8) -> usize {
    const COMMON: &[u8] = b"e tainorsl0d1c2:.-m/p\"3u45g6f7h89,b=v[]y_w()k{}x'jzq";
    COMMON.len()
        - COMMON
            .iter()
            .position(|one| *one == byte)
            .unwrap_or(COMMON.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the lines that contain the text.
    fn find(text: &str, lines: &[&str]) -> Vec<usize> {
        let mut end = 0;
        let ends: Vec<usize> = lines
            .iter()
            .map(|line| {
                end += line.len();
                end
            })
            .collect();
        let mut found = Vec::new();
        let needle = Needle::new(text).unwrap();
        needle.find_in_parts(&lines.concat(), ends.into_iter(), |part| found.push(part));
        found
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(
            find("ErrOr", &["an error", "nothing", "ERROR", "error error"]),
            [0, 2, 3]
        );
        assert_eq!(find("[13]", &["a[13]", "[1", "3]", "x[13"]), [0]);
    }

    #[test]
    fn a_text_across_two_lines_is_in_neither() {
        assert_eq!(find("ab", &["a", "b", "", "ab", "xa", "bab"]), [3, 5]);
        assert_eq!(find("aa", &["a", "aa", "a"]), [1]);
    }

    #[test]
    fn letters_beyond_ascii_have_cases_too() {
        assert_eq!(
            find("GRÖSSE", &["größe", "grösse", "GRÖSSE", "grosse"]),
            [1, 2]
        );
        assert_eq!(find("müller", &["Frau MÜLLER", "muller"]), [0]);
        assert_eq!(find("端口", &["监听端口", "port"]), [0]);
        assert_eq!(find("x", &["ü", "üX"]), [1]);
    }

    #[test]
    fn no_text_is_no_needle() {
        assert!(Needle::new("").is_none());
        assert_eq!(find(" ", &["a b", "ab"]), [0]);
    }
}
