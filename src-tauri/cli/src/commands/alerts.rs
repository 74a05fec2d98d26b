//! `benchtop alerts`: what people should know of, and of what they do not want to hear.

use crate::arguments::{Alerts, AlertsCommand, Which};
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render::ago;
use benchtop_api::model::alert::{Alert, Ending, Silence};
use benchtop_api::model::time::{Millis, Timestamp};
use benchtop_api::schema::{AlertList, AlertsListRequest, AlertsSilenceRequest, SilenceLength};

pub(crate) async fn run(arguments: Alerts) -> Result<Code, Failure> {
    let which = &arguments.environment;
    match arguments.command {
        None => list(which, arguments.run, arguments.json).await,
        Some(AlertsCommand::Silence {
            service,
            length,
            run,
        }) => {
            let length = match length {
                Some(length) => SilenceLength::Time {
                    length: Millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
                },
                None if run => SilenceLength::Run,
                None => SilenceLength::Always,
            };
            silence(which, service, length).await
        }
        Some(AlertsCommand::Unsilence { service }) => {
            silence(which, service, SilenceLength::Off).await
        }
    }
}

async fn silence(which: &Which, service: String, length: SilenceLength) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = AlertsSilenceRequest {
        environment: connection.environment.clone(),
        service,
        length,
    };
    connection.client.call(&request).await?;
    Ok(Code::Fine)
}

async fn list(which: &Which, run: Option<String>, json: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let run = super::runs::named(&connection, run.as_deref()).await?;
    let request = AlertsListRequest {
        environment: connection.environment.clone(),
        run,
    };
    let list = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&list)?);
    } else {
        print(&list);
    }
    let silent = |alert: &Alert| list.silences.iter().any(|s| s.service == alert.service);
    let heard = list.alerts.iter().any(|a| a.is_open() && !silent(a));
    Ok(if heard { Code::Trouble } else { Code::Fine })
}

fn print(list: &AlertList) {
    if list.alerts.is_empty() {
        println!("no alerts in this run");
    }
    for alert in &list.alerts {
        println!("{}  {}: {}", mark(alert), alert.service, alert.cause);
        println!("    {}", color::dim(&when(alert)));
        if !alert.affected.is_empty() {
            println!("    affects {}", alert.affected.join(", "));
        }
        if let Some(next) = alert.next.as_ref().filter(|_| alert.is_open()) {
            println!("    {} {next}", color::cyan("next:"));
        }
    }
    for silence in &list.silences {
        println!("{}", color::dim(&silent(silence)));
    }
}

/// The status of an open one; of a closed one only that it is closed.
fn mark(alert: &Alert) -> String {
    match alert.is_open() {
        true => color::status(alert.status),
        false => color::dim("closed"),
    }
}

fn when(alert: &Alert) -> String {
    let times = match alert.times {
        1 => String::new(),
        times => format!(", {times} times"),
    };
    let Some(lasted) = alert.lasted() else {
        return format!("for {}{times}", ago(alert.since));
    };
    let ending = match alert.ending {
        Some(Ending::Stopped) => "stopped",
        Some(Ending::RunEnded) => "the run ended",
        Some(Ending::Recovered) | None => "recovered",
    };
    format!(
        "{ending} after {lasted}, began {} ago{times}",
        ago(alert.since)
    )
}

fn silent(silence: &Silence) -> String {
    let name = &silence.service;
    match (silence.until, &silence.run) {
        (Some(Timestamp(until)), _) => {
            let left = until - jiff::Timestamp::now().as_millisecond();
            let left = Millis(u64::try_from(left).unwrap_or(0));
            format!("{name} is silent for {left} more")
        }
        (None, Some(_)) => format!("{name} is silent for this run"),
        (None, None) => format!("{name} is silent until `benchtop alerts unsilence {name}`"),
    }
}
