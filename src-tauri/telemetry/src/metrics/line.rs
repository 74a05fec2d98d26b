//! One series over one axis: what it shows in each bucket.

use super::axis::{Axis, fill};
use super::distribution::Distribution;
use super::increase::{Counted, Growing, Increase, Moving, increases};
use super::point::{Descriptor, Exponential, Histogram, Point, Summary, Value};
use super::query::{MetricKind, MetricShow};

/// Numbers of one series, or of several as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// One for each bucket.
    pub(crate) points: Vec<Option<f64>>,
    /// Least and most of each bucket.
    pub(crate) ends: Vec<Option<(f64, f64)>>,
}

/// What a series gives to its group.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Numbers, which are added or averaged.
    Numbers(Line),
    /// Observations, which are merged before anything is computed of them.
    Observed(Observed),
}

/// Observations of one series, or of several as one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// For each bucket.
    pub(crate) buckets: Vec<Option<Distribution>>,
    /// See [`Axis::reach`].
    pub(crate) reach: usize,
}

/// Computes what a series gives. Points are in order of time and begin at the axis'
/// lookback.
pub(crate) fn part(metric: &Descriptor, points: &[Point], show: MetricShow, axis: &Axis) -> Part {
    match metric.kind {
        MetricKind::Gauge | MetricKind::Sum => Part::Numbers(numbers(metric, points, show, axis)),
        MetricKind::Summary => Part::Numbers(summary(metric, points, show, axis)),
        MetricKind::Histogram if observes(show) => {
            let found = counted::<Histogram>(metric, points, axis);
            Part::Observed(merged(found, points, axis, Distribution::Explicit))
        }
        MetricKind::ExponentialHistogram if observes(show) => {
            let found = counted::<Exponential>(metric, points, axis);
            Part::Observed(merged(found, points, axis, Distribution::Exponential))
        }
        MetricKind::Histogram => {
            let found = counted::<Histogram>(metric, points, axis);
            Part::Numbers(counts(
                found.map_amounts(|h| h.count as f64),
                points,
                show,
                axis,
            ))
        }
        MetricKind::ExponentialHistogram => {
            let found = counted::<Exponential>(metric, points, axis);
            Part::Numbers(counts(
                found.map_amounts(|h| h.count as f64),
                points,
                show,
                axis,
            ))
        }
    }
}

/// Whether it is computed of the observations themselves.
fn observes(show: MetricShow) -> bool {
    !matches!(
        show,
        MetricShow::Rate | MetricShow::Delta | MetricShow::Count
    )
}

fn counted<T: Counted>(metric: &Descriptor, points: &[Point], axis: &Axis) -> Vec<Increase<T>> {
    increases(points, metric.temporality, axis.lookback())
}

trait MapAmounts<T> {
    fn map_amounts(self, amount: impl Fn(&T) -> f64) -> Vec<Increase<f64>>;
}

impl<T> MapAmounts<T> for Vec<Increase<T>> {
    fn map_amounts(self, amount: impl Fn(&T) -> f64) -> Vec<Increase<f64>> {
        let number = |one: &Increase<T>| Increase {
            from: one.from,
            at: one.at,
            amount: amount(&one.amount),
        };
        self.iter().map(number).collect()
    }
}

fn numbers(metric: &Descriptor, points: &[Point], show: MetricShow, axis: &Axis) -> Line {
    match show {
        MetricShow::Rate | MetricShow::Delta => {
            let found = if metric.kind == MetricKind::Sum && metric.monotonic {
                counted::<Growing>(metric, points, axis).map_amounts(|value| value.0)
            } else {
                counted::<Moving>(metric, points, axis).map_amounts(|value| value.0)
            };
            counts(found, points, show, axis)
        }
        _ => values(points, show, axis),
    }
}

/// Rates, or what was counted in each bucket.
fn counts(found: Vec<Increase<f64>>, points: &[Point], show: MetricShow, axis: &Axis) -> Line {
    let mut sums: Vec<Option<(f64, i64)>> = vec![None; axis.count];
    let mut ends: Vec<Option<(f64, f64)>> = vec![None; axis.count];
    for one in &found {
        let Some(place) = axis.place(one.at) else {
            continue;
        };
        let took = (one.at - one.from).max(1);
        let (sum, time) = sums[place].get_or_insert((0.0, 0));
        *sum += one.amount;
        *time += took;
        if show == MetricShow::Rate {
            widen(&mut ends[place], one.amount * 1000.0 / took as f64);
        }
    }
    let rate = show == MetricShow::Rate;
    let mut line = Line {
        points: sums
            .into_iter()
            .map(|sum| {
                sum.map(|(sum, time)| {
                    if rate {
                        sum * 1000.0 / time as f64
                    } else {
                        sum
                    }
                })
            })
            .collect(),
        ends,
    };
    if rate {
        line.fill(axis.reach(points));
    }
    line
}

