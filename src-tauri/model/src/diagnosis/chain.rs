//! From every service in trouble to the one where it began: of twelve that wait for one
//! database, one is the cause and eleven say so.

use super::evidence::ServiceEvidence;
use super::judge::{Judgement, Lies};
use super::{Action, Diagnosis, Proof};
use crate::status::Status;
use std::collections::BTreeMap;

/// How much later than its dependency a service may have shown trouble and still be its
/// victim, in milliseconds. A probe that found the service ill before the dependency's own
/// probe ran again: one interval of 30 s and a timeout.
const PROBE_LAG: i64 = 35_000;

/// Every judgement with its root.
pub(super) fn resolve(
    all: &[ServiceEvidence],
    found: &BTreeMap<String, Judgement>,
) -> Vec<Diagnosis> {
    let services: BTreeMap<&str, &ServiceEvidence> = all
        .iter()
        .map(|service| (service.name.as_str(), service))
        .collect();
    let case = Case { services, found };
    found
        .iter()
        .filter_map(|(name, judgement)| {
            Some(case.diagnosis(case.services.get(name.as_str())?, judgement))
        })
        .collect()
}

struct Case<'a> {
    services: BTreeMap<&'a str, &'a ServiceEvidence>,
    found: &'a BTreeMap<String, Judgement>,
}

impl<'a> Case<'a> {
    fn diagnosis(&self, service: &ServiceEvidence, judgement: &Judgement) -> Diagnosis {
        let chain = self.chain(service);
        let own = Diagnosis {
            service: service.name.clone(),
            status: service.status,
            rule: judgement.rule.clone(),
            sentence: judgement.sentence.clone(),
            next: judgement.next.clone(),
            root: None,
            chain: Vec::new(),
            evidence: judgement.evidence.clone(),
            actions: judgement.actions.clone(),
        };
        match chain.last().filter(|root| **root != service.name) {
            Some(root) => self.blaming(own, service, root.clone(), chain),
            None => self.innocent(own, judgement),
        }
    }

    /// The way from a service to where its trouble began. A dependency that was seen
    /// before ends it: a circle has no beginning.
    fn chain(&self, service: &ServiceEvidence) -> Vec<String> {
        let mut way = vec![service.name.clone()];
        let mut next = self.blamed(service);
        while let Some(here) = next.filter(|next| !way.contains(&next.name)) {
            way.push(here.name.clone());
            next = self.blamed(here);
        }
        way
    }

    /// The dependency that a service's trouble comes from.
    fn blamed(&self, service: &ServiceEvidence) -> Option<&'a ServiceEvidence> {
        let judgement = self.found.get(&service.name)?;
        match &judgement.lies {
            Lies::Here => None,
            Lies::With(name) => self
                .services
                .get(name.as_str())
                .copied()
                .filter(|other| other.fails_others() || other.status == Status::Starting),
            Lies::Elsewhere => self.failing_needs(service).next(),
            // Nothing but the time speaks for it.
            Lies::Unknown => self
                .failing_needs(service)
                .find(|other| other.since.0 <= service.since.0 + PROBE_LAG),
        }
    }

    fn failing_needs<'s>(
        &'s self,
        service: &'s ServiceEvidence,
    ) -> impl Iterator<Item = &'a ServiceEvidence> + use<'s, 'a> {
        service
            .needs
            .iter()
            .filter_map(|name| self.services.get(name.as_str()).copied())
            .filter(|other| other.fails_others())
    }

    /// The sentence of a service whose trouble began with another.
    fn blaming(
        &self,
        own: Diagnosis,
        service: &ServiceEvidence,
        root: String,
        chain: Vec<String>,
    ) -> Diagnosis {
        let (why, next, mut actions) = self.root(&root);
        let link = match service.waits_for.is_empty() {
            true => own.sentence.clone(),
            false => format!("waits for {}", chain.get(1).unwrap_or(&root)),
        };
        let status = self
            .services
            .get(root.as_str())
            .map_or(Status::Stopped, |s| s.status);
        let mut evidence = own.evidence.clone();
        evidence.push(Proof::Dependency {
            service: root.clone(),
            status,
        });
        actions.extend(own.actions.iter().cloned());
        Diagnosis {
            sentence: format!("{link}; the cause is {root}: {why}"),
            next,
            root: Some(root),
            chain,
            evidence,
            actions,
            ..own
        }
    }

    /// What is said of a root: its sentence, the next step, and what can be clicked.
    fn root(&self, name: &str) -> (String, Option<String>, Vec<Action>) {
        if let Some(judgement) = self.found.get(name) {
            let buttons = |action: &&Action| !matches!(action, Action::ShowLine { .. });
            let actions = judgement.actions.iter().filter(buttons).cloned().collect();
            return (judgement.sentence.clone(), judgement.next.clone(), actions);
        }
        match self.services.get(name).map(|service| service.status) {
            Some(Status::Stopped) => (
                "it is stopped".to_owned(),
                Some(format!("Start {name}")),
                vec![Action::Start {
                    service: name.to_owned(),
                }],
            ),
            _ => ("it is still starting".to_owned(), None, Vec::new()),
        }
    }

    /// A rule spoke of a dependency, but none of them is in trouble.
    fn innocent(&self, mut own: Diagnosis, judgement: &Judgement) -> Diagnosis {
        let Lies::With(name) = &judgement.lies else {
            return own;
        };
        let Some(other) = self.services.get(name.as_str()) else {
            return own;
        };
        own.sentence = format!(
            "{}, although {name} is {}",
            own.sentence,
            other.status.word()
        );
        own.evidence.push(Proof::Dependency {
            service: name.clone(),
            status: other.status,
        });
        own
    }
}
