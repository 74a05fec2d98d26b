//! From series to what a chart shows: grouped, bucketed, bounded. Pure.

use super::axis::Axis;
use super::distribution::heatmap;
use super::line::{Line, Observed, Part, add, part, share};
use super::point::{Descriptor, Point, SeriesKey};
use super::query::{Exemplar, MetricFrame, MetricKind, MetricQuery, MetricShow, Series};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Lines of one chart.
const MOST_SERIES: usize = 50;

/// Single observations of one chart.
const MOST_EXEMPLARS: usize = 200;

/// Series that one chart is computed of.
pub(crate) const MOST_READ: usize = 500;

/// A chart that is being computed, one series after the other.
pub(crate) struct Chart<'a> {
    query: &'a MetricQuery,
    axis: Axis,
    groups: BTreeMap<GroupKey, Group>,
    exemplars: Vec<Exemplar>,
    unit: Option<String>,
    left_out: usize,
}

/// What the series of one line have given so far.
enum Group {
    /// The numbers of one series.
    One(Line),
    /// For each bucket, the sum of the numbers of several series, and how many they are.
    Several(Vec<(f64, u32)>),
    /// Observations of all.
    Observed(Observed),
}

/// What keeps lines apart. Metrics of one name that differ in kind are never added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    metric: Arc<Descriptor>,
    service: String,
    attributes: Vec<(String, String)>,
}

/// Whether the query is about this series.
pub(crate) fn wants(query: &MetricQuery, key: &SeriesKey) -> bool {
    let has = |wanted: &super::query::MetricFilter| {
        let pair = key.attributes.iter().find(|(key, _)| *key == wanted.key);
        pair.is_some_and(|(_, value)| *value == wanted.value)
    };
    key.metric.name == query.metric
        && (query.services.is_empty() || query.services.contains(&key.service))
        && query.filter.iter().all(has)
}

impl<'a> Chart<'a> {
    pub(crate) fn new(query: &'a MetricQuery, axis: Axis) -> Self {
        Self {
            query,
            axis,
            groups: BTreeMap::new(),
            exemplars: Vec::new(),
            unit: None,
            left_out: 0,
        }
    }

    /// Takes a series; its points are in order of time.
    pub(crate) fn add(&mut self, key: &SeriesKey, points: &[Point]) {
        let (metric, show) = (&key.metric, self.query.show);
        self.unit = self.unit.take().or_else(|| unit(metric, show));
        let inside = points.iter().filter(|p| self.axis.place(p.at).is_some());
        self.exemplars
            .extend(inside.flat_map(|point| point.exemplars.iter().cloned()));
        keep_largest(&mut self.exemplars);
        let kept = |(key, _): &&(String, String)| self.query.group_by.contains(key);
        let group = GroupKey {
            metric: Arc::clone(metric),
            service: key.service.clone(),
            attributes: key.attributes.iter().filter(kept).cloned().collect(),
        };
        let part = part(metric, points, show, &self.axis);
        match self.groups.entry(group) {
            Entry::Vacant(place) => {
                place.insert(Group::new(part));
            }
            Entry::Occupied(mut group) => group.get_mut().plus(part),
        }
    }

    /// Series that there was no room for.
    pub(crate) fn leave_out(&mut self, series: usize) {
        self.left_out += series;
    }

    /// What it shows.
    pub(crate) fn finish(mut self) -> MetricFrame {
        self.exemplars.sort_by_key(|exemplar| exemplar.at);
        let (metric, unit) = (self.query.metric.clone(), self.unit);
        let mut frame = MetricFrame {
            metric,
            unit,
            exemplars: self.exemplars,
            omitted_series: u32::try_from(self.left_out).unwrap_or(u32::MAX),
            ..MetricFrame::default()
        };
        if self.query.show == MetricShow::Heatmap {
            frame.heatmap = heatmap(&together(self.groups.into_values()));
            return frame;
        }
        let show = self.query.show;
        let mut lines: Vec<(GroupKey, Line)> = self
            .groups
            .into_iter()
            .map(|(key, group)| {
                let line = group.line(&key.metric, show);
                (key, line)
            })
            .filter(|(_, line)| line.points.iter().any(Option::is_some))
            .collect();
        lines.sort_by(|(_, one), (_, other)| other.size().total_cmp(&one.size()));
        let omitted = u32::try_from(lines.len().saturating_sub(MOST_SERIES));
        frame.omitted_series = frame
            .omitted_series
            .saturating_add(omitted.unwrap_or(u32::MAX));
        lines.truncate(MOST_SERIES);
        frame.series = lines.into_iter().map(series).collect();
        frame
    }
}

