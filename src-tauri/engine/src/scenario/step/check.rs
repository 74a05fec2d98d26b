//! Asks the probes of services anew, and waits until all say Healthy.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use crate::clock;
use crate::environment::snapshot::{EnvironmentSnapshot, ServiceSnapshot};
use benchtop_model::probe::ProbeRole;
use benchtop_model::scenario::report::Progress;
use benchtop_model::status::{Lifecycle, Status};
use benchtop_model::time::Timestamp;

/// What a look at the environment says.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Everything is as it should be.
    Good,
    /// So many are; what the first of the others is about.
    NotYet(usize, String),
    /// It will not become so by waiting.
    Bad(String),
}

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    if let Some(state) = attempt.text("state").filter(|state| *state != "healthy") {
        return Err(format!("`{state}` cannot be waited for, only `healthy`"));
    }
    let handle = &attempt.context.handle;
    let snapshot = handle.snapshot();
    if snapshot.run.is_none() {
        return Err("the environment is not running: start it with `benchtop up`".to_owned());
    }
    let mut names = attempt.list("services").to_vec();
    if names.is_empty() {
        names = snapshot.services.iter().map(|s| s.name.clone()).collect();
    }
    let asked = clock::now();
    names.iter().for_each(|name| handle.probe(name));
    handle.sync().await;
    let mut snapshots = handle.subscribe();
    loop {
        let found = look(&snapshots.borrow_and_update(), &names, asked);
        match found {
            Found::Good => return Ok(passed(&names)),
            Found::Bad(why) => return Err(why),
            Found::NotYet(good, why) => attempt.progress(|| Progress {
                done: good as f64,
                total: Some(names.len() as f64),
                rate: None,
                what: why,
            }),
        }
        if snapshots.changed().await.is_err() {
            return Err("the environment was closed".to_owned());
        }
    }
}

fn passed(names: &[String]) -> Outcome {
    let text = match names {
        [one] => format!("{one} is Healthy"),
        all => format!("{} services are Healthy", all.len()),
    };
    Outcome::passed(text).metric("services", names.len() as f64)
}

/// Evidence from before `asked` does not count.
fn look(snapshot: &EnvironmentSnapshot, names: &[String], asked: Timestamp) -> Found {
    let mut good = 0;
    let mut waiting = None;
    for name in names {
        let Some(service) = snapshot.services.iter().find(|s| s.name == *name) else {
            return Found::Bad(format!(
                "there is no service `{name}`; is its profile switched on?"
            ));
        };
        match state(service, asked) {
            Ok(()) => good += 1,
            Err((true, why)) => return Found::Bad(why),
            Err((false, why)) => waiting = waiting.or(Some(why)),
        }
    }
    waiting.map_or(Found::Good, |why| Found::NotYet(good, why))
}

/// Why it is not as it should be, and whether waiting is in vain.
fn state(service: &ServiceSnapshot, asked: Timestamp) -> Result<(), (bool, String)> {
    let name = &service.name;
    let reason = service.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let said = format!("{name} is {}{reason}", service.status.word());
    match (service.lifecycle, service.status) {
        (Lifecycle::Completed, _) => Ok(()),
        (Lifecycle::Failed | Lifecycle::Stopped, _) => Err((true, said)),
        (_, Status::Healthy) if is_fresh(service, asked) => Ok(()),
        (_, Status::Healthy) => Err((false, format!("{name} has not answered yet"))),
        _ => Err((false, said)),
    }
}

fn is_fresh(service: &ServiceSnapshot, asked: Timestamp) -> bool {
    let steady = |role| role != ProbeRole::Startup;
    let mut probes = service.probes.iter().filter(|probe| steady(probe.role));
    probes.all(|probe| probe.last.as_ref().is_some_and(|(_, at)| *at >= asked))
}
