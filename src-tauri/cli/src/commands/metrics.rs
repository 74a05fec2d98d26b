//! `benchtop metrics`: what was measured, with the last value and its course.

use super::runs;
use crate::arguments::Metrics;
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::measure;
use benchtop_api::client::Client;
use benchtop_api::model::time::Timestamp;
use benchtop_api::schema::{ApiError, MetricsListRequest, MetricsQueryRequest};
use benchtop_api::telemetry::metrics::query::{
    Metric, MetricFrame, MetricFrames, MetricKind, MetricQuery, MetricShow, RunMark, Series,
};
use serde::Serialize;

/// Charts that are asked for at a time.
const AT_ONCE: usize = 16;

/// Columns of a sparkline.
const COLUMNS: u32 = 24;

/// Points of a series as JSON.
const JSON_BUCKETS: u32 = 500;

/// All that `--json` prints.
#[derive(Serialize)]
struct Report {
    metrics: Vec<Metric>,
    dropped_series: u64,
    dropped_points: u64,
    from: Timestamp,
    to: Timestamp,
    step: benchtop_api::model::time::Millis,
    frames: Vec<MetricFrame>,
    marks: Vec<RunMark>,
}

pub(crate) async fn run(arguments: &Metrics) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    let arguments = &Metrics {
        run: runs::named(&connection, arguments.run.as_deref()).await?,
        ..arguments.clone()
    };
    let list = MetricsListRequest {
        environment: connection.environment.clone(),
        run: arguments.run.clone(),
    };
    let list = connection.client.call(&list).await?;
    let wanted = |metric: &&Metric| {
        let name = arguments.name.as_ref();
        let service = |name| metric.services.contains(name);
        name.is_none_or(|name| metric.name.contains(name.as_str()))
            && (arguments.services.is_empty() || arguments.services.iter().any(service))
    };
    let metrics: Vec<Metric> = list.metrics.iter().filter(wanted).cloned().collect();
    let charts = ask(
        &connection.client,
        &connection.environment,
        arguments,
        &metrics,
    )
    .await?;
    if arguments.json {
        let report = Report {
            metrics,
            dropped_series: list.dropped_series,
            dropped_points: list.dropped_points,
            from: charts.from,
            to: charts.to,
            step: charts.step,
            frames: charts.frames,
            marks: charts.marks,
        };
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&metrics, &charts);
    }
    Ok(Code::Fine)
}

/// Charts of all these metrics, each series by itself.
async fn ask(
    client: &Client,
    environment: &str,
    arguments: &Metrics,
    metrics: &[Metric],
) -> Result<MetricFrames, ApiError> {
    let query = |metric: &Metric| MetricQuery {
        metric: metric.name.clone(),
        services: arguments.services.clone(),
        group_by: metric.attributes.clone(),
        show: shown(metric),
        ..MetricQuery::default()
    };
    // One axis for all, however many requests it takes.
    let since = arguments.since;
    let last = metrics.iter().map(|metric| metric.last.0).max();
    let until = last.map_or_else(
        || Timestamp(since.0 + 1),
        |last| Timestamp(last.max(since.0) + 1),
    );
    let mut all = MetricFrames::default();
    for part in metrics.chunks(AT_ONCE) {
        let request = MetricsQueryRequest {
            environment: environment.to_owned(),
            run: arguments.run.clone(),
            queries: part.iter().map(query).collect(),
            since: Some(since),
            until: Some(until),
            buckets: if arguments.json {
                JSON_BUCKETS
            } else {
                COLUMNS
            },
        };
        let mut answer = client.call(&request).await?;
        let mut frames = std::mem::take(&mut all.frames);
        frames.append(&mut answer.frames);
        all = MetricFrames { frames, ..answer };
    }
    Ok(all)
}

/// What says most of a metric in one number.
fn shown(metric: &Metric) -> MetricShow {
    match metric.kind {
        MetricKind::Gauge => MetricShow::Value,
        MetricKind::Sum if metric.monotonic => MetricShow::Rate,
        MetricKind::Sum => MetricShow::Value,
        _ => MetricShow::P90,
    }
}

fn print(metrics: &[Metric], charts: &MetricFrames) {
    let frames = metrics.iter().zip(&charts.frames);
    let lines: Vec<_> = frames
        .flat_map(|(metric, frame)| frame.series.iter().map(move |s| (metric, frame, s)))
        .collect();
    if lines.is_empty() {
        println!(
            "nothing was measured in this time; `benchtop metrics --since 1h` looks further back"
        );
        return;
    }
    let width = |text: fn(&Series) -> String| {
        lines
            .iter()
            .map(|(_, _, s)| text(s).chars().count())
            .max()
            .unwrap_or(0)
    };
    let (services, attributes) = (width(|s| s.service.clone()), width(attributes_of));
    let mut last: Option<&str> = None;
    for (metric, frame, series) in lines {
        if last.replace(&metric.name) != Some(&metric.name) {
            let what = match shown(metric) {
                MetricShow::Rate => "a second",
                MetricShow::P90 => "nine of ten below",
                _ => "",
            };
            println!("{}  {}", metric.name, color::dim(what));
        }
        let newest = series.points.iter().rev().flatten().next();
        let value = newest.map_or_else(String::new, |value| {
            measure::value(*value, frame.unit.as_deref())
        });
        println!(
            "  {}  {:attributes$}  {value:>12}  {}",
            color::by_name(&series.service, &format!("{:services$}", series.service)),
            attributes_of(series),
            measure::sparkline(&series.points),
        );
    }
    let omitted: u32 = charts.frames.iter().map(|frame| frame.omitted_series).sum();
    if omitted > 0 {
        println!(
            "{}",
            color::dim(&format!(
                "{omitted} further series; name a metric or a service"
            ))
        );
    }
}

fn attributes_of(series: &Series) -> String {
    let pairs = series
        .attributes
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(" ")
}
