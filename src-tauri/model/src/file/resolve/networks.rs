//! The networks of the file, and how each service is connected to them.

use super::service::Draft;
use super::{amounts, settings};
use crate::file::findings::Findings;
use crate::file::written::networks as written;
use crate::file::written::service::Service;
use crate::file::written::{self as file, At};
use crate::plan::{Attachment, NamedNetwork, Pool, Run};
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The network to which a service is connected that names none.
pub(super) const DEFAULT: &str = "default";

/// How a service is connected; nothing where it names no network, which is the
/// environment's own.
pub(super) fn attachments(
    service: &Service,
    findings: &mut Findings,
) -> BTreeMap<String, Attachment> {
    let all = service.settings.networks.iter();
    let mut all: BTreeMap<String, Attachment> = all
        .map(|own| (own.network.value.clone(), attachment(own, findings)))
        .collect();
    if let Some(address) = service.settings.value("mac_address") {
        if all.is_empty() {
            all.insert(DEFAULT.to_owned(), Attachment::default());
        }
        // The engine's own order: the highest first, then by name.
        let first = all
            .values_mut()
            .min_by_key(|own| std::cmp::Reverse(own.priority));
        if let Some(first) = first {
            first.mac_address.get_or_insert(address);
        }
    }
    all
}

fn attachment(own: &written::Attachment, findings: &mut Findings) -> Attachment {
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
    let texts = |list: &[At<String>]| list.iter().map(|text| text.value.clone()).collect();
    check_address::<Ipv4Addr>(own.ipv4.as_ref(), "172.28.0.5", findings);
    check_address::<Ipv6Addr>(own.ipv6.as_ref(), "2001:db8::5", findings);
    Attachment {
        aliases: texts(&own.aliases),
        ipv4: text(&own.ipv4),
        ipv6: text(&own.ipv6),
        link_local: texts(&own.link_local),
        mac_address: text(&own.mac_address),
        options: options(own),
        priority: amounts::number("priority", i64::MIN, own.priority.as_ref(), findings)
            .unwrap_or(0),
    }
}

/// The name of a network card is an option of the driver.
fn options(own: &written::Attachment) -> BTreeMap<String, String> {
    let mut options = settings::pairs(&own.options);
    if let Some(name) = &own.interface {
        let key = "com.docker.network.endpoint.ifname".to_owned();
        options.insert(key, name.value.clone());
    }
    options
}

fn check_address<T: std::str::FromStr>(
    text: Option<&At<String>>,
    such_as: &str,
    findings: &mut Findings,
) {
    let Some(text) = text.filter(|text| text.value.parse::<T>().is_err()) else {
        return;
    };
    let message = format!("`{}` is not an address of this family", text.value);
    let problem = Problem::error(&text.place, message);
    findings.push(problem.hint(format!("expected something like `{such_as}`")));
}

/// Says which networks are not declared, and who cannot reach whom.
pub(super) fn check(file: &file::File, drafts: &[Draft<'_>], findings: &mut Findings) {
    let declared: BTreeSet<&str> = file.networks.iter().map(|n| n.key.value.as_str()).collect();
    for own in drafts.iter().flat_map(|d| &d.written.settings.networks) {
        let name = own.network.value.as_str();
        if name != DEFAULT && !declared.contains(name) {
            let message = format!("the network `{name}` is not declared");
            let problem = Problem::error(&own.network.place, message);
            let near = findings.nearest(name, declared.iter().copied());
            findings.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint(format!("add `{name}:` to the top-level `networks`")),
            });
        }
    }
    let networks: BTreeMap<&str, BTreeSet<&str>> = drafts
        .iter()
        .filter_map(|draft| Some((draft.service.name.as_str(), networks(draft)?)))
        .collect();
    for draft in drafts {
        let Some(own) = networks.get(draft.service.name.as_str()) else {
            continue;
        };
        for reference in &draft.written.references {
            let other = networks.get(reference.name.value.as_str());
            if other.is_some_and(|other| other.is_disjoint(own)) {
                let message = format!(
                    "`{}` references `{}`, but they share no network",
                    draft.service.name, reference.name.value
                );
                let problem = Problem::warning(&reference.name.place, message);
                findings.push(problem.hint("connect both to one of them with `networks`"));
            }
        }
    }
}

/// The networks of a container that has some of its own.
fn networks<'d>(draft: &'d Draft<'_>) -> Option<BTreeSet<&'d str>> {
    let Run::Container(container) = &draft.service.run else {
        return None;
    };
    let own = &container.settings;
    if own.network != crate::plan::Network::Shared {
        return None;
    }
    Some(match own.networks.is_empty() {
        true => BTreeSet::from([DEFAULT]),
        false => own.networks.keys().map(String::as_str).collect(),
    })
}

/// The declared networks that an active service is connected to.
pub(super) fn used(file: &file::File, drafts: &[Draft<'_>]) -> BTreeMap<String, NamedNetwork> {
    let used: BTreeSet<&str> = drafts.iter().filter_map(networks).flatten().collect();
    let declared = file.networks.iter();
    declared
        .filter(|network| used.contains(network.key.value.as_str()))
        .map(|network| (network.key.value.clone(), named(network)))
        .collect()
}

fn named(network: &written::Network) -> NamedNetwork {
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
    let pool = |pool: &written::Pool| Pool {
        subnet: text(&pool.subnet),
        ip_range: text(&pool.ip_range),
        gateway: text(&pool.gateway),
        reserved: settings::pairs(&pool.reserved),
    };
    let own = network.external.then(|| network.key.value.clone());
    NamedNetwork {
        name: text(&network.name).or(own),
        external: network.external,
        driver: text(&network.driver),
        options: settings::pairs(&network.options),
        internal: network.internal,
        attachable: network.attachable,
        ipv4: network.ipv4,
        ipv6: network.ipv6,
        labels: settings::pairs(&network.labels),
        ipam_driver: text(&network.ipam_driver),
        ipam_options: settings::pairs(&network.ipam_options),
        pools: network.pools.iter().map(pool).collect(),
    }
}
