//! What the spans of one trace have, in some hundred bytes, so that a search reads few traces.
//!
//! A fact is a named value, a name or a resource that a span has. A Bloom filter holds the
//! facts of a trace's spans of one commit: it never denies one that is there, and affirms
//! one in 250 that is not. Values are compared as queries compare them, numbers as numbers
//! and texts without regard to case, so that a query for one value asks for one fact.

/// Bits for each fact.
const BITS: usize = 12;

/// Bits that a fact sets.
const SET: u64 = 6;

/// A hash of something that a span has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact(u64);

impl Fact {
    /// A value lies with its span, and not in the dictionary.
    pub(super) const INLINE: Self = Self(0x5851_f42d_4c95_7f2d);

    /// A span has events or a message.
    pub(super) const TEXT: Self = Self(0x1405_7b7e_f767_814f);

    /// A value with this name that is equal to this text.
    pub(super) fn value(key: &str, text: &str) -> Self {
        let hash = fnv(fnv(BEGIN, b"value"), key.as_bytes());
        let hash = match text.parse::<f64>() {
            // Both zeros are the same number.
            Ok(number) if !number.is_nan() => {
                fnv(fnv(hash, &[0xfe]), &(number + 0.0).to_bits().to_le_bytes())
            }
            _ => fnv(fnv(hash, &[0xff]), text.to_lowercase().as_bytes()),
        };
        Self(mixed(hash))
    }

    /// The name of this number.
    pub(super) fn name(number: i64) -> Self {
        Self(mixed(fnv(fnv(BEGIN, b"name"), &number.to_le_bytes())))
    }

    /// The resource of this number.
    pub(super) fn resource(number: i64) -> Self {
        Self(mixed(fnv(fnv(BEGIN, b"resource"), &number.to_le_bytes())))
    }

    /// Whether a filter may hold it.
    pub(super) fn may_be_in(self, filter: &[u8]) -> bool {
        self.bits(filter.len())
            .all(|(byte, bit)| filter.get(byte).is_some_and(|found| found & bit != 0))
    }

    fn bits(self, bytes: usize) -> impl Iterator<Item = (usize, u8)> {
        let all = bytes as u64 * 8;
        (1..=SET).map(move |index| {
            // Steps of one length would meet too often in a filter of few bytes.
            let hash = mixed(self.0.wrapping_add(index.wrapping_mul(GOLDEN))) >> 32;
            let bit = ((hash * all) >> 32) as usize;
            (bit / 8, 1 << (bit % 8))
        })
    }
}

/// The filter of these facts.
pub(super) fn filter(mut facts: Vec<Fact>) -> Vec<u8> {
    facts.sort_unstable();
    facts.dedup();
    let mut filter = vec![0; (facts.len() * BITS).div_ceil(8).max(1)];
    for fact in facts {
        for (byte, bit) in fact.bits(filter.len()) {
            filter[byte] |= bit;
        }
    }
    filter
}

/// 2^64 by the golden ratio: its multiples are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

const BEGIN: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: it lies in files, and must be the same in every release.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Every bit of the hash in every bit of the answer.
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 32).wrapping_mul(GOLDEN);
    hash = (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_denied_and_little_else_is_affirmed() {
        for count in [1, 12, 70, 5000] {
            let of = |n: usize| Fact::value("id", &format!("user-{n}"));
            let filter = filter((0..count).map(of).collect());
            assert!((0..count).all(|n| of(n).may_be_in(&filter)));
            let wrong = (count..count + 20_000).filter(|n| of(*n).may_be_in(&filter));
            assert!(wrong.count() < 200, "{count} facts");
            assert!(filter.len() <= count * 2);
        }
    }

    #[test]
    fn values_are_the_same_fact_as_queries_compare_them() {
        let same = |a: &str, b: &str| Fact::value("k", a) == Fact::value("k", b);
        assert!(same("42", "42.0") && same("0", "-0") && same("GET", "get") && same("Ö", "ö"));
        assert!(same("NaN", "nan") && same("1e3", "1000"));
        assert!(!same("42", "43") && !same("a", "b") && !same("", "0"));
        assert_ne!(Fact::value("a", "bc"), Fact::value("ab", "c"));
        assert_ne!(Fact::name(1), Fact::resource(1));
    }
}
