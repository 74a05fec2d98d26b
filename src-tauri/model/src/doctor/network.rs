//! Loopback that reaches itself, names that resolve, proxies that stay out of the way.

use super::facts::NetworkFacts;
use super::{DoctorAction, DoctorCheck, DoctorGroup, Subject};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const IPV4: Subject = Subject("loopback-ipv4", DoctorGroup::Network, "Loopback 127.0.0.1");
const IPV6: Subject = Subject("loopback-ipv6", DoctorGroup::Network, "Loopback ::1");
const LOCALHOST: Subject = Subject("localhost", DoctorGroup::Network, "Name localhost");
const HOST: Subject = Subject("host-name", DoctorGroup::Network, "Own host name");
const DNS: Subject = Subject("dns", DoctorGroup::Network, "Name servers");
const PROXY: Subject = Subject("proxy", DoctorGroup::Network, "Proxy");

/// What a proxy must be told to leave alone.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

pub(super) fn checks(facts: &NetworkFacts) -> Vec<DoctorCheck> {
    vec![
        ipv4(facts),
        ipv6(facts),
        localhost(facts),
        host(facts),
        dns(facts),
        proxy(facts),
    ]
}

pub(super) fn ipv4(facts: &NetworkFacts) -> DoctorCheck {
    match &facts.ipv4 {
        Ok(()) => IPV4.pass("connects to itself"),
        Err(why) => IPV4
            .fail(
                format!("a connection of 127.0.0.1 to itself fails: {why}"),
                "bring the loopback interface up and let the firewall pass it: `sudo ip link set lo up`",
            )
            .action(copy("sudo ip link set lo up")),
    }
}

/// A machine without IPv6 is in order, as long as nothing leads programs to `::1`.
fn ipv6(facts: &NetworkFacts) -> DoctorCheck {
    let Err(why) = &facts.ipv6 else {
        return IPV6.pass("connects to itself");
    };
    let leads_there = addresses(facts).contains(&IpAddr::V6(Ipv6Addr::LOCALHOST));
    let reason = format!("a connection of ::1 to itself fails: {why}");
    let fix = "give it back: `sudo sysctl net.ipv6.conf.lo.disable_ipv6=0`; or let the services listen on 127.0.0.1 and remove `::1 localhost` from /etc/hosts";
    let check = match leads_there && !addresses(facts).contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)) {
        true => IPV6.fail(
            format!("{reason}, and localhost leads nowhere else: programs cannot reach each other by that name"),
            fix,
        ),
        false => IPV6.warn(
            format!("{reason}; a program that listens on [::1] or tries it first fails"),
            fix,
        ),
    };
    check.action(copy("sudo sysctl net.ipv6.conf.lo.disable_ipv6=0"))
}

fn addresses(facts: &NetworkFacts) -> &[IpAddr] {
    facts.localhost.as_deref().unwrap_or_default()
}

fn localhost(facts: &NetworkFacts) -> DoctorCheck {
    let has_v4 = addresses(facts).iter().any(IpAddr::is_ipv4);
    let has_v6 = addresses(facts).iter().any(IpAddr::is_ipv6);
    let shown = || {
        let all: Vec<String> = addresses(facts).iter().map(ToString::to_string).collect();
        all.join(", ")
    };
    let check = match &facts.localhost {
        Err(why) => LOCALHOST.fail(
            format!("localhost has no address: {why}"),
            "add the lines `127.0.0.1 localhost` and `::1 localhost` to /etc/hosts",
        ),
        Ok(all) if all.iter().any(|address| !address.is_loopback()) => LOCALHOST.fail(
            format!("localhost is {}, which is not this machine's loopback", shown()),
            "let it be 127.0.0.1 and ::1 in /etc/hosts, and nothing else",
        ),
        Ok(all) if all.is_empty() => LOCALHOST.fail(
            "localhost has no address",
            "add the lines `127.0.0.1 localhost` and `::1 localhost` to /etc/hosts",
        ),
        Ok(_) if has_v4 && has_v6 => LOCALHOST.pass("is 127.0.0.1 and ::1"),
        Ok(_) if has_v6 => LOCALHOST.warn(
            "localhost is ::1 only: a program that listens on 127.0.0.1 is not found by that name",
            "add the line `127.0.0.1 localhost` to /etc/hosts",
        ),
        // Without ::1 there is nothing to find there.
        Ok(_) if facts.ipv6.is_err() => LOCALHOST.pass("is 127.0.0.1, and this machine has no ::1"),
        Ok(_) => LOCALHOST.warn(
            "localhost is 127.0.0.1 only: a program that listens on [::1] alone is not found by that name",
            "add the line `::1 localhost` to /etc/hosts",
        ),
    };
    check.detail("localhost", shown())
}

