//! Ports and endpoints as written.

use super::At;
use super::read::{Field, Keys, require, text};
use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::problem::{Place, Problem};

/// An item of `ports`.
#[derive(Debug)]
pub(crate) enum Port {
    Short(At<String>),
    Long(Box<LongPort>),
}

/// The long form of an item of `ports`.
#[derive(Debug, Default)]
pub(crate) struct LongPort {
    /// Nothing where it was forgotten, which was told.
    pub(crate) target: Option<At<String>>,
    pub(crate) published: Option<At<String>>,
    pub(crate) host_ip: Option<At<String>>,
    pub(crate) protocol: Option<At<String>>,
    pub(crate) name: Option<At<String>>,
    pub(crate) app_protocol: Option<At<String>>,
    pub(crate) place: Place,
}

impl Port {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        field
            .items(findings)
            .iter()
            .filter_map(|node| match node.value {
                Value::Map(_) => Some(Self::Long(Box::new(LongPort::read(node, findings)))),
                _ => text("an item of `ports`", node, findings).map(Self::Short),
            })
            .collect()
    }
}

const LONG_PORT: Keys<LongPort> = Keys {
    known: &[
        ("target", |long, field, findings| {
            long.target = field.text(findings);
        }),
        ("published", |long, field, findings| {
            long.published = field.filled(findings);
        }),
        ("host_ip", |long, field, findings| {
            long.host_ip = field.filled(findings);
        }),
        ("protocol", |long, field, findings| {
            long.protocol = field.filled(findings);
        }),
        ("name", |long, field, findings| {
            long.name = field.filled(findings);
        }),
        ("app_protocol", |long, field, findings| {
            long.app_protocol = field.filled(findings);
        }),
        // `host` and `ingress` differ only in a swarm.
        ("mode", |_, _, _| {}),
    ],
    later: &[],
};

impl LongPort {
    fn read(node: &Node, findings: &mut Findings) -> Self {
        let mut long = Self {
            place: node.place.clone(),
            ..Self::default()
        };
        LONG_PORT.read("an item of `ports`", node, &mut long, findings);
        require("target", "an item of `ports`", node, findings);
        long
    }
}

/// An entry of `endpoints`.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: At<String>,
    /// A number or `auto`.
    pub(crate) port: Option<At<String>>,
    pub(crate) target: Option<At<String>>,
    pub(crate) scheme: Option<At<String>>,
    pub(crate) host: Option<At<String>>,
    pub(crate) place: Place,
}

const ENDPOINT: Keys<Endpoint> = Keys {
    known: &[
        ("port", |endpoint, field, findings| {
            endpoint.port = field.text(findings)
        }),
        ("target", |endpoint, field, findings| {
            endpoint.target = field.text(findings)
        }),
        ("scheme", |endpoint, field, findings| {
            endpoint.scheme = field.filled(findings)
        }),
        ("host", |endpoint, field, findings| {
            endpoint.host = field.filled(findings)
        }),
    ],
    later: &[],
};

impl Endpoint {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if field.is_seq() {
            let problem = Problem::error(
                field.place(),
                "`endpoints` must be a map of names, but is a list",
            );
            findings.push(problem.hint("give each endpoint a name: `endpoints: { http: 8080 }`"));
            return Vec::new();
        }
        field
            .entries(findings)
            .filter_map(|entry| Self::read(&entry, findings))
            .collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        let place = entry.place().clone();
        let mut endpoint = Self {
            name: entry.key(),
            port: None,
            target: None,
            scheme: None,
            host: None,
            place,
        };
        match entry.node.value {
            Value::Map(_) => ENDPOINT.read(
                &format!("endpoint {}", entry.what()),
                entry.node,
                &mut endpoint,
                findings,
            ),
            _ => endpoint.port = Some(entry.text(findings)?),
        }
        Some(endpoint)
    }
}
