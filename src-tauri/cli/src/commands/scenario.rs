//! `benchtop scenario`: what can be run against the environment, and running it.

mod junit;
mod live;

use crate::arguments::{Scenario, ScenarioRun, Which};
use crate::color;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use benchtop_api::model::scenario::report::{ScenarioReport, ScenarioStatus};
use benchtop_api::schema::{
    Event, ScenarioCancelRequest, ScenarioHistoryRequest, ScenarioRunRequest, ScenariosListRequest,
    Topic,
};
use futures_util::{Stream, StreamExt as _};
use live::Live;
use std::time::Duration;

/// Events say when to look; this is for the case that one is missed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Executions among which the one that was begun is looked for.
const LOOKED_AT: u32 = 5;

pub(crate) async fn run(which: &Which, command: Scenario) -> Result<Code, Failure> {
    match command {
        Scenario::List { json } => list(which, json).await,
        Scenario::Run(arguments) => Box::pin(execute(which, &arguments)).await,
        Scenario::Cancel => cancel(which).await,
        Scenario::History {
            scenario,
            json,
            limit,
        } => history(which, scenario, json, limit).await,
    }
}

async fn list(which: &Which, json: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = ScenariosListRequest {
        environment: connection.environment.clone(),
    };
    let list = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&list)?);
        return Ok(Code::Fine);
    }
    if list.scenarios.is_empty() {
        println!("no scenarios yet; write one under `scenarios:` in the environment file:");
        println!("  scenarios:\n    smoke:\n      steps:\n        - run: dotnet test tests/Smoke");
    }
    for scenario in &list.scenarios {
        let last = scenario.last.first();
        let last = last.map_or_else(|| color::dim("never run"), |last| word(last.status));
        let what = scenario.description.as_deref().unwrap_or_default();
        let steps = scenario.steps.len();
        println!(
            "{last}  {}  {}  {what}",
            scenario.name,
            color::dim(&format!("{steps} steps"))
        );
        for (name, value) in &scenario.vars {
            println!("    {}", color::dim(&format!("--set {name}={value}")));
        }
    }
    Ok(Code::Fine)
}

async fn cancel(which: &Which) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    connection.client.call(&cancel_request(&connection)).await?;
    Ok(Code::Fine)
}

fn cancel_request(connection: &Connection) -> ScenarioCancelRequest {
    ScenarioCancelRequest {
        environment: connection.environment.clone(),
    }
}

async fn history(
    which: &Which,
    scenario: Option<String>,
    json: bool,
    limit: u32,
) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let all = executions(&connection, scenario, limit).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(Code::Fine);
    }
    if all.is_empty() {
        println!("nothing was run yet; `benchtop scenario run NAME` runs one");
    }
    for report in &all {
        println!("{}", summary(report));
    }
    Ok(Code::Fine)
}

async fn executions(
    connection: &Connection,
    scenario: Option<String>,
    limit: u32,
) -> Result<Vec<ScenarioReport>, Failure> {
    let request = ScenarioHistoryRequest {
        environment: connection.environment.clone(),
        scenario,
        limit,
    };
    Ok(connection.client.call(&request).await?)
}

/// Runs one to its end. Ctrl-C cancels it; a second one ends its cleanup, too.
async fn execute(which: &Which, arguments: &ScenarioRun) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let mut events = connection.client.events().await?;
    let request = ScenarioRunRequest {
        environment: connection.environment.clone(),
        scenario: arguments.name.clone(),
        vars: arguments.set.iter().cloned().collect(),
    };
    let mut report = connection.client.call(&request).await?;
    let mut live = Live::new(arguments.json);
    let mut asked = 0;
    while report.status == ScenarioStatus::Running {
        live.tell(&report);
        tokio::select! {
            () = wait_for_change(&mut events, &connection.environment) => {}
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                asked += 1;
                if asked > 2 {
                    break;
                }
                live.notice("cancelling; cleanup steps still run, Ctrl-C again ends them too");
                // It may have ended by itself meanwhile.
                _ = connection.client.call(&cancel_request(&connection)).await;
            }
        }
        let all = executions(&connection, Some(arguments.name.clone()), LOOKED_AT).await?;
        report = all
            .into_iter()
            .find(|found| found.id == report.id)
            .unwrap_or(report);
    }
    live.tell(&report);
    live.end();
    if let Some(path) = &arguments.junit {
        junit::write(path, &report)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(match report.status {
        ScenarioStatus::Passed => Code::Fine,
        _ => Code::Trouble,
    })
}

async fn wait_for_change(events: &mut (impl Stream<Item = Event> + Unpin), environment: &str) {
    let change = async {
        loop {
            match events.next().await {
                Some(Event::Changed {
                    environment: changed,
                    topics,
                }) if changed == environment && topics.contains(&Topic::Scenarios) => return,
                Some(_) => {}
                // The engine is gone; the next look will say so.
                None => std::future::pending().await,
            }
        }
    };
    // Either way it is time to look.
    _ = tokio::time::timeout(LOOK_AGAIN, change).await;
}

fn print(report: &ScenarioReport) {
    for criterion in &report.criteria {
        let sign = if criterion.passed {
            "holds"
        } else {
            "does not hold"
        };
        println!(
            "  {} {sign}  {}",
            criterion.expression,
            color::dim(&criterion.text)
        );
    }
    let metrics = report
        .metrics
        .iter()
        .filter(|(name, _)| *name != "duration_ms");
    for (name, value) in metrics {
        println!("  {} {}", color::dim(name), number(*value));
    }
    println!("{}", summary(report));
}

/// To three places: a person can use no more of it.
fn number(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0).to_string()
}

fn summary(report: &ScenarioReport) -> String {
    let took = report.metrics.get("duration_ms").map(|ms| {
        let millis = benchtop_api::model::time::Millis(*ms as u64);
        color::dim(&format!("in {millis}"))
    });
    let text = report.text.as_ref().map(|text| format!("  {text}"));
    format!(
        "{}  {} {}{}",
        word(report.status),
        report.scenario,
        took.unwrap_or_default(),
        text.unwrap_or_default()
    )
}

/// Shape, colour and word.
fn word(status: ScenarioStatus) -> String {
    color::outcome(
        match status {
            ScenarioStatus::Passed => color::Outcome::Good,
            ScenarioStatus::Failed => color::Outcome::Bad,
            ScenarioStatus::Running => color::Outcome::Open,
            ScenarioStatus::Cancelled | ScenarioStatus::Interrupted => color::Outcome::Off,
        },
        status.word(),
    )
}
