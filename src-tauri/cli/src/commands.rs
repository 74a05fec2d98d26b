//! One file per command.

mod alerts;
mod changes;
mod check;
mod data;
mod doctor;
mod down;
mod engine;
mod health;
mod import;
mod logs;
mod manual;
mod metrics;
mod report;
mod runs;
mod runtime;
mod scenario;
mod services;
mod status;
mod telemetry;
mod traces;
mod up;
mod updates;
mod why;

use crate::arguments::{Command, Runs};
use crate::exit::{Code, Failure};
use crate::sample;

/// Runs one command.
pub(crate) async fn run(command: Command) -> Result<Code, Failure> {
    match command {
        Command::Up(arguments) => Box::pin(up::run(arguments)).await,
        Command::Down { environment, keep } => down::run(&environment, !keep).await,
        Command::Start {
            environment,
            with_dependencies,
            use_port,
            services,
        } => services::start(&environment, &services, with_dependencies, use_port).await,
        Command::Stop(arguments) => services::stop(&arguments).await,
        Command::Restart(arguments) => services::restart(&arguments).await,
        Command::Changes { environment, json } => changes::show(&environment, json).await,
        Command::Apply { environment } => changes::apply(&environment).await,
        Command::Rebuild(arguments) => services::rebuild(&arguments).await,
        Command::Status { environment, json } => status::run(&environment, json).await,
        Command::Why {
            environment,
            services,
            json,
        } => why::run(&environment, &services, json).await,
        Command::Alerts(arguments) => alerts::run(arguments).await,
        Command::Health {
            environment,
            service,
            run,
            json,
        } => health::run(&environment, service, run, json).await,
        Command::Logs(arguments) => logs::run(&arguments).await,
        Command::Traces(arguments) => traces::run(&arguments).await,
        Command::Metrics(arguments) => metrics::run(&arguments).await,
        Command::Telemetry {
            environment,
            command,
        } => Box::pin(telemetry::run(&environment, command)).await,
        Command::Check { environment, json } => check::run(&environment, json).await,
        Command::Doctor(arguments) => doctor::run(&arguments).await,
        Command::Report(arguments) => report::run(&arguments).await,
        Command::Import { source } => import::run(&source),
        Command::Runs { list, command } => match command {
            None => runs::list(&list).await,
            Some(Runs::Label(label)) => runs::label(&list.environment, label).await,
            Some(Runs::Show { run, json }) => {
                Box::pin(runs::show::run(&list.environment, &run, json || list.json)).await
            }
            Some(Runs::Export {
                run,
                output,
                overwrite,
            }) => {
                Box::pin(runs::transfer::export(
                    &list.environment,
                    &run,
                    output,
                    overwrite,
                ))
                .await
            }
            Some(Runs::Import { path }) => {
                Box::pin(runs::transfer::import(&list.environment, &path)).await
            }
            Some(Runs::Compare {
                a,
                b,
                json,
                fail_on_worse,
            }) => runs::compare::run(&list.environment, (&a, &b), json, fail_on_worse).await,
        },
        Command::Scenario {
            environment,
            command,
        } => Box::pin(scenario::run(&environment, command)).await,
        Command::Runtime { command } => runtime::run(command).await,
        Command::Engine { command } => Box::pin(engine::run(command)).await,
        Command::Data { command } => data::run(command).await,
        Command::Updates { json } => updates::run(json).await,
        Command::Completions { shell } => Ok(manual::completions(shell)),
        Command::Manual { folder } => manual::pages(&folder),
        Command::Sample { role } => Box::pin(sample::run(&role)).await,
        // Handled before any runtime was made.
        Command::Shim { .. } => Ok(Code::Usage),
    }
}
