//! Checks that look at several services at once.

use super::service::Draft;
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::inject;
use crate::plan::{HostPort, Plan, Protocol, Run};
use crate::problem::{Place, Problem};
use std::collections::BTreeMap;

/// Who holds a port: service, endpoint, and where it is written.
type Holder<'d> = (&'d str, &'d str, &'d Place);

/// The holders of one port number, by address.
#[derive(Default)]
struct Holders<'d> {
    everywhere: Option<Holder<'d>>,
    by_address: BTreeMap<&'d str, Holder<'d>>,
}

/// A fixed port of the host can only be held once.
pub(super) fn fixed_ports(drafts: &[Draft<'_>], findings: &mut Findings) {
    let mut taken: BTreeMap<(u16, bool), Holders<'_>> = BTreeMap::new();
    for draft in drafts
        .iter()
        .filter(|draft| draft.service.run != Run::External)
    {
        for (endpoint, place) in draft.service.endpoints.iter().zip(&draft.port_places) {
            let HostPort::Fixed(port) = endpoint.port else {
                continue;
            };
            let holder = (draft.service.name.as_str(), endpoint.name.as_str(), place);
            let holders = taken
                .entry((port, endpoint.protocol == Protocol::Udp))
                .or_default();
            if let Some(other) = holders.add(address(endpoint.host.as_deref()), holder) {
                findings.push(port_conflict(port, other, holder));
            }
        }
    }
}

impl<'d> Holders<'d> {
    /// The one that holds it already, if any.
    fn add(&mut self, address: Option<&'d str>, holder: Holder<'d>) -> Option<Holder<'d>> {
        if let Some(other) = self.everywhere {
            return Some(other);
        }
        let Some(address) = address else {
            self.everywhere = Some(holder);
            return self.by_address.values().next().copied();
        };
        match self.by_address.get(address) {
            Some(other) => Some(*other),
            None => {
                self.by_address.insert(address, holder);
                None
            }
        }
    }
}

/// A certain address of this host; nothing where all of them are meant.
fn address(host: Option<&str>) -> Option<&str> {
    match host {
        None | Some("0.0.0.0" | "::" | "") => None,
        Some("localhost" | "::1") => Some("127.0.0.1"),
        other => other,
    }
}

fn port_conflict(port: u16, other: Holder<'_>, holder: Holder<'_>) -> Problem {
    let (other_service, other_endpoint, other_place) = other;
    let (service, endpoint, place) = holder;
    let message = format!(
        "port {port} of `{service}` (endpoint `{endpoint}`) is taken already: \
         `{other_service}` has it (endpoint `{other_endpoint}`, {other_place})"
    );
    Problem::error(place, message)
        .hint("change one of the two, or let a free one be chosen with `auto`")
}

/// Every `{{service.endpoint.url}}` must name something that exists.
pub(super) fn templates(plan: &Plan, texts: &[At<String>], findings: &mut Findings) {
    for text in texts {
        if findings.is_full() {
            return;
        }
        for fault in inject::template_faults(&text.value, plan) {
            let problem = Problem::error(&text.place, fault.message);
            findings.push(match fault.hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
    }
}
