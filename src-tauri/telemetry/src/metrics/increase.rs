//! From what a counter says to what was counted: differences between neighbouring
//! points, with resets, for counts from the start and from the point before alike.

use super::point::{Exponential, Histogram, Point, Summary, Value};
use super::query::Temporality;

/// What was counted between two moments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Increase<T> {
    /// After this moment.
    pub(crate) from: i64,
    /// Up to this moment.
    pub(crate) at: i64,
    /// So much.
    pub(crate) amount: T,
}

/// Something that is counted from a start.
pub(crate) trait Counted: Sized + Clone {
    /// The value of a point, where it is of this kind.
    fn of(value: &Value) -> Option<Self>;

    /// What was added since `before`; `None` where the count began anew in between.
    fn minus(&self, before: &Self) -> Option<Self>;
}

/// A number that only grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Growing(pub(crate) f64);

/// A number that grows and falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moving(pub(crate) f64);

/// The increases that these points tell of, in their order.
///
/// A count from the start whose first point has nothing before it is an increase only
/// where its start is known and not before `earliest`: otherwise it tells of a time that
/// nobody has asked about.
pub(crate) fn increases<T: Counted>(
    points: &[Point],
    temporality: Option<Temporality>,
    earliest: i64,
) -> Vec<Increase<T>> {
    let counted = points.iter().filter_map(|p| Some((p, T::of(&p.value)?)));
    let mut before: Option<(&Point, T)> = None;
    let mut found = Vec::new();
    for (point, value) in counted {
        let increase = if temporality == Some(Temporality::Delta) {
            Some(delta(point, &value, before.map(|(before, _)| before)))
        } else {
            cumulative(
                point,
                &value,
                before.as_ref().map(|(p, v)| (*p, v)),
                earliest,
            )
        };
        found.extend(increase);
        before = Some((point, value));
    }
    found
}

fn delta<T: Counted>(point: &Point, value: &T, before: Option<&Point>) -> Increase<T> {
    let known = (point.start > 0 && point.start <= point.at).then_some(point.start);
    let from = known.or(before.map(|before| before.at));
    Increase {
        from: from.unwrap_or(point.at).min(point.at),
        at: point.at,
        amount: value.clone(),
    }
}

fn cumulative<T: Counted>(
    point: &Point,
    value: &T,
    before: Option<(&Point, &T)>,
    earliest: i64,
) -> Option<Increase<T>> {
    let at = point.at;
    let begun = |from| Increase {
        from,
        at,
        amount: value.clone(),
    };
    let Some((earlier, was)) = before else {
        let known = point.start > 0 && (earliest..=at).contains(&point.start);
        return known.then(|| begun(point.start));
    };
    // Another start that lies before the last point is a correction, no new count.
    if point.start != earlier.start && (earlier.at..=at).contains(&point.start) {
        return Some(begun(point.start));
    }
    Some(match value.minus(was) {
        Some(amount) => Increase {
            from: earlier.at,
            at,
            amount,
        },
        None => begun(earlier.at),
    })
}

impl Counted for Growing {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) if number.is_finite() => Some(Self(*number)),
            _ => None,
        }
    }

    fn minus(&self, before: &Self) -> Option<Self> {
        (self.0 >= before.0).then_some(Self(self.0 - before.0))
    }
}

impl Counted for Moving {
    fn of(value: &Value) -> Option<Self> {
        Growing::of(value).map(|Growing(number)| Self(number))
    }

    fn minus(&self, before: &Self) -> Option<Self> {
        Some(Self(self.0 - before.0))
    }
}

impl Counted for Histogram {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Histogram(histogram) => Some(histogram.clone()),
            _ => None,
        }
    }

    fn minus(&self, before: &Self) -> Option<Self> {
        if self.bounds != before.bounds || self.counts.len() != before.counts.len() {
            return None;
        }
        let pairs = self.counts.iter().zip(&before.counts);
        Some(Self {
            count: self.count.checked_sub(before.count)?,
            sum: self.sum.zip(before.sum).map(|(sum, was)| sum - was),
            // The extremes are those since the start; nobody knows when they came.
            min: None,
            max: None,
            bounds: self.bounds.clone(),
            counts: pairs
                .map(|(count, was)| count.checked_sub(*was))
                .collect::<Option<_>>()?,
        })
    }
}

impl Counted for Exponential {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Exponential(exponential) => Some(exponential.clone()),
            _ => None,
        }
    }

    fn minus(&self, before: &Self) -> Option<Self> {
        // A coarser scale than before is no new count: the values have spread.
        let scale = self.scale.min(before.scale);
        let (now, was) = (self.at_scale(scale), before.at_scale(scale));
        Some(Self {
            count: now.count.checked_sub(was.count)?,
            sum: now.sum.zip(was.sum).map(|(sum, was)| sum - was),
            min: None,
            max: None,
            scale,
            zero_count: now.zero_count.checked_sub(was.zero_count)?,
            zero_threshold: now.zero_threshold,
            positive: now.positive.minus(&was.positive)?,
            negative: now.negative.minus(&was.negative)?,
        })
    }
}

impl Counted for Summary {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Summary(summary) => Some(summary.clone()),
            _ => None,
        }
    }

    fn minus(&self, before: &Self) -> Option<Self> {
        Some(Self {
            count: self.count.checked_sub(before.count)?,
            sum: self.sum - before.sum,
            quantiles: self.quantiles.clone(),
        })
    }
}
