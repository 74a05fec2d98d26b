//! `benchtop runs show`: one run in full.

use super::find;
use crate::arguments::Which;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::model::exit::Exit;
use benchtop_api::model::time::Timestamp;
use benchtop_api::row::{Instance, Transition};
use benchtop_api::schema::RunsShowRequest;
use benchtop_api::view::RunDetails;

pub(crate) async fn run(which: &Which, run: &str, json: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let run = find(&connection, run).await?.id;
    let details = connection.client.call(&RunsShowRequest { run }).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&details)?);
    } else {
        print!("{}", render(&details));
    }
    Ok(Code::Fine)
}

fn render(details: &RunDetails) -> String {
    let run = &details.run;
    let mut lines = vec![render::run(run)];
    lines.extend(run.annotation.note.clone());
    lines.extend(run.host.as_ref().map(|host| {
        format!(
            "on {}, {}, {} processors, {} MiB, Benchtop {}",
            host.system,
            host.architecture,
            host.cpus,
            host.memory >> 20,
            host.benchtop
        )
    }));
    lines.push("\nstarts".to_owned());
    lines.extend(details.instances.iter().map(|one| start(one, run.started)));
    lines.push("\nchanges".to_owned());
    lines.extend(
        details
            .transitions
            .iter()
            .map(|one| change(one, run.started)),
    );
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn start(instance: &Instance, begin: Timestamp) -> String {
    let ready = instance.time_to_ready.map(|span| span.to_string());
    let ended = instance.ended.map(|at| after(at, begin));
    let line = format!(
        "{:>10}  {:<24} #{:<4} ready {:>8}  ended {:>10}  {}",
        after(instance.started, begin),
        instance.service,
        instance.generation,
        ready.unwrap_or_else(|| "–".to_owned()),
        ended.unwrap_or_else(|| "–".to_owned()),
        instance
            .exit
            .as_ref()
            .map_or_else(String::new, Exit::describe),
    );
    line.trim_end().to_owned()
}

fn change(transition: &Transition, begin: Timestamp) -> String {
    let line = format!(
        "{:>10}  {:<24} {:<10} {}",
        after(transition.at, begin),
        transition.service,
        transition.status.word(),
        transition.cause
    );
    line.trim_end().to_owned()
}

/// Seconds since the run began.
fn after(at: Timestamp, begin: Timestamp) -> String {
    format!("{:+.1} s", (at.0 - begin.0) as f64 / 1000.0)
}
