//! `b2x-service ROLE`: plays one service of the B2X example, so that Benchtop has
//! something real to start, probe, break and repair.
//!
//! What the role depends on is read from the variables that a reference injects
//! ([`settings`]), really connected to ([`dependency`]) and reported in the form
//! of ASP.NET's health checks ([`health`]).

mod background;
mod connection_string;
mod dependency;
mod health;
mod items;
mod log;
mod reason;
mod role;
mod routes;
mod server;
mod service;
mod settings;
mod startup;
mod trace;

use log::Logger;
use role::Role;
use service::Service;
use settings::Settings;
use std::{process::ExitCode, sync::Arc, time::Duration};

/// How long the last spans may take to leave.
const LAST_SPANS: Duration = Duration::from_millis(300);

/// One thread: ten of these run beside each other on a developer's machine.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(role) = std::env::args()
        .nth(1)
        .and_then(|word| Role::from_word(&word))
    else {
        Logger::new("b2x-service", &variable).fatal(
            "usage: b2x-service ROLE",
            &[("roles", Role::words().into())],
        );
        return ExitCode::from(2);
    };
    let log = Logger::new(role.word(), &variable);
    match run(role, &variable, log.clone()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.fatal("cannot run", &[("error", reason::reason(&error).into())]);
            ExitCode::FAILURE
        }
    }
}

/// The whole life of the program: listen first, so that the probes are answered
/// while the migration still runs; then work until a signal says stop.
async fn run(role: Role, variable: settings::Lookup<'_>, log: Logger) -> anyhow::Result<()> {
    let settings = Settings::from_variables(role, variable)?;
    let listeners = server::listen(settings.port, &log).await?;
    let traces = trace::start();
    let service = Arc::new(Service::new(role, settings, log)?);
    let work = tokio::spawn({
        let service = Arc::clone(&service);
        async move {
            startup::run(&service).await;
            Box::pin(background::run(&service)).await;
        }
    });
    let outcome = server::serve(listeners, &service).await;
    work.abort();
    if let Some(traces) = traces {
        // What cannot be sent now is of no use to anybody later.
        traces.shutdown_with_timeout(LAST_SPANS).ok();
    }
    outcome
}
