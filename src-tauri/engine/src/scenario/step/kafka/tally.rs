//! What was seen of numbers from 0 on: which are missing, which came more than once. A bit
//! for each, whatever comes.

use std::collections::VecDeque;

/// Examples that are kept of each sort.
const SAMPLES: usize = 5;

/// See the module.
#[derive(Debug)]
pub(super) struct Tally {
    bits: Vec<u64>,
    count: u64,
    /// How many different ones were seen.
    pub(super) seen: u64,
    /// How often one came that had come before.
    pub(super) duplicated: u64,
    /// How often a number came that was not expected.
    pub(super) beyond: u64,
    /// Examples, in the order in which they came.
    pub(super) first: Vec<u64>,
    pub(super) last: VecDeque<u64>,
    pub(super) twice: Vec<u64>,
}

impl Tally {
    pub(super) fn new(count: u64) -> Self {
        let words = usize::try_from(count.div_ceil(64)).unwrap_or_default();
        Self {
            bits: vec![0; words],
            count,
            seen: 0,
            duplicated: 0,
            beyond: 0,
            first: Vec::new(),
            last: VecDeque::new(),
            twice: Vec::new(),
        }
    }

    pub(super) fn see(&mut self, number: u64) {
        if number >= self.count {
            self.beyond += 1;
            return;
        }
        let (word, bit) = place(number);
        if self.bits[word] & bit != 0 {
            self.duplicated += 1;
            keep(&mut self.twice, number);
            return;
        }
        self.bits[word] |= bit;
        self.seen += 1;
        keep(&mut self.first, number);
        self.last.push_back(number);
        if self.last.len() > SAMPLES {
            self.last.pop_front();
        }
    }

    pub(super) fn missing(&self) -> u64 {
        self.count - self.seen
    }

    /// The first few that are missing.
    pub(super) fn absent(&self) -> Vec<u64> {
        let words = (0..).zip(&self.bits).filter(|(_, word)| **word != u64::MAX);
        let numbers = words.flat_map(|(at, word)| {
            let open = (0..64).filter(move |bit| word & (1 << bit) == 0);
            open.map(move |bit| at * 64 + bit)
        });
        numbers
            .take_while(|number| *number < self.count)
            .take(SAMPLES)
            .collect()
    }

    /// Each came, and once.
    pub(super) fn is_exact(&self) -> bool {
        self.missing() == 0 && self.duplicated == 0 && self.beyond == 0
    }
}

fn keep(samples: &mut Vec<u64>, number: u64) {
    if samples.len() < SAMPLES {
        samples.push(number);
    }
}

fn place(number: u64) -> (usize, u64) {
    ((number / 64) as usize, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_in_any_order_are_exact_and_a_single_fault_is_named() {
        const COUNT: u64 = 1_000_000;
        // Each number once, far from its neighbours.
        let mixed = || (0..COUNT).map(|n| n * 7_919 % COUNT);
        let mut tally = Tally::new(COUNT);
        mixed().for_each(|number| tally.see(number));
        assert!(tally.is_exact() && tally.absent().is_empty());
        assert_eq!(tally.first, [0, 7_919, 15_838, 23_757, 31_676]);
        assert_eq!(tally.last.back(), Some(&(COUNT - 7_919)));

        let mut tally = Tally::new(COUNT);
        let lost = |number: &u64| ![64, 999_999].contains(number);
        mixed().filter(lost).for_each(|number| tally.see(number));
        tally.see(5);
        tally.see(COUNT);
        assert_eq!((tally.missing(), tally.absent()), (2, vec![64, 999_999]));
        assert_eq!(
            (tally.duplicated, tally.twice.clone(), tally.beyond),
            (1, vec![5], 1)
        );
        assert!(!tally.is_exact());
    }

    #[test]
    fn the_last_word_has_fewer_bits() {
        let mut tally = Tally::new(65);
        (0..64).for_each(|number| tally.see(number));
        assert_eq!(tally.absent(), [64]);
        tally.see(64);
        assert!(tally.is_exact());
        assert!(Tally::new(0).is_exact());
    }
}
