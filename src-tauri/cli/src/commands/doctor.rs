//! `benchtop doctor`: can this machine run the environment? Needs no engine: a machine on
//! which none starts is the one that needs it most.

use crate::arguments::{Doctor, Which};
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::client::Client;
use benchtop_api::definition::Source;
use benchtop_api::doctor::{self, Subject};
use benchtop_api::model::doctor::facts::{EngineFact, Fact};
use benchtop_api::model::doctor::leftovers::Leftover;
use benchtop_api::model::doctor::{
    DoctorAction, DoctorCheck, DoctorGroup, DoctorReport, DoctorState,
};
use benchtop_api::paths::Paths;
use benchtop_api::schema::{DoctorCleanRequest, ErrorCode};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

/// An engine that is well answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn run(arguments: &Doctor) -> Result<Code, Failure> {
    let paths = Paths::of_user();
    let source = source(&paths, &arguments.environment)?;
    let subject = Subject::from_files(&paths, source);
    let report = doctor::run(&paths, &subject, engine(&paths).await).await;
    if let Some(wanted) = &arguments.clean {
        return clean(&report, wanted, arguments.yes).await;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(match report.status {
        DoctorState::Fail => Code::Trouble,
        _ => Code::Fine,
    })
}

/// The environment that is meant. In a folder without one, the machine is examined alone.
fn source(paths: &Paths, which: &Which) -> Result<Fact<Source>, Failure> {
    let request = connection::request(which)?;
    let named = which.file.is_some() || which.sample;
    let source = Source::from_request(
        paths,
        &std::env::current_exe()?,
        request.path,
        request.profiles,
        request.variables,
    )?;
    Ok(match named || source.is_there() {
        true => Ok(source),
        false => Err("there is no environment file in this folder".to_owned()),
    })
}

/// Who answers on the engine's socket; none is started.
async fn engine(paths: &Paths) -> Fact<Option<EngineFact>> {
    let client = Client::new(paths.clone()).map_err(|error| error.message)?;
    match tokio::time::timeout(PATIENCE, client.info()).await {
        Err(_) => Err(format!(
            "it does not answer within {} s",
            PATIENCE.as_secs()
        )),
        Ok(Err(error)) if error.code == ErrorCode::Unavailable => Ok(None),
        Ok(Err(error)) => Err(error.message),
        Ok(Ok(info)) => Ok(Some(EngineFact {
            version: info.version,
            protocol: info.protocol,
            pid: info.pid,
        })),
    }
}

fn print(report: &DoctorReport) {
    for group in DoctorGroup::ALL {
        let checks: Vec<_> = report.checks.iter().filter(|c| c.group == group).collect();
        if checks.is_empty() {
            continue;
        }
        println!("{}", group.heading());
        for check in checks {
            println!("  {}", line(check));
            // What is in order needs no evidence.
            if check.state > DoctorState::Pass {
                for [name, value] in &check.details {
                    println!("             {}", color::dim(&format!("{name}: {value}")));
                }
            }
        }
        println!();
    }
    let counts = &report.metrics;
    println!(
        "{} passed, {} warned, {} failed, {} skipped, in {}",
        counts.passed, counts.warned, counts.failed, counts.skipped, report.took
    );
}

fn line(check: &DoctorCheck) -> String {
    let fix = check
        .fix
        .as_ref()
        .map(|fix| format!("\n             {} {fix}", color::cyan("fix:")))
        .unwrap_or_default();
    format!(
        "{}  {}: {}{fix}",
        color::verdict(check.state),
        check.title,
        check.reason
    )
}

/// What was found before a start, to standard error.
pub(crate) fn warn(obstacles: &[DoctorCheck]) {
    for check in obstacles {
        eprintln!("{}", line(check));
    }
}

async fn clean(report: &DoctorReport, wanted: &[String], yes: bool) -> Result<Code, Failure> {
    let found = match report
        .check("leftovers")
        .and_then(|check| check.action.clone())
    {
        Some(DoctorAction::RemoveLeftovers { items }) => items,
        _ => Vec::new(),
    };
    let meant = |item: &Leftover| wanted.is_empty() || wanted.contains(&item.id);
    let items: Vec<Leftover> = found.into_iter().filter(meant).collect();
    if items.is_empty() {
        println!("nothing of Benchtop is left without an owner");
        return Ok(if wanted.is_empty() {
            Code::Fine
        } else {
            Code::Trouble
        });
    }
    for item in &items {
        println!(
            "{} {}: {}  {}",
            item.kind.word(),
            item.name,
            item.why,
            color::dim(&item.id)
        );
    }
    if !yes && !agreed(&format!("Remove {}?", items.len()))? {
        println!("nothing was removed");
        return Ok(Code::Trouble);
    }
    let client = connection::engine().await?;
    let items = items.into_iter().map(|item| item.id).collect();
    let done = client.call(&DoctorCleanRequest { items }).await?;
    for kept in &done.kept {
        eprintln!(
            "{} {} stays: {}",
            color::yellow("warning:"),
            kept.id,
            kept.why
        );
    }
    println!("removed {}", done.removed.len());
    Ok(if done.kept.is_empty() {
        Code::Fine
    } else {
        Code::Trouble
    })
}

/// Without a person to ask, the answer is no.
pub(super) fn agreed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        eprintln!(
            "{} say --yes to do it without being asked",
            color::cyan("hint:")
        );
        return Ok(false);
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}
