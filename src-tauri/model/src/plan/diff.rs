//! Two plans side by side: what changes for whom, and what that asks for.

use super::{Plan, Service, ServiceKind};
use crate::secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// What becomes of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServiceChange {
    /// Its name.
    pub service: String,
    /// What happened to its definition.
    pub kind: ChangeKind,
    /// What applying it does.
    pub action: ChangeAction,
    /// Where the definitions differ, in the order of their paths; empty where the
    /// service is new or gone.
    pub fields: Vec<FieldChange>,
}

/// What happened to the definition of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// What applying a change does with a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ChangeAction {
    /// It is started.
    Start,
    /// It is stopped.
    Stop,
    /// Its process is stopped and started anew.
    Restart,
    /// Its container is replaced.
    Recreate,
    /// Nothing: it does not run, or what runs is not concerned.
    None,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldChange {
    /// Where: `environment.LOG_LEVEL`, `run.container.image`.
    pub path: String,
    /// What it was; absent where it is new. Secrets are masked.
    pub from: Option<String>,
    /// What it is; absent where it is gone. Secrets are masked.
    pub to: Option<String>,
}

/// How a service is doing, as far as a change of its definition depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doing {
    /// It is meant to run, or has failed at it.
    pub active: bool,
    /// Its instance stems from an older definition than the present one.
    pub outdated: bool,
}

/// What lies between two plans. `running`: something of the environment runs, so
/// that what is new is started; `doing` tells how a service is doing.
#[must_use]
pub fn diff(
    old: &Plan,
    new: &Plan,
    running: bool,
    doing: impl Fn(&str) -> Doing,
) -> Vec<ServiceChange> {
    let names: BTreeSet<&String> = old.services.keys().chain(new.services.keys()).collect();
    let change = |name: &String| {
        let (before, after) = (old.services.get(name), new.services.get(name));
        between(name, before, after, running, doing(name))
    };
    names.into_iter().filter_map(change).collect()
}

