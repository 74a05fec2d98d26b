//! A run with all that belongs to it, over all tables: read for a file, written from one.

use super::{Applied, alerts, annotations, instances, probe_results, runs, scenarios, transitions};
use crate::record::WholeRun;
use benchtop_model::alert::Alert;
use rusqlite::{Connection, Result};

/// Adds it whole or not at all: other writes of the same transaction are not touched by a
/// row that is refused.
pub(crate) fn import(connection: &Connection, whole: &WholeRun) -> Result<Applied> {
    connection.execute_batch("SAVEPOINT whole_run")?;
    let added = add(connection, whole);
    let end = match added {
        Ok(Applied::Yes) => "RELEASE whole_run",
        _ => "ROLLBACK TO whole_run; RELEASE whole_run",
    };
    connection.execute_batch(end)?;
    added
}

fn add(connection: &Connection, whole: &WholeRun) -> Result<Applied> {
    let run = &whole.run;
    if runs::import(connection, run, &whole.definition)? == Applied::Nowhere {
        return Ok(Applied::Nowhere);
    }
    annotations::set(connection, &run.id, &run.annotation)?;
    let own = || run.id.clone();
    for instance in &whole.instances {
        let mut instance = instance.clone();
        instance.run = own();
        instances::started(connection, &instance)?;
    }
    for transition in &whole.transitions {
        let mut transition = transition.clone();
        transition.run = own();
        transitions::import(connection, &transition)?;
    }
    for span in &whole.probes {
        let mut span = span.clone();
        span.run = own();
        probe_results::import(connection, &span)?;
    }
    for alert in &whole.alerts {
        let run = own();
        alerts::keep(
            connection,
            &Alert {
                run,
                ..alert.clone()
            },
        )?;
    }
    for report in &whole.scenarios {
        let mut report = report.clone();
        report.run = Some(own());
        scenarios::import(connection, &run.environment, &report)?;
    }
    Ok(Applied::Yes)
}

/// All of it; nothing where there is no such run.
pub(crate) fn read(connection: &Connection, id: &str) -> Result<Option<WholeRun>> {
    let Some(run) = runs::one(connection, id)? else {
        return Ok(None);
    };
    let mut alerts = alerts::of_run(connection, id)?;
    alerts.reverse();
    Ok(Some(WholeRun {
        run,
        definition: runs::definition(connection, id)?.unwrap_or_default(),
        instances: instances::of_run(connection, id)?,
        transitions: transitions::of_run(connection, id)?,
        probes: probe_results::of_run(connection, id)?,
        alerts,
        scenarios: scenarios::of_run(connection, id)?,
    }))
}
