//! Charts and lists of the present run and of those that are kept.

use super::{Known, Shared};
use crate::book::runs::{files, run_of};
use crate::file::RunFile;
use crate::metrics::axis::Axis;
use crate::metrics::chart::{Chart, MOST_READ, wants};
use crate::metrics::point::{Descriptor, Point, SeriesKey};
use crate::metrics::query::{
    Metric, MetricFrame, MetricFrames, MetricList, MetricQuery, MetricRange,
};
use crate::metrics::table;
use benchtop_model::time::{Millis, Timestamp};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Points that one request reads.
const MOST_POINTS: usize = 4_000_000;

/// A run that is not written to any more.
struct Past {
    file: RunFile,
    series: Vec<Known>,
    /// Points that no chunk has.
    open: HashMap<u32, Vec<Point>>,
}

pub(super) fn list(shared: &Shared, run: Option<&str>) -> Result<MetricList, String> {
    let (dropped_series, dropped_points, present) = {
        let state = shared.lock();
        let present = is_present(state.run.as_deref(), run).then(|| state.known().collect());
        (state.dropped_series(), state.dropped_points, present)
    };
    let known: Vec<Known> = match present {
        Some(known) => known,
        None => Past::open(shared, run)?.map_or_else(Vec::new, |past| past.series),
    };
    Ok(MetricList {
        metrics: metrics(&known),
        dropped_series,
        dropped_points,
    })
}

pub(super) fn query(
    shared: &Shared,
    run: Option<&str>,
    queries: &[MetricQuery],
    range: &MetricRange,
) -> Result<MetricFrames, String> {
    let present = is_present(shared.lock().run.as_deref(), run);
    let past = if present {
        None
    } else {
        Past::open(shared, run)?
    };
    let span = match &past {
        Some(past) => past.span(),
        None if present => shared.lock().span(),
        None => None,
    };
    let axis = axis(range, span);
    let mut budget = MOST_POINTS;
    let frame = |query| match &past {
        Some(past) => past.frame(query, axis, &mut budget),
        None if present => present_frame(shared, query, axis, &mut budget),
        None => Ok(Chart::new(query, axis).finish()),
    };
    let frames = queries.iter().map(frame).collect::<rusqlite::Result<_>>();
    Ok(MetricFrames {
        from: Timestamp(axis.from),
        to: Timestamp(axis.to()),
        step: Millis(axis.step.cast_unsigned()),
        frames: frames.map_err(|error| unreadable(&error))?,
        marks: Vec::new(),
    })
}

pub(super) fn export(
    shared: &Shared,
    run: &str,
    each: &mut dyn FnMut(&SeriesKey, Vec<Point>) -> io::Result<()>,
) -> io::Result<()> {
    let past = Past::open(shared, Some(run)).map_err(io::Error::other)?;
    let Some(past) = past else { return Ok(()) };
    for series in &past.series {
        let mut points = past.open.get(&series.id).cloned().unwrap_or_default();
        past.file
            .read(|connection| {
                let all = (i64::MIN, i64::MAX);
                table::read_points(connection, series.id, all, &mut points)
            })
            .map_err(io::Error::other)?;
        // What became a chunk meanwhile was read twice.
        points.sort_by_key(|point| point.at);
        points.dedup();
        each(&series.key, points)?;
    }
    Ok(())
}

fn is_present(present: Option<&str>, wanted: Option<&str>) -> bool {
    present.is_some() && (wanted.is_none() || wanted == present)
}

fn axis(range: &MetricRange, span: Option<(i64, i64)>) -> Axis {
    let (first, last) = span.unwrap_or_default();
    let until = range.until.map_or(last.saturating_add(1), |until| until.0);
    let since = range.since.map_or(first.min(until), |since| since.0);
    Axis::new(since, until, range.buckets)
}

fn unreadable(error: &rusqlite::Error) -> String {
    format!("the metrics of this run cannot be read: {error}")
}

fn present_frame(
    shared: &Shared,
    query: &MetricQuery,
    axis: Axis,
    budget: &mut usize,
) -> rusqlite::Result<MetricFrame> {
    let ids = shared.lock().find(|key| wants(query, key));
    let file = shared.lock().file.clone();
    let within = (axis.lookback(), axis.to());
    let mut chart = Chart::new(query, axis);
    chart.leave_out(ids.len().saturating_sub(MOST_READ));
    let mut add = |connection: Option<&Connection>| {
        for id in ids.iter().take(MOST_READ) {
            // Memory first: what becomes a chunk meanwhile is seen twice, not never.
            let Some((key, mut points)) = shared.lock().take(*id, within) else {
                continue;
            };
            if let Some(connection) = connection {
                table::read_points(connection, *id, within, &mut points)?;
            }
            plot(&mut chart, &key, points, budget);
        }
        Ok(())
    };
    match file.filter(|file| file.path.exists()) {
        Some(file) => file.read(|connection| {
            let there = table::exists(connection)?;
            add(there.then_some(connection))
        })?,
        None => add(None)?,
    }
    Ok(chart.finish())
}

