//! Compose's `ports`: `[IP:][HOST:]CONTAINER[/PROTOCOL]`, ranges, and the long
//! form.

use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::reach::{LongPort, Port};
use crate::plan::{HostPort, Protocol};
use crate::problem::{Place, Problem};
use std::ops::RangeInclusive;

/// Most ports of one range.
const MOST_IN_RANGE: usize = 1_000;

/// One published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) ip: Option<String>,
    pub(super) port: HostPort,
    pub(super) target: u16,
    pub(super) protocol: Protocol,
    /// Name and scheme where the long form gives them.
    pub(super) name: Option<At<String>>,
    pub(super) scheme: Option<At<String>>,
    pub(super) place: Place,
}

/// All ports that an item publishes: several for a range.
pub(super) fn resolve(port: &Port, findings: &mut Findings) -> Vec<Published> {
    let (place, parts) = match port {
        Port::Short(text) => (&text.place, Parts::split(&text.value)),
        Port::Long(long) => match Parts::of(long) {
            Some(parts) => (&long.place, parts),
            None => return Vec::new(),
        },
    };
    let pairs = parts.pairs().unwrap_or_else(|fault| {
        findings.push(fault.problem(place));
        Vec::new()
    });
    if parts.is_choice() {
        let message = "the range of host ports is not kept to: any free port is taken";
        findings.push(
            Problem::warning(place, message)
                .hint("write one host port where it must be a certain one"),
        );
    }
    let published = |(protocol, port, target)| Published {
        ip: parts.ip.map(str::to_owned),
        port,
        target,
        protocol,
        name: parts.name.cloned(),
        scheme: parts.scheme.cloned(),
        place: place.clone(),
    };
    pairs.into_iter().map(published).collect()
}

/// The ports of an item of `expose` as the engine writes them: `80/tcp`.
pub(super) fn targets(text: &str) -> Result<Vec<String>, Fault> {
    let parts = Parts::split(text);
    let protocol = match parts.protocol()? {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let ports = range(parts.container)?;
    Ok(ports.map(|port| format!("{port}/{protocol}")).collect())
}

/// What is wrong with an item.
pub(super) enum Fault {
    NotAPort(String),
    Protocol(String),
    Range(String),
}

impl Fault {
    pub(super) fn problem(self, place: &Place) -> Problem {
        match self {
            Self::NotAPort(text) => Problem::error(place, format!("`{text}` is not a port"))
                .hint("expected `HOST:CONTAINER` with numbers from 1 to 65535, such as `8080:80`"),
            Self::Protocol(text) => {
                Problem::error(place, format!("unknown protocol `{text}` of a port"))
                    .hint("expected `tcp` or `udp`")
            }
            Self::Range(message) => Problem::error(place, message),
        }
    }
}

/// The pieces of an item.
struct Parts<'p> {
    ip: Option<&'p str>,
    host: Option<&'p str>,
    container: &'p str,
    protocol: &'p str,
    name: Option<&'p At<String>>,
    scheme: Option<&'p At<String>>,
}

impl<'p> Parts<'p> {
    fn split(text: &'p str) -> Self {
        let (addresses, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
        let (host, container) = match addresses.rsplit_once(':') {
            Some((host, container)) => (Some(host), container),
            None => (None, addresses),
        };
        let (ip, host) = match host.and_then(|host| host.rsplit_once(':')) {
            Some((ip, host)) => (Some(ip), Some(host)),
            None => (None, host),
        };
        let ip = ip.map(|ip| ip.trim_start_matches('[').trim_end_matches(']'));
        Self {
            ip,
            host: host.filter(|host| !host.is_empty()),
            container,
            protocol,
            name: None,
            scheme: None,
        }
    }

    /// Nothing where the container's port was forgotten, which was told.
    fn of(long: &'p LongPort) -> Option<Self> {
        let text = |text: &'p Option<At<String>>| text.as_ref().map(|text| text.value.as_str());
        Some(Self {
            ip: text(&long.host_ip),
            host: text(&long.published),
            container: text(&long.target)?,
            protocol: text(&long.protocol).unwrap_or("tcp"),
            name: long.name.as_ref(),
            scheme: long.app_protocol.as_ref(),
        })
    }

    fn protocol(&self) -> Result<Protocol, Fault> {
        match self.protocol.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Protocol::Tcp),
            "udp" => Ok(Protocol::Udp),
            _ => Err(Fault::Protocol(self.protocol.to_owned())),
        }
    }

    /// Protocol, host port and container port, one by one.
    fn pairs(&self) -> Result<Vec<(Protocol, HostPort, u16)>, Fault> {
        let protocol = self.protocol()?;
        let targets = range(self.container)?;
        let hosts = match self.host {
            Some(host) => Some((host, range(host)?)),
            None => None,
        };
        match hosts {
            Some((host, hosts)) if !self.is_choice() => {
                if hosts.len() != targets.len() {
                    return Err(self.unequal(host, hosts.len(), targets.len()));
                }
                let pairs = hosts.zip(targets);
                Ok(pairs
                    .map(|(host, target)| (protocol, HostPort::Fixed(host), target))
                    .collect())
            }
            _ => Ok(targets
                .map(|target| (protocol, HostPort::Auto, target))
                .collect()),
        }
    }

    fn unequal(&self, host: &str, hosts: usize, targets: usize) -> Fault {
        let container = self.container;
        Fault::Range(format!(
            "`{host}` are {hosts} ports of the host, but `{container}` are {targets} of the container"
        ))
    }

    /// `8000-8010:80`: any free one of several host ports.
    fn is_choice(&self) -> bool {
        let count = |text| range(text).map_or(0, |range| range.len());
        self.host.is_some_and(|host| count(host) > 1) && count(self.container) == 1
    }
}