fn host(facts: &NetworkFacts) -> DoctorCheck {
    match &facts.host {
        Err(why) => HOST.skipped(why),
        Ok((name, Ok(all))) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            HOST.pass(format!("{name} is {}", all.join(", ")))
        }
        Ok((name, Err(why))) => HOST.warn(
            format!("this host's own name {name} has no address: {why}; Java, Erlang and Kafka look it up at their start and wait"),
            format!("add the line `127.0.1.1 {name}` to /etc/hosts"),
        ),
    }
}

fn dns(facts: &NetworkFacts) -> DoctorCheck {
    let failed: Vec<_> = facts
        .lookups
        .iter()
        .filter_map(|(name, found)| Some((name, found.as_ref().err()?)))
        .collect();
    let check = match (failed.first(), &facts.servers) {
        (Some((name, why)), _) => DNS.warn(
            format!("{name} has no address: {why}; images that are not here yet cannot be pulled"),
            "check the network and the name servers in /etc/resolv.conf",
        ),
        (None, _) if !facts.lookups.is_empty() => {
            let names: Vec<&str> = facts
                .lookups
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            DNS.pass(format!("resolve {}", names.join(", ")))
        }
        (None, Ok(servers)) if servers.is_empty() => DNS.warn(
            "no name server is configured, so only names of /etc/hosts are found",
            "connect to a network, or name one in /etc/resolv.conf",
        ),
        (None, Ok(_)) => DNS.pass("are configured; no name was looked up"),
        (None, Err(why)) => DNS.skipped(why),
    };
    let servers = facts.servers.as_deref().unwrap_or_default();
    check
        .details(
            servers
                .iter()
                .map(|s| ["name server".to_owned(), s.clone()]),
        )
        .details(
            failed
                .iter()
                .map(|(name, why)| [(*name).clone(), (*why).clone()]),
        )
}

fn proxy(facts: &NetworkFacts) -> DoctorCheck {
    let keys: Vec<&str> = facts.proxies.iter().map(|(key, _)| key.as_str()).collect();
    if keys.is_empty() {
        return PROXY.pass("none is set");
    }
    let list = facts.no_proxy.as_deref().unwrap_or_default();
    let missing: Vec<&str> = LOOPBACK
        .into_iter()
        .filter(|host| !covers(list, host))
        .collect();
    let check = if missing.is_empty() {
        PROXY.pass(format!(
            "{} is set, and NO_PROXY covers loopback",
            keys.join(", ")
        ))
    } else {
        let whole: Vec<&str> = Some(list)
            .into_iter()
            .filter(|l| !l.is_empty())
            .chain(missing.clone())
            .collect();
        let command = format!("export NO_PROXY={0} no_proxy={0}", whole.join(","));
        PROXY
            .warn(
                format!(
                    "{} is set and NO_PROXY does not cover {}: services that call each other on this machine ask the proxy instead",
                    keys.join(", "),
                    missing.join(", ")
                ),
                format!("before you start Benchtop: `{command}`"),
            )
            .action(copy(&command))
    };
    check
        .details(
            facts
                .proxies
                .iter()
                .map(|(key, value)| [key.clone(), value.clone()]),
        )
        .details(
            facts
                .no_proxy
                .iter()
                .map(|value| ["NO_PROXY".to_owned(), value.clone()]),
        )
}

fn copy(command: &str) -> DoctorAction {
    DoctorAction::Copy {
        command: command.to_owned(),
    }
}

/// Whether a `NO_PROXY` list keeps a host away from the proxy, by the rules that curl, Go
/// and .NET share: `*`, a name, a domain with or without a leading dot or `*.`, an address,
/// or, for an IPv4 address, a network in CIDR form.
#[must_use]
pub fn covers(list: &str, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    list.split([',', ' ', ';'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry_covers(&entry.to_ascii_lowercase(), &host))
}

fn entry_covers(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    if let (Some((network, bits)), Ok(IpAddr::V4(address))) = (entry.split_once('/'), host.parse())
    {
        return match (network.parse::<Ipv4Addr>(), bits.parse::<u32>()) {
            (Ok(network), Ok(bits @ 0..=32)) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            _ => false,
        };
    }
    let entry = entry.trim_matches(['[', ']']);
    if host.parse::<IpAddr>().is_ok() {
        return entry == host;
    }
    let domain = entry.trim_start_matches('*').trim_start_matches('.');
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}
