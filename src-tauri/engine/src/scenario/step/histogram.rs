//! How long things took, in a bounded place: each value is kept to one part in 32.

use std::time::Duration;

/// Places for each power of two.
const FINE: u32 = 5;

/// Enough for every number of 64 bits.
const PLACES: usize = 64 << FINE;

/// See the module.
#[derive(Debug)]
pub(super) struct Histogram {
    places: Vec<u64>,
    count: u64,
    sum_us: u64,
    most_us: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            places: vec![0; PLACES],
            count: 0,
            sum_us: 0,
            most_us: 0,
        }
    }

    /// So many took so long.
    pub(super) fn add(&mut self, took: Duration, times: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.places[place(us)] += times;
        self.count += times;
        self.sum_us = self.sum_us.saturating_add(us.saturating_mul(times));
        self.most_us = self.most_us.max(us);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// In milliseconds, exact. No number without values.
    pub(super) fn mean(&self) -> f64 {
        self.sum_us as f64 / self.count as f64 / 1000.0
    }

    /// In milliseconds: what so large a share does not exceed. No number without values.
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let rank = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for (at, times) in self.places.iter().enumerate() {
            below += times;
            if below >= rank {
                return top(at).min(self.most_us) as f64 / 1000.0;
            }
        }
        f64::NAN
    }
}

/// Small numbers have a place each; then every power of two has equally many.
fn place(value: u64) -> usize {
    let bits = 64 - value.leading_zeros();
    let Some(shift) = bits.checked_sub(FINE + 1) else {
        return value as usize;
    };
    ((shift as usize + 1) << FINE) + ((value >> shift) as usize - (1 << FINE))
}

/// The largest value of a place.
fn top(place: usize) -> u64 {
    let Some(shift) = (place >> FINE).checked_sub(1) else {
        return place as u64;
    };
    let fine = (place & ((1 << FINE) - 1)) as u128 + (1 << FINE);
    u64::try_from(((fine + 1) << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_place_that_is_fine_enough() {
        for value in (0..5_000).chain([u64::MAX / 3, u64::MAX - 1, u64::MAX]) {
            let top = top(place(value));
            assert!(top >= value && top - value <= value / 32, "{value}: {top}");
            assert!(place(value) < PLACES);
        }
    }

    #[test]
    fn percentiles_are_near_what_was_measured() {
        let mut all = Histogram::new();
        assert!(all.percentile(0.5).is_nan());
        for ms in 1..=100 {
            all.add(Duration::from_millis(ms), 10);
        }
        let median = all.percentile(0.5);
        assert!((50.0..51.6).contains(&median), "{median}");
        assert_eq!(all.percentile(1.0), 100.0);
        assert_eq!((all.count(), all.mean()), (1000, 50.5));
    }
}