/// `80` or `80-90`.
fn range(text: &str) -> Result<RangeInclusive<u16>, Fault> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |part: &str| port(part).ok_or_else(|| Fault::NotAPort(text.to_owned()));
    let (first, last) = (number(first)?, number(last)?);
    let count = usize::from(last).saturating_sub(usize::from(first)) + 1;
    match () {
        () if last < first => Err(Fault::Range(format!(
            "the range of ports `{text}` ends before it begins"
        ))),
        () if count > MOST_IN_RANGE => Err(Fault::Range(format!(
            "the range `{text}` has {count} ports, but {MOST_IN_RANGE} are the most"
        ))),
        () => Ok(first..=last),
    }
}

/// A port number from 1 to 65535.
pub(super) fn port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `ip host>target/protocol` of each port, and the first finding.
    fn show(text: &str) -> (Vec<String>, Option<String>) {
        let mut findings = Findings::default();
        let item = Port::Short(At {
            value: text.to_owned(),
            place: Place::default(),
        });
        let ports = resolve(&item, &mut findings).into_iter().map(|port| {
            let host = match port.port {
                HostPort::Fixed(port) => port.to_string(),
                HostPort::Auto => "auto".to_owned(),
            };
            let protocol = if port.protocol == Protocol::Udp {
                "/udp"
            } else {
                ""
            };
            format!(
                "{}{host}>{}{protocol}",
                port.ip.map(|ip| ip + " ").unwrap_or_default(),
                port.target
            )
        });
        let ports = ports.collect();
        (
            ports,
            findings
                .into_sorted(&Place::default())
                .first()
                .map(|p| p.message.clone()),
        )
    }

    #[test]
    fn every_short_form() {
        let table: [(&str, &[&str]); 11] = [
            ("80", &["auto>80"]),
            ("8080:80", &["8080>80"]),
            ("127.0.0.1:8080:80", &["127.0.0.1 8080>80"]),
            ("127.0.0.1::80", &["127.0.0.1 auto>80"]),
            (":80", &["auto>80"]),
            ("[::1]:8080:80", &["::1 8080>80"]),
            ("::1:8080:80", &["::1 8080>80"]),
            ("53:53/udp", &["53>53/udp"]),
            ("53:53/TCP", &["53>53"]),
            ("3000-3001", &["auto>3000", "auto>3001"]),
            ("9090-9091:8080-8081", &["9090>8080", "9091>8081"]),
        ];
        for (text, expected) in table {
            assert_eq!(
                show(text),
                (expected.iter().map(|s| (*s).to_owned()).collect(), None),
                "{text}"
            );
        }
    }

    #[test]
    fn a_choice_of_host_ports_is_any_port_and_told() {
        let (ports, problem) = show("6005-6015:80");
        assert_eq!(ports, ["auto>80"]);
        assert_eq!(
            problem.as_deref(),
            Some("the range of host ports is not kept to: any free port is taken")
        );
    }

    #[test]
    fn what_is_no_port_is_told() {
        let table = [
            ("abc", "`abc` is not a port"),
            ("", "`` is not a port"),
            ("0:80", "`0` is not a port"),
            ("80:70000", "`70000` is not a port"),
            ("+80", "`+80` is not a port"),
            ("8080:", "`` is not a port"),
            ("80/icmp", "unknown protocol `icmp` of a port"),
            ("90-80", "the range of ports `90-80` ends before it begins"),
            (
                "1-65535",
                "the range `1-65535` has 65535 ports, but 1000 are the most",
            ),
            (
                "1-3:1-2",
                "`1-3` are 3 ports of the host, but `1-2` are 2 of the container",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(show(text), (vec![], Some(expected.to_owned())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[0-9:/\\[\\]a-]{0,24}") {
            show(&text);
        }
    }
}
