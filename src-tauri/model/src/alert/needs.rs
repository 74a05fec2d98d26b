//! What a service needs of others, directly or not.

use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// For each service all that it waits for or refers to, and what these need in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(BTreeMap<String, BTreeSet<String>>);

impl Needs {
    /// Of a plan: its `depends_on` and its `references`.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let direct = plan.services.values().map(|service| {
            let needs = service.depends_on.keys().chain(&service.references);
            (service.name.clone(), needs.cloned().collect())
        });
        Self::closed(direct.collect())
    }

    /// Of direct needs.
    #[must_use]
    pub fn closed(direct: BTreeMap<String, BTreeSet<String>>) -> Self {
        let all = |start: &String| {
            let mut found = BTreeSet::new();
            let mut open = vec![start];
            while let Some(next) = open.pop() {
                for need in direct.get(next).into_iter().flatten() {
                    if found.insert(need.clone()) {
                        open.push(need);
                    }
                }
            }
            found.remove(start);
            found
        };
        Self(
            direct
                .keys()
                .map(|name| (name.clone(), all(name)))
                .collect(),
        )
    }

    /// All that a service needs; itself never.
    pub(super) fn of_service(&self, service: &str) -> impl Iterator<Item = &String> {
        self.0.get(service).into_iter().flatten()
    }

    /// Whether `service` needs `other`.
    #[must_use]
    pub fn has(&self, service: &str, other: &str) -> bool {
        self.0.get(service).is_some_and(|all| all.contains(other))
    }

    /// Whether a service needs anything.
    pub(super) fn any(&self, service: &str) -> bool {
        self.of_service(service).next().is_some()
    }

    /// Whether a service is defined.
    pub(super) fn knows(&self, service: &str) -> bool {
        self.0.contains_key(service)
    }

    /// Those that need a service.
    pub(super) fn dependants<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a String> {
        self.0
            .iter()
            .filter(move |(_, needs)| needs.contains(service))
            .map(|(name, _)| name)
    }
}