/// Values as they are.
fn values(points: &[Point], show: MetricShow, axis: &Axis) -> Line {
    let mut buckets: Vec<Vec<f64>> = vec![Vec::new(); axis.count];
    for point in points {
        if let (Some(place), Value::Number(value)) = (axis.place(point.at), &point.value)
            && value.is_finite()
        {
            buckets[place].push(*value);
        }
    }
    let mut line = Line::default();
    for bucket in &mut buckets {
        let mut ends = None;
        bucket.iter().for_each(|value| widen(&mut ends, *value));
        line.points.push(one_of(bucket, show));
        line.ends.push(ends);
    }
    if show == MetricShow::Count {
        line.ends.fill(None);
    } else {
        line.fill(axis.reach(points));
    }
    line
}

/// What a bucket with these values shows.
fn one_of(values: &mut [f64], show: MetricShow) -> Option<f64> {
    let last = *values.last()?;
    let count = values.len();
    Some(match show {
        MetricShow::Count => count as f64,
        MetricShow::Mean => values.iter().sum::<f64>() / count as f64,
        _ => match share(show) {
            None => last,
            Some(share) => {
                values.sort_by(f64::total_cmp);
                let rank = (share * count as f64).ceil() as usize;
                values[rank.clamp(1, count) - 1]
            }
        },
    })
}

/// The share of observations that a percentile is about.
pub(crate) fn share(show: MetricShow) -> Option<f64> {
    match show {
        MetricShow::P50 => Some(0.5),
        MetricShow::P90 => Some(0.9),
        MetricShow::P99 => Some(0.99),
        _ => None,
    }
}

fn summary(metric: &Descriptor, points: &[Point], show: MetricShow, axis: &Axis) -> Line {
    if let Some(wanted) = share(show) {
        let value = |point: &Point| match &point.value {
            Value::Summary(summary) => summary.at(wanted),
            _ => None,
        };
        let told = points
            .iter()
            .filter_map(|p| Some(Point::number(p.at, value(p)?)));
        return values(&told.collect::<Vec<_>>(), MetricShow::Value, axis);
    }
    let found = increases::<Summary>(points, metric.temporality, axis.lookback());
    if !observes(show) {
        return counts(
            found.map_amounts(|summary| summary.count as f64),
            points,
            show,
            axis,
        );
    }
    let mut sums: Vec<Option<(f64, u64)>> = vec![None; axis.count];
    for one in found.iter().filter(|one| one.amount.count > 0) {
        if let Some(place) = axis.place(one.at) {
            let (sum, count) = sums[place].get_or_insert((0.0, 0));
            *sum += one.amount.sum;
            *count += one.amount.count;
        }
    }
    let mean = |(sum, count): (f64, u64)| sum / count as f64;
    let mut line = Line {
        points: sums.into_iter().map(|sum| sum.map(mean)).collect(),
        ends: vec![None; axis.count],
    };
    line.fill(axis.reach(points));
    line
}

impl Summary {
    /// The value at a quantile: as told, or between the two next to it.
    fn at(&self, wanted: f64) -> Option<f64> {
        let after = self
            .quantiles
            .partition_point(|(quantile, _)| *quantile < wanted);
        let (above, value) = *self.quantiles.get(after)?;
        if above == wanted || after == 0 {
            return (above == wanted && value.is_finite()).then_some(value);
        }
        let (below, least) = self.quantiles[after - 1];
        let part = (wanted - below) / (above - below);
        Some(least + (value - least) * part).filter(|value| value.is_finite())
    }
}

fn merged<T>(
    found: Vec<Increase<T>>,
    points: &[Point],
    axis: &Axis,
    wrap: impl Fn(T) -> Distribution,
) -> Observed {
    let mut buckets = vec![None; axis.count];
    for one in found {
        if let Some(place) = axis.place(one.at) {
            add(&mut buckets[place], wrap(one.amount));
        }
    }
    let reach = axis.reach(points);
    Observed { buckets, reach }
}

/// Adds observations to those of a bucket; none are not kept.
pub(crate) fn add(bucket: &mut Option<Distribution>, more: Distribution) {
    match bucket {
        _ if more.count() == 0 => {}
        Some(sum) => sum.plus(&more),
        None => *bucket = Some(more),
    }
}

fn widen(ends: &mut Option<(f64, f64)>, value: f64) {
    *ends = Some(ends.map_or((value, value), |(least, most)| {
        (least.min(value), most.max(value))
    }));
}

impl Line {
    pub(crate) fn fill(&mut self, reach: usize) {
        fill(&mut self.points, reach);
        fill(&mut self.ends, reach);
    }

    /// The largest distance from zero, for the order of lines.
    pub(crate) fn size(&self) -> f64 {
        self.points
            .iter()
            .flatten()
            .fold(0.0, |size, value| value.abs().max(size))
    }

    /// Whether least and most say more than the points do.
    pub(crate) fn has_ends(&self) -> bool {
        let pairs = self.points.iter().zip(&self.ends);
        pairs
            .filter_map(|(point, ends)| point.zip(*ends))
            .any(|(point, (least, most))| least < point || most > point)
    }
}
