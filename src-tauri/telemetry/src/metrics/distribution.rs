//! Observations of several series and moments together: merging, percentiles, and the
//! rows of a heatmap.

use super::point::{Exponential, Histogram};
use super::query::Heatmap;

/// Rows of a heatmap that is made of an exponential histogram.
const MOST_ROWS: usize = 48;

/// Merged observations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Distribution {
    Explicit(Histogram),
    Exponential(Exponential),
}

/// A bucket with its two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: u64,
}

impl Distribution {
    /// Adds the observations of another one of the same kind.
    pub(crate) fn plus(&mut self, other: &Self) {
        match (self, other) {
            (Self::Explicit(one), Self::Explicit(two)) => one.plus(two),
            (Self::Exponential(one), Self::Exponential(two)) => one.plus(two),
            // One metric has one kind; see `Descriptor`.
            _ => {}
        }
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Explicit(histogram) => histogram.count,
            Self::Exponential(exponential) => exponential.count,
        }
    }

    /// Mean of the observations; `None` without any, or where their sum is not known.
    pub(crate) fn mean(&self) -> Option<f64> {
        let sum = match self {
            Self::Explicit(histogram) => histogram.sum,
            Self::Exponential(exponential) => exponential.sum,
        };
        let count = self.count();
        (count > 0).then_some(sum? / count as f64)
    }

    /// The value that this share of the observations does not exceed, as exactly as the
    /// buckets tell; within the bucket it is taken to be even.
    pub(crate) fn percentile(&self, share: f64) -> Option<f64> {
        let cells = self.cells();
        let total: u64 = cells.iter().map(|cell| cell.count).sum();
        if total == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * total as f64;
        let mut below = 0.0;
        for cell in cells.iter().filter(|cell| cell.count > 0) {
            let count = cell.count as f64;
            if below + count >= wanted {
                let part = ((wanted - below) / count).clamp(0.0, 1.0);
                return Some((cell.low + (cell.high - cell.low) * part).clamp(cell.low, cell.high));
            }
            below += count;
        }
        cells
            .iter()
            .rfind(|cell| cell.count > 0)
            .map(|cell| cell.high)
    }

    /// All buckets, rising.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        match self {
            Self::Explicit(histogram) => histogram.cells(),
            Self::Exponential(exponential) => exponential.cells(),
        }
    }
}

