//! The part of the examination that a start asks for first: what cannot work is told at
//! once, in the words that it would fail with later.

use super::facts::{DataFact, DiskFact, NetworkFacts, PortFact, RuntimeFact, Wants};
use super::{DoctorCheck, DoctorReport, DoctorState, environment, machine, network, runtime};
use crate::plan::{Plan, Service, ServiceKind};
use std::collections::{BTreeMap, BTreeSet};

/// What was found out within a moment. What took longer is absent, and blocks nothing.
#[derive(Clone, Debug, Default)]
pub struct Quick {
    /// Container runtimes; absent where they did not answer in time.
    pub runtimes: Option<Vec<RuntimeFact>>,
    /// Loopback and names.
    pub network: Option<NetworkFacts>,
    /// File systems.
    pub disks: Vec<DiskFact>,
    /// Fixed ports.
    pub ports: Vec<PortFact>,
    /// The data folder.
    pub data: Option<DataFact>,
}

/// What stands in the way of a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// Checks that do not pass, the failures first.
    pub checks: Vec<DoctorCheck>,
    /// Services that cannot work now, each with the name of its check.
    pub blocked: BTreeMap<String, String>,
}

impl Obstacles {
    /// The check on account of which nothing of what is asked for can work: to start it
    /// would only make a person wait for the same words.
    #[must_use]
    pub fn refusal(&self, plan: &Plan, wanted: &[String]) -> Option<&DoctorCheck> {
        let all = asked_for(plan, wanted);
        let reasons: Option<Vec<&str>> = all
            .iter()
            .map(|name| self.cause(plan, name, &mut BTreeSet::new()))
            .collect();
        let first = *reasons?.first()?;
        self.checks.iter().find(|check| check.id == first)
    }

    /// Why a service cannot work: by itself, or for what it cannot do without. A port does
    /// not count: it may be free by the time its service starts, which says so itself.
    fn cause<'a>(
        &'a self,
        plan: &'a Plan,
        name: &str,
        seen: &mut BTreeSet<String>,
    ) -> Option<&'a str> {
        if !seen.insert(name.to_owned()) {
            return None;
        }
        if let Some(id) = self.blocked.get(name).filter(|id| *id != "ports") {
            return Some(id);
        }
        let service = plan.services.get(name)?;
        let needed = service.depends_on.iter().filter(|(_, on)| on.required);
        needed
            .map(|(other, _)| other)
            .find_map(|other| self.cause(plan, other, seen))
    }
}

/// The services that are asked for and those that they need; all where none is named.
fn asked_for(plan: &Plan, wanted: &[String]) -> BTreeSet<String> {
    if wanted.is_empty() {
        let own = plan.services.values();
        let own = own.filter(|service| service.kind() != ServiceKind::External);
        return own.map(|service| service.name.clone()).collect();
    }
    let mut all = BTreeSet::new();
    let mut next: Vec<&Service> = wanted
        .iter()
        .filter_map(|name| plan.services.get(name))
        .collect();
    while let Some(service) = next.pop() {
        if all.insert(service.name.clone()) {
            next.extend(
                service
                    .depends_on
                    .keys()
                    .filter_map(|name| plan.services.get(name)),
            );
        }
    }
    all
}

/// Judges what a start depends upon.
#[must_use]
pub fn obstacles(plan: &Plan, quick: &Quick) -> Obstacles {
    let wants = Wants::of(plan);
    let mut found = Obstacles::default();
    if let Some(data) = &quick.data {
        found.take(super::benchtop::folder(data), plan.services.keys());
    }
    if let Some(network) = &quick.network {
        // Without loopback no service is reached, whatever it is.
        found.take(network::ipv4(network), plan.services.keys());
    }
    if let Some(runtimes) = &quick.runtimes {
        let checks = runtime::checks(&Ok(runtimes.clone()), Some(&wants));
        for check in checks.into_iter().filter(|c| c.id == "container-runtime") {
            found.take(check, wants.containers.iter());
        }
    }
    if !quick.disks.is_empty() {
        found.take(machine::disk(&quick.disks), [].into_iter());
    }
    found.ports(&quick.ports);
    found
        .checks
        .sort_by_key(|check| std::cmp::Reverse(check.state));
    found
}

impl Obstacles {
    fn take<'a>(&mut self, check: DoctorCheck, services: impl Iterator<Item = &'a String>) {
        if check.state == DoctorState::Fail {
            for service in services {
                self.blocked
                    .entry(service.clone())
                    .or_insert_with(|| check.id.clone());
            }
        }
        if check.state > DoctorState::Pass {
            self.checks.push(check);
        }
    }

    fn ports(&mut self, ports: &[PortFact]) {
        for port in environment::held(ports) {
            self.blocked
                .entry(port.service.clone())
                .or_insert_with(|| "ports".to_owned());
            let subject = super::Subject("ports", super::DoctorGroup::Environment, "Ports");
            let reason = format!(
                "{}, and {} needs it",
                environment::sentence(port),
                port.service
            );
            self.checks
                .push(subject.fail(reason, environment::port_fix(port)));
        }
    }

    /// As a report of its own.
    #[must_use]
    pub fn report(self, took: crate::time::Millis, at: crate::time::Timestamp) -> DoctorReport {
        DoctorReport::of(self.checks, took, at)
    }
}
