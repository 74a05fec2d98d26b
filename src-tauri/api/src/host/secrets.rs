//! What must not leave this machine: the values of an environment's secrets, known by
//! their keys, and those that it had in earlier runs. Their logs are still there when a
//! password is another one, or is no longer in the file.

use super::handlers::Answer;
use super::open::OpenEnvironment;
use crate::paths::private_dir;
use crate::schema::ApiError;
use benchtop_engine::json_file::{Survives, write_json};
use benchtop_model::inject::{self, Ports};
use benchtop_model::plan::Plan;
use benchtop_model::secret::{self, Redactor};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

type Variables = BTreeMap<String, String>;

/// Most values that are remembered; where they are more, the oldest are forgotten.
const MOST: usize = 1_000;

/// The secrets of one environment since it was first started.
pub(super) struct Secrets {
    path: PathBuf,
    known: Mutex<Known>,
}

/// What is in the file, which only the user may read.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The keys that had them.
    keys: BTreeSet<String>,
    /// The oldest first.
    values: Vec<String>,
}

impl Secrets {
    /// Those that are remembered in the folder of an environment.
    pub(super) fn open(folder: &Path) -> Self {
        let path = folder.join("secrets.json");
        let known = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, path = %path.display(), "remembered secrets cannot be read");
                Known::default()
            }),
            // It was never started.
            Err(_) => Known::default(),
        };
        Self {
            path,
            known: Mutex::new(known),
        }
    }

    /// A definition is about to run, with variables from outside of it.
    pub(super) fn learn(&self, plan: &Plan, outside: &[&Variables], ports: &Ports) {
        let (keys, values) = of(plan, outside, ports);
        self.keep(keys, values);
    }

    /// A scenario is about to be told these.
    pub(super) fn learn_variables(&self, variables: &Variables) {
        let (keys, values) = secret::in_variables([variables]);
        self.keep(keys, values);
    }

    fn keep(&self, keys: BTreeSet<String>, values: BTreeSet<String>) {
        let mut known = self.lock();
        let before = known.clone();
        let forgotten = known.add(keys, values);
        if forgotten > 0 {
            tracing::warn!(forgotten, "the oldest remembered secrets are forgotten");
        }
        if *known != before
            && let Err(error) = write(&self.path, &known)
        {
            tracing::warn!(%error, path = %self.path.display(), "secrets are not remembered");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Answers how many were forgotten.
    fn add(&mut self, keys: BTreeSet<String>, values: BTreeSet<String>) -> usize {
        self.keys.extend(keys);
        self.values.retain(|value| !values.contains(value));
        self.values.extend(values);
        let forgotten = self.values.len().saturating_sub(MOST);
        self.values.drain(..forgotten);
        forgotten
    }
}

fn write(path: &Path, known: &Known) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_dir(folder)?;
    }
    write_json(path, known, Survives::Death)
}

/// Keys and values of a definition's secrets.
fn of(plan: &Plan, outside: &[&Variables], ports: &Ports) -> (BTreeSet<String>, BTreeSet<String>) {
    let names = plan.services.keys();
    let injected = names.map(|name| inject::variables(plan, name, ports));
    let injected: Vec<Variables> = injected.collect();
    secret::values(plan, injected.iter().chain(outside.iter().copied()))
}

/// The keys of all secrets, and what takes their values out of a text. The definition that
/// runs, the one on disk and those of earlier runs are looked at. What is also the name of
/// something is no secret where it names that: with the password `postgres` nothing would be
/// left of a service of this name.
pub(super) fn redactor(open: &OpenEnvironment) -> Answer<(BTreeSet<String>, Redactor)> {
    let snapshot = open.handle.snapshot();
    let (source, definition) = open.definition();
    let mut all = open.secrets.lock().clone();
    let mut names = secret::names(&snapshot.plan);
    let (keys, values) = of(
        &snapshot.plan,
        &[&snapshot.base_environment],
        &snapshot.ports,
    );
    all.add(keys, values);
    if let Some(plan) = &definition.plan {
        let outside = [&source.variables, &definition.secrets];
        let (keys, values) = of(plan, &outside, &snapshot.ports);
        all.add(keys, values);
        names.extend(secret::names(plan));
    }
    let hidden = all.values.iter().filter(|value| !names.contains(*value));
    let redactor = Redactor::new(hidden.map(String::as_str)).map_err(ApiError::internal)?;
    Ok((all.keys, redactor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn what_was_a_secret_once_is_remembered_and_the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = Secrets::open(folder.path());
        let mut known = secrets.lock().clone();
        assert_eq!(known.add(set(&["A"]), set(&["old", "kept"])), 0);
        assert_eq!(known.add(set(&["B"]), set(&["kept", "new"])), 0);
        assert_eq!(known.values, ["old", "kept", "new"]);
        write(&secrets.path, &known).expect("written");
        assert!(*Secrets::open(folder.path()).lock() == known);

        let many = (0..MOST).map(|n| format!("value-{n}")).collect();
        assert_eq!(known.add(BTreeSet::new(), many), 3);
        assert_eq!(known.values.len(), MOST);
        assert!(!known.values.contains(&"new".to_owned()));
    }
}