/// What lies between two resolved definitions that were kept as JSON, secrets masked:
/// of two runs that are over. Nothing follows from it any more.
#[must_use]
pub fn diff_resolved(old: &Value, new: &Value) -> Vec<ServiceChange> {
    let services = |plan: &Value| -> BTreeMap<String, Value> {
        let map = plan.get("services").and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(|(name, service)| (name.clone(), service.clone()))
            .collect()
    };
    let (old, new) = (services(old), services(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let (kind, fields) = match (old.get(name), new.get(name)) {
            (None, _) => (ChangeKind::Added, Vec::new()),
            (_, None) => (ChangeKind::Removed, Vec::new()),
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => (ChangeKind::Changed, differences(old, new)),
        };
        Some(ServiceChange {
            service: name.clone(),
            kind,
            action: ChangeAction::None,
            fields,
        })
    };
    names.into_iter().filter_map(change).collect()
}

fn between(
    name: &str,
    before: Option<&Service>,
    after: Option<&Service>,
    running: bool,
    doing: Doing,
) -> Option<ServiceChange> {
    let (kind, action, fields) = match (before, after) {
        (None, Some(_)) if running => (ChangeKind::Added, ChangeAction::Start, Vec::new()),
        (None, Some(_)) => (ChangeKind::Added, ChangeAction::None, Vec::new()),
        (Some(_), None) if doing.active => (ChangeKind::Removed, ChangeAction::Stop, Vec::new()),
        (Some(_), None) => (ChangeKind::Removed, ChangeAction::None, Vec::new()),
        (Some(before), Some(after)) if before != after || doing.outdated => {
            let action = action(before, after, doing);
            (ChangeKind::Changed, action, fields(before, after))
        }
        _ => return None,
    };
    Some(ServiceChange {
        service: name.to_owned(),
        kind,
        action,
        fields,
    })
}

fn action(before: &Service, after: &Service, doing: Doing) -> ChangeAction {
    let same = before.definition_hash() == after.definition_hash() && !doing.outdated;
    match after.kind() {
        _ if same || !doing.active => ChangeAction::None,
        ServiceKind::Container => ChangeAction::Recreate,
        ServiceKind::Process | ServiceKind::External => ChangeAction::Restart,
    }
}

fn fields(before: &Service, after: &Service) -> Vec<FieldChange> {
    // Serializing plain data with string keys cannot fail.
    let json = |service: &Service| serde_json::to_value(service).unwrap_or_default();
    differences(&json(before), &json(after))
}

fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let (before, after) = (leaves(before), leaves(after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    let change = |path: &String| FieldChange {
        path: path.clone(),
        from: before.get(path).map(|text| masked(path, text)),
        to: after.get(path).map(|text| masked(path, text)),
    };
    paths.into_iter().filter(differs).map(change).collect()
}

/// The last word of a path is the key that tells whether a value is secret.
fn masked(path: &str, text: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    secret::mask(key, text)
}

/// All values of a definition by their path.
fn leaves(definition: &Value) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    collect(String::new(), definition, &mut leaves);
    leaves
}

fn collect(path: String, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let below = |key: &str| match path.is_empty() {
        true => key.to_owned(),
        false => format!("{path}.{key}"),
    };
    match value {
        Value::Null => {}
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| collect(below(key), value, leaves)),
        // A list of words reads best as one line.
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let words = list.iter().filter_map(Value::as_str);
            leaves.insert(path, words.collect::<Vec<_>>().join(" "));
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(n, value)| {
            collect(below(&n.to_string()), value, leaves);
        }),
        Value::String(text) => drop(leaves.insert(path, text.clone())),
        other => drop(leaves.insert(path, other.to_string())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::file::{Sources, load};
    use std::path::Path;

    fn plan(services: &str) -> Plan {
        let text = format!("services:\n{services}");
        let sources = Sources {
            variables: &Default::default(),
            profiles: &Default::default(),
            read: &|path: &Path| match path.ends_with("benchtop.yaml") {
                true => Ok(text.clone().into_bytes()),
                false => Err(std::io::ErrorKind::NotFound.into()),
            },
        };
        load(Path::new("/shop/benchtop.yaml"), &sources)
            .plan
            .expect("a plan")
    }

    fn active(_: &str) -> Doing {
        Doing {
            active: true,
            outdated: false,
        }
    }

    #[test]
    fn what_comes_changes_and_goes_is_told_with_what_follows() {
        let old = plan(
            "  a: { process: a }\n  b: { image: b }\n  c: { process: c }\n  d: { process: d }\n",
        );
        let new = plan(
            "  a: { process: a -v }\n  b: { image: b:2 }\n  d: { process: d }\n  e: { process: e }\n",
        );
        let told = |running, doing: fn(&str) -> Doing| {
            diff(&old, &new, running, doing)
                .into_iter()
                .map(|c| (c.service, c.kind, c.action))
                .collect::<Vec<_>>()
        };
        let name = |name: &str| name.to_owned();
        assert_eq!(
            told(true, active),
            [
                (name("a"), ChangeKind::Changed, ChangeAction::Restart),
                (name("b"), ChangeKind::Changed, ChangeAction::Recreate),
                (name("c"), ChangeKind::Removed, ChangeAction::Stop),
                (name("e"), ChangeKind::Added, ChangeAction::Start),
            ]
        );
        let idle = told(false, |_| Doing::default());
        assert!(
            idle.iter()
                .all(|(_, _, action)| *action == ChangeAction::None)
        );
    }

    #[test]
    fn what_runs_is_left_alone_where_only_its_surroundings_change() {
        let old = plan("  a: { process: a, restart: no }");
        let new = plan("  a: { process: a, restart: always, group: Critical, build: make }");
        let changes = diff(&old, &new, true, active);
        assert_eq!(changes[0].action, ChangeAction::None);
        let paths: Vec<_> = changes[0].fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["build.command", "build.cwd", "group", "restart"]);
    }

    #[test]
    fn fields_have_their_values_and_secrets_are_masked() {
        let old = plan("  a: { process: a b, environment: { LEVEL: info, API_TOKEN: hush } }");
        let new =
            plan("  a: { process: a c, environment: { LEVEL: debug, API_TOKEN: other, NEW: 1 } }");
        let changes = diff(&old, &new, true, active);
        let told: Vec<_> = changes[0]
            .fields
            .iter()
            .map(|f| format!("{}: {:?} {:?}", f.path, f.from, f.to))
            .collect();
        assert!(!told.join("").contains("hush") && !told.join("").contains("other"));
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(told[1], "environment.LEVEL: Some(\"info\") Some(\"debug\")");
        assert_eq!(told[2], "environment.NEW: None Some(\"1\")");
        assert_eq!(told[3], "run.process.command: Some(\"a b\") Some(\"a c\")");
    }
}
