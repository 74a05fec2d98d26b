//! `benchtop runs compare`: what differs between two runs.

use super::find;
use crate::arguments::Which;
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::compare::differences::{Difference, Tone};
use benchtop_api::compare::{RunComparison, ServiceComparison, ServiceRun};
use benchtop_api::model::time::Millis;
use benchtop_api::schema::RunsCompareRequest;

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
            "{:<24} {:>15} {:>11} {:>13} {:>13} {:>13}",
            "", "ready", "restarts", "errors", "warnings", "probe"
        ))
    );
    comparison
        .services
        .iter()
        .for_each(|service| println!("{}", line(service)));
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
        "{:<24} {:>15} {:>11} {:>13} {:>13} {:>13}",
        service.service,
        both(&|run| span(run.time_to_ready)),
        both(&|run| run.restarts.to_string()),
        both(&|run| run.errors.to_string()),
        both(&|run| run.warnings.to_string()),
        both(&latency),
    )
}

fn span(span: Option<Millis>) -> String {
    span.map_or("–".to_owned(), |span| span.to_string())
}
