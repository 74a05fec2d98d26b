//! Which words a block has, in a few KiB, so that a search for a rare one reads few
//! blocks.
//!
//! A Bloom filter whose bits for one word all lie in the same 32 bytes: a look at it
//! reads 32 bytes of the file and not all of it. A word is what stands between
//! characters that are neither letter, digit nor underscore, in lower case.

use std::collections::HashSet;

/// Bytes that hold the bits of one word.
pub(crate) const LINE: usize = 32;

/// Bits for each word: one block of a hundred is read in vain.
const BITS_PER_WORD: usize = 10;

/// Odd constants that spread a hash over the eight parts of a line.
const SPREAD: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Hash of a word, as the filter wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Word(u64);

impl Word {
    /// Letters of ASCII are the same in both cases; others are taken as they are.
    pub(crate) fn new(word: &[u8]) -> Self {
        // FNV-1a, finished by a multiplication that mixes the upper half.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in word {
            hash ^= u64::from(byte.to_ascii_lowercase());
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 32;
        Self(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Where the line of the word begins in a filter of this size.
    pub(crate) fn place(self, filter_bytes: usize) -> usize {
        let lines = (filter_bytes / LINE).max(1) as u64;
        (((self.0 >> 32) * lines) >> 32) as usize * LINE
    }

    fn bits(self) -> impl Iterator<Item = (usize, u8)> {
        let low = self.0 as u32;
        (0..8).map(move |part| {
            let bit = (low.wrapping_mul(SPREAD[part]) >> 27) as usize;
            (part * 4 + bit / 8, 1 << (bit % 8))
        })
    }

    /// Whether the word may be there, by its line.
    pub(crate) fn may_be_in(self, line: &[u8]) -> bool {
        self.bits()
            .all(|(byte, bit)| line.get(byte).is_some_and(|found| found & bit != 0))
    }
}

/// The filter of a text.
pub(crate) fn build(text: &str) -> Vec<u8> {
    let mut words = HashSet::new();
    for word in words_of(text.as_bytes()) {
        words.insert(Word::new(word));
    }
    let bytes = (words.len() * BITS_PER_WORD / 8)
        .next_multiple_of(LINE)
        .max(LINE);
    let mut filter = vec![0; bytes];
    for word in words {
        let place = word.place(bytes);
        for (byte, bit) in word.bits() {
            filter[place + byte] |= bit;
        }
    }
    filter
}

/// The words of a text that a record has to have as whole words if it contains the text:
/// not the first and the last, which may be parts of longer ones, unless the text says
/// that they are whole.
pub(crate) fn inner_words(text: &str, whole: bool) -> Vec<Word> {
    let bytes = text.as_bytes();
    let inside = |word: &[u8]| {
        let start = word.as_ptr() as usize - bytes.as_ptr() as usize;
        start > 0 && start + word.len() < bytes.len()
    };
    words_of(bytes)
        .filter(|word| (whole || inside(word)) && word.is_ascii())
        .map(Word::new)
        .collect()
}

/// The longest word of ASCII.
pub(crate) fn longest_word(text: &str) -> Option<&str> {
    let words = words_of(text.as_bytes()).filter_map(|word| std::str::from_utf8(word).ok());
    words
        .filter(|word| word.is_ascii())
        .max_by_key(|word| word.len())
}

fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Bytes beyond ASCII are parts of letters.
    text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && byte.is_ascii())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_have(filter: &[u8], word: &str) -> bool {
        let word = Word::new(word.as_bytes());
        let place = word.place(filter.len());
        word.may_be_in(&filter[place..place + LINE])
    }

    #[test]
    fn what_is_there_is_never_denied_and_little_else_is_found() {
        let text: String = (0..5000).map(|n| format!("id={n:x} Größe_{n}\n")).collect();
        let filter = build(&text);
        assert!((0..5000).all(|n| may_have(&filter, &format!("{n:x}"))));
        assert!((0..5000).all(|n| may_have(&filter, &format!("größe_{n}").replace('g', "G"))));
        let wrong = (0..5000)
            .filter(|n| may_have(&filter, &format!("x{n}")))
            .count();
        assert!(wrong < 250, "{wrong} of 5000");
    }

    #[test]
    fn the_ends_of_a_text_may_be_parts_of_words() {
        let count = |text, whole| inner_words(text, whole).len();
        assert_eq!(count("timeout", false), 0);
        assert_eq!(count("timeout", true), 1);
        assert_eq!(count("id=7f3a ", false), 1);
        assert_eq!(count("connection reset by peer", false), 2);
        assert_eq!(count(" ü x ", false), 1);
    }
}