/// Adds a series to a chart, unless too much was read already.
fn plot(chart: &mut Chart<'_>, key: &SeriesKey, mut points: Vec<Point>, budget: &mut usize) {
    if points.len() > *budget {
        return chart.leave_out(1);
    }
    *budget -= points.len();
    points.sort_by_key(|point| point.at);
    points.dedup();
    chart.add(key, &points);
}

impl Past {
    /// The run of this name, or the newest; `None` where it is not there or has none.
    fn open(shared: &Shared, run: Option<&str>) -> Result<Option<Self>, String> {
        let Some(path) = past_file(shared, run) else {
            return Ok(None);
        };
        let file = RunFile::new(path);
        let read = file.read(|connection| {
            if !table::exists(connection)? {
                return Ok(None);
            }
            let (_, spans) = table::read_spans(connection)?;
            let mut open: HashMap<u32, Vec<Point>> = HashMap::new();
            for (id, point) in table::read_batches(connection)? {
                open.entry(id).or_default().push(point);
            }
            let series = table::read_series(connection)?;
            Ok(Some((series, spans, open)))
        });
        let Some((series, spans, open)) = read.map_err(|error| unreadable(&error))? else {
            return Ok(None);
        };
        let known = |(id, key)| {
            let new = open.get(&id).into_iter().flatten().map(|point| point.at);
            let (first, last) = spans.get(&id).copied().unwrap_or((i64::MAX, i64::MIN));
            let (first, last) = new.fold((first, last), |(first, last), at| {
                (first.min(at), last.max(at))
            });
            (first <= last).then_some(Known {
                id,
                key,
                first,
                last,
            })
        };
        let series = series.into_iter().filter_map(known).collect();
        Ok(Some(Self { file, series, open }))
    }

    fn span(&self) -> Option<(i64, i64)> {
        let first = self.series.iter().map(|known| known.first).min()?;
        Some((first, self.series.iter().map(|known| known.last).max()?))
    }

    fn frame(
        &self,
        query: &MetricQuery,
        axis: Axis,
        budget: &mut usize,
    ) -> rusqlite::Result<MetricFrame> {
        let wanted: Vec<&Known> = self
            .series
            .iter()
            .filter(|s| wants(query, &s.key))
            .collect();
        let (since, until) = (axis.lookback(), axis.to());
        let mut chart = Chart::new(query, axis);
        chart.leave_out(wanted.len().saturating_sub(MOST_READ));
        self.file.read(|connection| {
            for series in wanted.into_iter().take(MOST_READ) {
                let mut points = Vec::new();
                table::read_points(connection, series.id, (since, until), &mut points)?;
                let new = self.open.get(&series.id).into_iter().flatten();
                points.extend(new.filter(|p| (since..until).contains(&p.at)).cloned());
                plot(&mut chart, &series.key, points, budget);
            }
            Ok(())
        })?;
        Ok(chart.finish())
    }
}

fn past_file(shared: &Shared, run: Option<&str>) -> Option<PathBuf> {
    let all = files(shared.folder.as_ref()?);
    match run {
        None => all.into_iter().next_back(),
        Some(run) => all
            .into_iter()
            .find(|path| run_of(path).as_deref() == Some(run)),
    }
}

/// One entry for each metric, whatever each sender says of it.
fn metrics(known: &[Known]) -> Vec<Metric> {
    let mut found: BTreeMap<Arc<Descriptor>, Vec<&Known>> = BTreeMap::new();
    for series in known {
        let metric = Arc::clone(&series.key.metric);
        let nameless = Descriptor {
            description: String::new(),
            ..Descriptor::clone(&metric)
        };
        found.entry(Arc::new(nameless)).or_default().push(series);
    }
    found
        .into_iter()
        .map(|(metric, series)| entry(&metric, &series))
        .collect()
}

fn entry(metric: &Descriptor, series: &[&Known]) -> Metric {
    let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let services: BTreeSet<&String> = series.iter().map(|s| &s.key.service).collect();
    let pairs = series.iter().flat_map(|s| &s.key.attributes);
    let attributes: BTreeSet<&String> = pairs.map(|(key, _)| key).collect();
    let times = || series.iter().map(|s| (s.first, s.last));
    Metric {
        name: metric.name.clone(),
        unit: told(&metric.unit),
        description: series.iter().find_map(|s| told(&s.key.metric.description)),
        kind: metric.kind,
        monotonic: metric.monotonic,
        temporality: metric.temporality,
        source: metric.source,
        services: services.into_iter().cloned().collect(),
        attributes: attributes.into_iter().cloned().collect(),
        series: u32::try_from(series.len()).unwrap_or(u32::MAX),
        first: Timestamp(times().map(|(first, _)| first).min().unwrap_or_default()),
        last: Timestamp(times().map(|(_, last)| last).max().unwrap_or_default()),
    }
}
