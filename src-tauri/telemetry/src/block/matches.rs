//! Which records of a block fit a filter.

use super::{Block, Summary};
use crate::level::Level;
use crate::query::filter::{Filter, Scout};

/// The records of a block that fit.
#[derive(Clone, Debug)]
pub(crate) struct Matches {
    /// A bit for each record; nothing where all fit.
    bits: Option<Vec<u64>>,
    /// How many they are, per level.
    pub(crate) levels: [u64; 6],
}

impl Matches {
    /// All records.
    pub(crate) fn all(summary: &Summary) -> Self {
        Self {
            bits: None,
            levels: summary.levels.map(u64::from),
        }
    }

    fn none(records: usize) -> Self {
        Self {
            bits: Some(vec![0; records.div_ceil(64)]),
            levels: [0; 6],
        }
    }

    fn add(&mut self, index: usize, level: Level) {
        if let Some(bits) = &mut self.bits {
            bits[index / 64] |= 1 << (index % 64);
            self.levels[level as usize] += 1;
        }
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.bits
            .as_ref()
            .is_none_or(|bits| bits[index / 64] >> (index % 64) & 1 == 1)
    }
}

impl Block {
    /// The records that fit. One pass over the whole text looks for the condition that
    /// is found fastest; only what it finds is asked for the others.
    pub(crate) fn matches(&self, service: &str, filter: &Filter) -> Matches {
        let mut matches = Matches::none(self.len());
        if filter.is_plain() && filter.covers(&self.summary) {
            return Matches::all(&self.summary);
        }
        let covers = filter.covers(&self.summary);
        // What was found, and whether it is known to fit.
        let mut found = Vec::new();
        match filter.scout() {
            Some(Scout::Text { needle, enough }) => {
                // A line end in the text itself may be the one between two records.
                let fits = enough && covers && !needle.text().contains('\n');
                needle.find_in_parts(self.text(), self.ends(), |index| found.push((index, fits)));
            }
            Some(Scout::Regex { regex, enough }) => {
                self.find_regex(regex, |index, whole| {
                    found.push((index, enough && covers && whole));
                });
            }
            None => found.extend((0..self.len()).map(|index| (index, false))),
        }
        for (index, fits) in found {
            if fits || filter.holds(&self.candidate(index, service)) {
                matches.add(index, self.level(index));
            }
        }
        matches
    }

    /// Calls back for each record in which a match begins, and tells whether it ends there,
    /// too. Otherwise it runs on into the next record: the caller asks again.
    fn find_regex(&self, regex: &regex::Regex, mut found: impl FnMut(usize, bool)) {
        let mut index = 0;
        let mut at = 0;
        while let Some(hit) = regex.find_at(self.text(), at) {
            while index < self.len() && (self.entries[index].end as usize) < hit.start() {
                index += 1;
            }
            let Some(entry) = self.entries.get(index) else {
                return;
            };
            found(index, hit.end() <= entry.end as usize);
            at = entry.end as usize + 1;
            index += 1;
            if at >= self.text().len() {
                return;
            }
        }
    }
}
