//! The axis of time of a chart, and what lies on it.

use super::point::Point;

/// Buckets that a chart has at most.
const MOST_BUCKETS: u32 = 2000;

/// What is measured rarely is still measured: the distance up to which an earlier value
/// holds, at least; Benchtop itself measures every 10 s when nobody looks.
const HOLDS: i64 = 25_000;

/// The same at most: Prometheus takes a series to have ended after 5 minutes, too.
const HOLDS_AT_MOST: i64 = 300_000;

/// Equal buckets side by side. Their ends are multiples of their width, so that a window
/// that moves shows the same buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// When the first begins, in milliseconds.
    pub(crate) from: i64,
    /// How wide one is, in milliseconds.
    pub(crate) step: i64,
    /// How many there are.
    pub(crate) count: usize,
}

impl Axis {
    /// At most so many buckets, and one more where the begin lies inside of one.
    pub(crate) fn new(since: i64, until: i64, buckets: u32) -> Self {
        let span = until.saturating_sub(since).max(1);
        let buckets = i64::from(buckets.clamp(1, MOST_BUCKETS));
        let step = span / buckets + i64::from(span % buckets > 0);
        let from = since.div_euclid(step) * step;
        let count = until.max(since + 1).saturating_sub(from) as u64;
        Self {
            from,
            step,
            count: usize::try_from(count.div_ceil(step.cast_unsigned()))
                .unwrap_or(1)
                .max(1),
        }
    }

    /// When the last ends.
    pub(crate) fn to(&self) -> i64 {
        self.from
            .saturating_add(self.step.saturating_mul(self.count as i64))
    }

    /// Which one has this moment.
    pub(crate) fn place(&self, at: i64) -> Option<usize> {
        let place = at.checked_sub(self.from)?.div_euclid(self.step);
        usize::try_from(place)
            .ok()
            .filter(|place| *place < self.count)
    }

    /// The first moment that anything on the axis may depend on.
    pub(crate) fn lookback(&self) -> i64 {
        self.from.saturating_sub(HOLDS_AT_MOST)
    }

    /// Into how many buckets after its own a point of such a series reaches.
    pub(crate) fn reach(&self, points: &[Point]) -> usize {
        let mut gaps: Vec<i64> = points.windows(2).map(|two| two[1].at - two[0].at).collect();
        gaps.sort_unstable();
        let usual = gaps.get(gaps.len() * 9 / 10).copied().unwrap_or(0);
        let holds = (usual.saturating_mul(5) / 2).clamp(HOLDS, HOLDS_AT_MOST);
        usize::try_from(holds / self.step).unwrap_or(0)
    }
}

/// Fills gaps that are no longer than usual with the value before them; behind the last
/// value nothing is filled.
pub(crate) fn fill<T: Clone>(buckets: &mut [Option<T>], reach: usize) {
    let mut last: Option<usize> = None;
    for place in 0..buckets.len() {
        if buckets[place].is_none() {
            continue;
        }
        if let Some(last) = last
            && place - last <= reach
        {
            let (before, gap) = buckets[last..place].split_at_mut(1);
            gap.iter_mut()
                .for_each(|bucket| bucket.clone_from(&before[0]));
        }
        last = Some(place);
    }
}