impl Histogram {
    fn plus(&mut self, other: &Self) {
        if self.bounds != other.bounds {
            // Bounds that both have lose nothing; others cannot be told apart any more.
            let shared = self
                .bounds
                .iter()
                .filter(|bound| other.bounds.contains(bound));
            let shared: Vec<f64> = shared.copied().collect();
            *self = self.coarser(&shared);
            return self.plus(&other.coarser(&shared));
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.zip(other.sum).map(|(one, two)| one + two);
        self.min = self.min.zip(other.min).map(|(one, two)| one.min(two));
        self.max = self.max.zip(other.max).map(|(one, two)| one.max(two));
    }

    /// The same observations between some of the bounds.
    fn coarser(&self, bounds: &[f64]) -> Self {
        let mut counts = vec![0_u64; bounds.len() + 1];
        for (place, count) in self.counts.iter().enumerate() {
            let row = match self.bounds.get(place) {
                Some(upper) => bounds.partition_point(|bound| bound < upper),
                None => bounds.len(),
            };
            counts[row] = counts[row].saturating_add(*count);
        }
        Self {
            bounds: bounds.into(),
            counts,
            ..self.clone()
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let (Some(first), Some(last)) = (self.bounds.first(), self.bounds.last()) else {
            let low = self.min.or_else(|| self.mean_or_zero());
            let (low, high) = (low.unwrap_or(0.0), self.max.or_else(|| self.mean_or_zero()));
            let high = high.unwrap_or(low).max(low);
            return vec![Cell {
                low,
                high,
                count: self.count,
            }];
        };
        // What is observed is seldom negative, so the first bucket begins at zero.
        let lowest = self
            .min
            .unwrap_or(if *first > 0.0 { 0.0 } else { *first })
            .min(*first);
        let highest = self.max.unwrap_or(*last).max(*last);
        let ends: Vec<f64> = std::iter::once(lowest)
            .chain(self.bounds.iter().copied())
            .chain(std::iter::once(highest))
            .collect();
        let pairs = ends.windows(2).zip(&self.counts);
        pairs
            .map(|(ends, count)| Cell {
                low: ends[0],
                high: ends[1],
                count: *count,
            })
            .collect()
    }

    fn mean_or_zero(&self) -> Option<f64> {
        let count = self.count.max(1) as f64;
        self.sum.map(|sum| sum / count)
    }
}

impl Exponential {
    fn cells(&self) -> Vec<Cell> {
        let bound = |power: i32| Self::bound(self.scale, power);
        let negative: Vec<_> = self.negative.iter().collect();
        let mut cells: Vec<Cell> = negative
            .into_iter()
            .rev()
            .map(|(power, count)| Cell {
                low: -bound(power),
                high: -bound(power.saturating_sub(1)),
                count,
            })
            .collect();
        if self.zero_count > 0 {
            let threshold = self.zero_threshold.abs();
            let low = if cells.is_empty() { 0.0 } else { -threshold };
            cells.push(Cell {
                low,
                high: threshold,
                count: self.zero_count,
            });
        }
        cells.extend(self.positive.iter().map(|(power, count)| Cell {
            low: bound(power.saturating_sub(1)),
            high: bound(power),
            count,
        }));
        cells
    }
}

/// Observations over time: one distribution for each bucket that has any.
pub(crate) fn heatmap(columns: &[Option<Distribution>]) -> Option<Heatmap> {
    let mut all: Option<Distribution> = None;
    for column in columns.iter().flatten() {
        match &mut all {
            Some(all) => all.plus(column),
            None => all = Some(column.clone()),
        }
    }
    Some(match all? {
        Distribution::Explicit(all) => explicit(columns, &all),
        Distribution::Exponential(all) => exponential(columns, all),
    })
}

fn explicit(columns: &[Option<Distribution>], all: &Histogram) -> Heatmap {
    let counts = columns.iter().map(|column| match column {
        Some(Distribution::Explicit(histogram)) => histogram.coarser(&all.bounds).counts,
        _ => Vec::new(),
    });
    Heatmap {
        bounds: all.bounds.to_vec(),
        counts: counts.collect(),
    }
}

/// The lowest row has zero and everything below.
fn exponential(columns: &[Option<Distribution>], mut all: Exponential) -> Heatmap {
    let ends = |of: &Exponential| {
        let powers = || of.positive.iter().map(|(power, _)| power);
        powers().min().zip(powers().max())
    };
    while ends(&all).is_some_and(|(least, most)| most.abs_diff(least) as usize >= MOST_ROWS) {
        all = all.at_scale(all.scale - 1);
    }
    let Some((least, most)) = ends(&all) else {
        let counts = columns.iter().map(|column| {
            column
                .as_ref()
                .map_or_else(Vec::new, |column| vec![column.count(), 0])
        });
        return Heatmap {
            bounds: vec![all.zero_threshold.abs()],
            counts: counts.collect(),
        };
    };
    let rows = most.abs_diff(least) as usize + 1;
    let bounds = std::iter::once(least.saturating_sub(1)).chain(least..=most);
    let column = |column: &Exponential| {
        let coarse = column.at_scale(all.scale);
        let mut counts = vec![0_u64; rows + 2];
        let negative: u64 = coarse.negative.counts.iter().sum();
        counts[0] = coarse.zero_count.saturating_add(negative);
        for (power, count) in coarse.positive.iter() {
            counts[power.abs_diff(least) as usize + 1] += count;
        }
        counts
    };
    Heatmap {
        bounds: bounds
            .map(|power| Exponential::bound(all.scale, power))
            .collect(),
        counts: columns
            .iter()
            .map(|found| match found {
                Some(Distribution::Exponential(found)) => column(found),
                _ => Vec::new(),
            })
            .collect(),
    }
}
