//! `benchtop telemetry`: the receiver, what it sends on, and a run's telemetry as a file.

use super::runs;
use crate::arguments::{Telemetry, Which};
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use benchtop_api::schema::{
    SignalCounts, TelemetryExportRequest, TelemetryForwardRequest, TelemetryImportRequest,
    TelemetryStatus, TelemetryStatusRequest,
};
use std::path::Path;

/// The word for "to nobody" on the command line.
const OFF: &str = "off";

pub(crate) async fn run(which: &Which, command: Telemetry) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    match command {
        Telemetry::Status { json } => status(&connection, json).await?,
        Telemetry::Export {
            path,
            run,
            overwrite,
        } => export(&connection, &path, &run, overwrite).await?,
        Telemetry::Import { path } => import(&connection, &path).await?,
        Telemetry::Forward {
            address,
            headers,
            all,
        } => forward(&connection, &address, headers, all).await?,
    }
    Ok(Code::Fine)
}

async fn status(connection: &Connection, json: bool) -> Result<(), Failure> {
    let request = TelemetryStatusRequest {
        environment: connection.environment.clone(),
    };
    let status = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        print!("{}", render(&status));
    }
    Ok(())
}

fn render(status: &TelemetryStatus) -> String {
    let mut lines = Vec::new();
    for endpoint in &status.endpoints {
        lines.push(format!("receives at {}", endpoint.address));
    }
    lines.push(format!("kept: {}", words(&status.received)));
    for (what, counts) in [("refused", &status.rejected), ("lost", &status.dropped)] {
        if *counts != SignalCounts::default() {
            lines.push(format!("{what}: {}", words(counts)));
        }
    }
    if let Some(to) = &status.forward {
        let state = match &to.problem {
            Some(problem) => format!("; does not take it now: {problem}"),
            None => String::new(),
        };
        lines.push(format!(
            "sent on to {}: {} requests, {} waiting, {} dropped{state}",
            to.address, to.sent, to.waiting, to.dropped
        ));
    }
    lines.extend(status.problem.clone());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(super) fn words(counts: &SignalCounts) -> String {
    format!(
        "{} spans, {} metric points, {} log records",
        counts.spans, counts.points, counts.logs
    )
}

async fn export(
    connection: &Connection,
    path: &Path,
    run: &str,
    overwrite: bool,
) -> Result<(), Failure> {
    let run = runs::find(connection, run).await?.id;
    let request = TelemetryExportRequest {
        environment: connection.environment.clone(),
        run: Some(run),
        path: absolute(path)?,
        overwrite,
    };
    let done = connection.client.call(&request).await?;
    println!("{}: {}", done.path, words(&done.counts));
    Ok(())
}

async fn import(connection: &Connection, path: &Path) -> Result<(), Failure> {
    let request = TelemetryImportRequest {
        environment: connection.environment.clone(),
        path: absolute(path)?,
    };
    let done = connection.client.call(&request).await?;
    println!("run {}: {}", done.run, words(&done.counts));
    if done.rejected != SignalCounts::default() {
        println!("left out, not valid: {}", words(&done.rejected));
    }
    Ok(())
}

async fn forward(
    connection: &Connection,
    address: &str,
    mut headers: Vec<String>,
    all: bool,
) -> Result<(), Failure> {
    // Arguments are seen by every user of the machine.
    if headers.iter().any(|header| header == "-") {
        headers.retain(|header| header != "-");
        let text = std::io::read_to_string(std::io::stdin())?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        headers.extend(lines.map(str::to_owned));
    }
    let request = TelemetryForwardRequest {
        environment: (!all).then(|| connection.environment.clone()),
        address: (address != OFF).then(|| address.to_owned()),
        headers,
    };
    connection.client.call(&request).await?;
    Ok(())
}

/// The engine has another present folder.
pub(super) fn absolute(path: &Path) -> Result<String, Failure> {
    Ok(std::path::absolute(path)?.display().to_string())
}
