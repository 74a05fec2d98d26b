//! `benchtop runs compare`: what differs between two runs.

use super::find;
use crate::arguments::Which;
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::compare::differences::{Difference, Tone};
use benchtop_api::compare::measured::{RouteComparison, ScenarioComparison, ScenarioRun};
use benchtop_api::compare::{RunComparison, ServiceComparison, ServiceRun};
use benchtop_api::model::time::Millis;
use benchtop_api::schema::RunsCompareRequest;
use benchtop_api::telemetry::trace::RouteLatency;
use std::collections::BTreeSet;

pub(crate) async fn run(
    which: &Which,
    (a, b): (&str, &str),
    json: bool,
    fail_on_worse: bool,
) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = RunsCompareRequest {
        a: find(&connection, a).await?.id,
        b: find(&connection, b).await?.id,
    };
    let comparison = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&comparison)?);
    } else {
        print(&comparison);
    }
    let worse = |difference: &Difference| difference.tone == Tone::Worse;
    Ok(
        match fail_on_worse && comparison.differences.iter().any(worse) {
            true => Code::Trouble,
            false => Code::Fine,
        },
    )
}

fn print(comparison: &RunComparison) {
    println!("a  {}", render::run(&comparison.a));
    println!("b  {}\n", render::run(&comparison.b));
    if comparison.differences.is_empty() {
        println!("nothing of note differs");
    }
    for difference in &comparison.differences {
        let mark = match difference.tone {
            Tone::Worse => color::red("worse "),
            Tone::Neutral => color::dim("other "),
            Tone::Better => color::cyan("better"),
        };
        println!("{mark}  {}", difference.text);
    }
    if comparison.patterns.is_none() {
        println!(
            "{}",
            color::dim("logs of one of the two are not kept any more")
        );
    }
    println!(
        "\n{}",
        color::dim(&format!(
            "{:<24} {:>15} {:>15} {:>11} {:>9} {:>13} {:>13} {:>19} {:>19} {:>13}",
            "",
            "started after",
            "ready in",
            "restarts",
            "alerts",
            "errors",
            "warnings",
            "probe",
            "most memory",
            "most CPU"
        ))
    );
    comparison
        .services
        .iter()
        .for_each(|service| println!("{}", line(service)));
    print_table("route (median)", comparison.routes.iter().map(route));
    print_table("scenario", comparison.scenarios.iter().flat_map(scenario));
}

fn print_table(title: &str, rows: impl Iterator<Item = (String, String, String)>) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        println!("\n{}", color::dim(title));
    }
    for (name, a, b) in rows {
        let both = if a == b { a } else { format!("{a} → {b}") };
        println!("{name:<52} {both}");
    }
}

fn route(route: &RouteComparison) -> (String, String, String) {
    let of = |run: &Option<RouteLatency>| {
        run.as_ref().map_or("–".to_owned(), |run| {
            let ms = |ns: u64| ns as f64 / 1_000_000.0;
            let told = run.percentiles;
            let failed = match run.errors {
                0 => String::new(),
                errors => format!(", {errors} failed"),
            };
            format!(
                "{:.1} ms, p99 {:.1} ms, {} requests{failed}",
                ms(told.p50_ns),
                ms(told.p99_ns),
                run.count
            )
        })
    };
    (
        format!("{} {}", route.service, route.route),
        of(&route.a),
        of(&route.b),
    )
}

/// The status and every figure.
fn scenario(scenario: &ScenarioComparison) -> Vec<(String, String, String)> {
    let name = &scenario.scenario;
    let of = |run: &Option<ScenarioRun>, what: &dyn Fn(&ScenarioRun) -> Option<String>| {
        run.as_ref().and_then(what).unwrap_or("–".to_owned())
    };
    let both = |title: String, what: &dyn Fn(&ScenarioRun) -> Option<String>| {
        (title, of(&scenario.a, what), of(&scenario.b, what))
    };
    let mut rows = vec![both(name.clone(), &|run| {
        Some(run.status.word().to_owned())
    })];
    let runs = scenario.a.iter().chain(&scenario.b);
    let metrics: BTreeSet<&String> = runs.flat_map(|run| run.metrics.keys()).collect();
    rows.extend(metrics.into_iter().map(|metric| {
        both(format!("{name}  {metric}"), &|run| {
            let value = run.metrics.get(metric)?;
            Some(((value * 10.0).round() / 10.0).to_string())
        })
    }));
    rows
}

/// One service: each figure as `a → b`, once where they are the same.
fn line(service: &ServiceComparison) -> String {
    let both = |figure: &dyn Fn(&ServiceRun) -> String| {
        let of = |run: &Option<ServiceRun>| run.as_ref().map_or("–".to_owned(), figure);
        let (a, b) = (of(&service.a), of(&service.b));
        if a == b { a } else { format!("{a} → {b}") }
    };
    let latency = |run: &ServiceRun| {
        run.probe_mean_us.map_or("–".to_owned(), |us| {
            format!("{:.1} ms", us as f64 / 1000.0)
        })
    };
    format!(
        "{:<24} {:>15} {:>15} {:>11} {:>9} {:>13} {:>13} {:>19} {:>19} {:>13}",
        service.service,
        both(&|run| span(run.time_to_start)),
        both(&|run| span(run.time_to_ready)),
        both(&|run| run.restarts.to_string()),
        both(&|run| run.alerts.to_string()),
        both(&|run| run.errors.to_string()),
        both(&|run| run.warnings.to_string()),
        both(&latency),
        both(&|run| run
            .peak_memory
            .map_or("–".to_owned(), |bytes| format!("{:.0} MB", bytes / 1e6))),
        both(&|run| run
            .peak_cpu
            .map_or("–".to_owned(), |cores| format!("{cores:.2}"))),
    )
}

fn span(span: Option<Millis>) -> String {
    span.map_or("–".to_owned(), |span| span.to_string())
}
