//! Arithmetic of exponential histograms: coarser scales, sums and differences.

use super::point::{Exponential, Powers};

/// Buckets of one side that a merged histogram has at most; then it gets coarser. The
/// SDKs' own limit is 160.
const MOST: usize = 320;

/// The coarsest scale: all of f64 lies in a handful of buckets.
const COARSEST: i32 = -10;

/// The finest scale of the specification is 20.
pub(crate) const FINEST: i32 = 20;

impl Powers {
    /// The same counts in buckets that are 2^`steps` times as wide.
    fn coarser(&self, steps: u32) -> Self {
        let mut coarse = Self::default();
        for (power, count) in self.iter() {
            coarse.add(power >> steps.min(31), count);
        }
        coarse
    }

    /// Power and count of each bucket.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, u64)> {
        let powers = (self.offset..=i32::MAX).zip(&self.counts);
        powers
            .filter(|(_, count)| **count > 0)
            .map(|(power, count)| (power, *count))
    }

    fn add(&mut self, power: i32, count: u64) {
        if self.counts.is_empty() {
            self.offset = power;
        }
        if power < self.offset {
            let more = self.offset.abs_diff(power) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.offset = power;
        }
        let place = self.offset.abs_diff(power) as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] = self.counts[place].saturating_add(count);
    }

    /// From the first to the last bucket that has something.
    fn width(&self, other: &Self) -> usize {
        let powers = || self.iter().chain(other.iter()).map(|(power, _)| power);
        match (powers().min(), powers().max()) {
            (Some(least), Some(most)) => most.abs_diff(least) as usize + 1,
            _ => 0,
        }
    }

    fn plus(&mut self, other: &Self) {
        other
            .iter()
            .for_each(|(power, count)| self.add(power, count));
    }

    /// `None` where there was more before.
    pub(super) fn minus(&self, before: &Self) -> Option<Self> {
        let mut left = self.clone();
        for (power, count) in before.iter() {
            let place = usize::try_from(i64::from(power) - i64::from(left.offset)).ok()?;
            let now = left.counts.get_mut(place)?;
            *now = now.checked_sub(count)?;
        }
        Some(left)
    }
}

impl Exponential {
    /// The same observations at a scale that is not finer.
    pub(crate) fn at_scale(&self, scale: i32) -> Self {
        let steps = u32::try_from(self.scale.saturating_sub(scale)).unwrap_or(0);
        if steps == 0 {
            return self.clone();
        }
        Self {
            scale,
            positive: self.positive.coarser(steps),
            negative: self.negative.coarser(steps),
            ..self.clone()
        }
    }

    /// Adds the observations of another one.
    pub(crate) fn plus(&mut self, other: &Self) {
        let mut scale = self.scale.min(other.scale);
        let (mut one, mut two) = (self.at_scale(scale), other.at_scale(scale));
        while scale > COARSEST
            && one
                .positive
                .width(&two.positive)
                .max(one.negative.width(&two.negative))
                > MOST
        {
            scale -= 1;
            (one, two) = (one.at_scale(scale), two.at_scale(scale));
        }
        one.positive.plus(&two.positive);
        one.negative.plus(&two.negative);
        *self = Self {
            count: one.count.saturating_add(two.count),
            sum: one.sum.zip(two.sum).map(|(one, two)| one + two),
            min: one.min.zip(two.min).map(|(one, two)| one.min(two)),
            max: one.max.zip(two.max).map(|(one, two)| one.max(two)),
            zero_count: one.zero_count.saturating_add(two.zero_count),
            zero_threshold: one.zero_threshold.max(two.zero_threshold),
            ..one
        };
    }

    /// Upper bound of the bucket of a power; its lower bound is that of the power before.
    pub(crate) fn bound(scale: i32, power: i32) -> f64 {
        // 2^(2^-scale * (power + 1)), without making the base: it is 1 at fine scales.
        let exponent = (f64::from(power) + 1.0) * (-f64::from(scale)).exp2();
        exponent.exp2()
    }
}
