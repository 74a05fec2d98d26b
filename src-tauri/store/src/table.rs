//! All SQL, one file per table.

use crate::message::Message;
use rusqlite::{Connection, Result};

pub(crate) mod alerts;
pub(crate) mod annotations;
pub(crate) mod environments;
pub(crate) mod instances;
pub(crate) mod probe_results;
pub(crate) mod runs;
pub(crate) mod scenarios;
pub(crate) mod settings;
pub(crate) mod silences;
pub(crate) mod transitions;
pub(crate) mod whole_run;

/// No list is longer: more than a person reads, less than a memory problem.
pub(crate) const MOST: u32 = 5000;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The table says so now; possibly it said so before.
    Yes,
    /// The row that it speaks of does not exist.
    Nowhere,
}

/// Performs one write, inside the writer's transaction.
pub(crate) fn apply(connection: &Connection, message: &Message) -> Result<Applied> {
    match message {
        Message::RunStarted(run) => runs::started(connection, run),
        Message::RunReady { run, at } => runs::ready(connection, run, *at),
        Message::RunEnded { run, at } => runs::ended(connection, run, *at),
        Message::InterruptRuns { except } => runs::interrupt(connection, except),
        Message::InstanceStarted(instance) => instances::started(connection, instance),
        Message::InstanceReady(key, at) => instances::ready(connection, key, *at),
        Message::InstanceEnded(key, at, exit) => instances::ended(connection, key, *at, exit),
        Message::Transition(transition) => transitions::add(connection, transition),
        Message::ProbeResult(row) => probe_results::add(connection, row),
        Message::RememberEnvironment(environment, at) => {
            environments::remember(connection, environment, *at)
        }
        Message::ForgetEnvironment { id } => environments::forget(connection, id),
        Message::Annotate { run, annotation } => annotations::set(connection, run, annotation),
        Message::SetSetting { key, value } => settings::set(connection, key, value),
        Message::KeepAlert(alert) => alerts::keep(connection, alert),
        Message::WithdrawAlert { run, number } => alerts::withdraw(connection, run, *number),
        Message::Silence {
            environment,
            silence,
        } => silences::set(connection, environment, silence),
        Message::EndSilence {
            environment,
            service,
        } => silences::end(connection, environment, service),
        Message::ScenarioResult(row) => scenarios::set(connection, row),
        Message::InterruptScenarios => scenarios::interrupt(connection),
        Message::ImportRun(whole) => whole_run::import(connection, whole),
        Message::Flush(_) => Ok(Applied::Yes),
    }
}

/// For an UPDATE that names its row by key.
fn one_row(changed: usize) -> Applied {
    if changed == 0 {
        Applied::Nowhere
    } else {
        Applied::Yes
    }
}