impl Group {
    fn new(part: Part) -> Self {
        match part {
            Part::Numbers(line) => Self::One(line),
            Part::Observed(observed) => Self::Observed(observed),
        }
    }

    /// Adds at once what another series gives, so that little is held.
    fn plus(&mut self, part: Part) {
        match (&mut *self, part) {
            (Self::One(line), Part::Numbers(more)) => {
                let mut sums = vec![(0.0, 0); line.points.len()];
                add_up(&mut sums, line);
                add_up(&mut sums, &more);
                *self = Self::Several(sums);
            }
            (Self::Several(sums), Part::Numbers(more)) => add_up(sums, &more),
            (Self::Observed(all), Part::Observed(more)) => all.plus(more),
            // All series of a metric give the same.
            _ => {}
        }
    }

    fn line(self, metric: &Descriptor, show: MetricShow) -> Line {
        match self {
            Self::One(line) => line,
            Self::Observed(all) => all.line(show),
            Self::Several(sums) => {
                let averaged = averages(metric.kind, show);
                let value = |(sum, count): &(f64, u32)| {
                    let by = if averaged { f64::from(*count) } else { 1.0 };
                    (*count > 0).then_some(sum / by)
                };
                Line {
                    points: sums.iter().map(value).collect(),
                    ends: vec![None; sums.len()],
                }
            }
        }
    }
}

/// Whether several series as one are their mean, and not their sum.
fn averages(kind: MetricKind, show: MetricShow) -> bool {
    use MetricShow::{Count, Delta, Rate};
    match kind {
        MetricKind::Gauge => show != Count,
        MetricKind::Sum => false,
        // Percentiles and means of others cannot be added up; there is nothing better.
        _ => !matches!(show, Rate | Delta | Count),
    }
}

fn add_up(sums: &mut [(f64, u32)], line: &Line) {
    for ((sum, count), value) in sums.iter_mut().zip(&line.points) {
        if let Some(value) = value {
            *sum += value;
            *count += 1;
        }
    }
}

impl Observed {
    fn plus(&mut self, more: Self) {
        self.reach = self.reach.max(more.reach);
        for (bucket, more) in self.buckets.iter_mut().zip(more.buckets) {
            if let Some(more) = more {
                add(bucket, more);
            }
        }
    }

    fn line(&self, show: MetricShow) -> Line {
        let value = |bucket: &Option<super::distribution::Distribution>| {
            let bucket = bucket.as_ref()?;
            match share(show) {
                Some(share) => bucket.percentile(share),
                None => bucket.mean(),
            }
        };
        let mut line = Line {
            points: self.buckets.iter().map(value).collect(),
            ends: vec![None; self.buckets.len()],
        };
        line.fill(self.reach);
        line
    }
}

/// The observations of all groups as one.
fn together(groups: impl Iterator<Item = Group>) -> Vec<Option<super::distribution::Distribution>> {
    let mut all: Option<Observed> = None;
    for group in groups {
        match (&mut all, group) {
            (Some(all), Group::Observed(more)) => all.plus(more),
            (None, Group::Observed(first)) => all = Some(first),
            _ => {}
        }
    }
    all.map(|all| all.buckets).unwrap_or_default()
}

fn series((key, line): (GroupKey, Line)) -> Series {
    let ends = line.has_ends();
    let side = |pick: fn((f64, f64)) -> f64| {
        ends.then(|| line.ends.iter().map(|ends| ends.map(pick)).collect())
    };
    Series {
        service: key.service,
        attributes: key.attributes,
        min: side(|(least, _)| least),
        max: side(|(_, most)| most),
        points: line.points,
    }
}

/// The unit of what is shown.
fn unit(metric: &Descriptor, show: MetricShow) -> Option<String> {
    let observes = !matches!(metric.kind, MetricKind::Gauge | MetricKind::Sum);
    let own = if observes {
        "{observation}"
    } else {
        &metric.unit
    };
    match show {
        MetricShow::Count if observes => Some("{observation}".to_owned()),
        MetricShow::Count => Some("{point}".to_owned()),
        MetricShow::Rate if own.is_empty() => Some("1/s".to_owned()),
        MetricShow::Rate => Some(format!("{own}/s")),
        MetricShow::Delta => Some(own.to_owned()).filter(|unit| !unit.is_empty()),
        _ => Some(metric.unit.clone()).filter(|unit| !unit.is_empty()),
    }
}

fn keep_largest(exemplars: &mut Vec<Exemplar>) {
    if exemplars.len() > MOST_EXEMPLARS {
        exemplars.sort_by(|one, other| other.value.total_cmp(&one.value));
        exemplars.truncate(MOST_EXEMPLARS);
    }
}
