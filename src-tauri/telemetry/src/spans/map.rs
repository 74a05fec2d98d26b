//! Who calls whom: a span whose parent belongs to another service is a call; a call that
//! nobody answers with spans of its own goes to a database, a broker or something outside.

use super::list::percentiles;
use super::read::{COLUMNS, Shared, Stored, kind};
use super::value;
use crate::trace::{MapEdge, MapNode, NodeKind, ServiceMap, SpanKind};
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// Lengths that are kept of each node and edge; of more calls, the first ones stand for all.
const MOST_LENGTHS: usize = 20_000;

/// Spans of one trace that are looked at together.
const MOST_SPANS: usize = 200_000;

/// What the definition says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// All services.
    pub services: BTreeSet<String>,
    /// Who refers to whom.
    pub edges: BTreeSet<(String, String)>,
    /// Which service answers at a host and port: `(host, port)`, the host in lower case.
    pub addresses: BTreeMap<(String, u16), String>,
}

impl Declared {
    /// The service at an address: by host and port, by port on this host, or by a name on
    /// the environment's network.
    fn at(&self, host: &str, port: Option<u16>) -> Option<String> {
        let host = host.to_lowercase();
        let host = match host.as_str() {
            "127.0.0.1" | "::1" | "0.0.0.0" | "host.docker.internal" | "[::1]" => "localhost",
            other => other,
        };
        let found = port.and_then(|port| self.addresses.get(&(host.to_owned(), port)));
        let by_name = || self.services.get(host);
        found.or_else(by_name).cloned()
    }
}

/// Calls that were counted.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    errors: u64,
    lengths: Vec<u64>,
}

impl Tally {
    fn add(&mut self, span: &Stored) {
        self.count += 1;
        self.errors += u64::from(span.status == 2);
        if self.lengths.len() < MOST_LENGTHS {
            self.lengths.push(span.duration.unsigned_abs());
        }
    }
}

/// What spans tell.
#[derive(Debug, Default)]
pub(super) struct Observed {
    nodes: BTreeMap<String, (NodeKind, Tally)>,
    edges: BTreeMap<(String, String), Tally>,
    incomplete: bool,
}

/// Looks at all spans of traces that began in this range.
pub(super) fn observe(
    connection: &Connection,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
    declared: &Declared,
    limit: Duration,
) -> rusqlite::Result<Observed> {
    let end = Instant::now() + limit;
    let ns = |time: Timestamp| time.0.saturating_mul(1_000_000);
    let traces: Vec<i64> = connection
        .prepare_cached(
            "SELECT id FROM traces WHERE start >= ?1 AND start < ?2 ORDER BY start DESC",
        )?
        .query_map(
            [since.map_or(i64::MIN, ns), until.map_or(i64::MAX, ns)],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let services: HashMap<i64, String> = connection
        .prepare_cached("SELECT id, service FROM span_resources")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut reader = Reader {
        shared: Shared::new(connection),
        services,
        declared,
        seen: Observed::default(),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM spans WHERE trace = ?1 LIMIT {MOST_SPANS}"
    ))?;
    for trace in traces {
        if Instant::now() >= end {
            reader.seen.incomplete = true;
            break;
        }
        let spans: Vec<Stored> = statement
            .query_map([trace], |row| Stored::from_row(row, 0))?
            .collect::<Result<_, _>>()?;
        reader.add(&spans)?;
    }
    Ok(reader.seen)
}

struct Reader<'a> {
    shared: Shared<'a>,
    services: HashMap<i64, String>,
    declared: &'a Declared,
    seen: Observed,
}

impl Reader<'_> {
    fn add(&mut self, spans: &[Stored]) -> rusqlite::Result<()> {
        let by_id: HashMap<u64, &Stored> = spans.iter().map(|span| (span.id, span)).collect();
        // Calls that somebody answered with a span of another service.
        let mut answered: BTreeSet<u64> = BTreeSet::new();
        for span in spans {
            let service = self.service(span);
            self.node(&service, NodeKind::Service).add(span);
            let Some(parent) = span.parent.and_then(|id| by_id.get(&id)) else {
                continue;
            };
            let caller = self.service(parent);
            if caller != service {
                answered.insert(parent.id);
                self.seen
                    .edges
                    .entry((caller, service))
                    .or_default()
                    .add(span);
            }
        }
        for span in spans {
            let calls = matches!(kind(span.kind), SpanKind::Client | SpanKind::Producer);
            if calls && !answered.contains(&span.id) {
                self.call(span)?;
            }
        }
        Ok(())
    }

    /// A call that nobody answered with spans.
    fn call(&mut self, span: &Stored) -> rusqlite::Result<()> {
        let extra = span.extra.as_deref().map(Span::decode).and_then(Result::ok);
        let inline = extra.map(|extra| extra.attributes).unwrap_or_default();
        let attributes = self.shared.attributes(&span.attributes, &inline)?;
        let Some((target, kind)) = target(&attributes, self.declared) else {
            return Ok(());
        };
        let caller = self.service(span);
        if caller != target {
            self.node(&target, kind).add(span);
            self.seen
                .edges
                .entry((caller, target))
                .or_default()
                .add(span);
        }
        Ok(())
    }

    fn service(&self, span: &Stored) -> String {
        self.services
            .get(&span.resource)
            .cloned()
            .unwrap_or_default()
    }

    fn node(&mut self, service: &str, kind: NodeKind) -> &mut Tally {
        if !self.seen.nodes.contains_key(service) {
            self.seen
                .nodes
                .insert(service.to_owned(), (kind, Tally::default()));
        }
        let (known, tally) = self.seen.nodes.entry(service.to_owned()).or_default();
        if *known == NodeKind::Service && kind != NodeKind::Service && tally.count == 0 {
            *known = kind;
        }
        tally
    }
}

/// Where a call went, by the names of the semantic conventions, old and new.
fn target(attributes: &[KeyValue], declared: &Declared) -> Option<(String, NodeKind)> {
    let text = |keys: &[&str]| {
        let found = keys
            .iter()
            .find_map(|key| attributes.iter().find(|pair| pair.key == *key))?;
        Some(value::to_text(found.value.as_ref())).filter(|text| !text.is_empty())
    };
    let system = text(&["db.system.name", "db.system"]);
    let broker = text(&["messaging.system"]);
    let host = text(&["server.address", "net.peer.name", "network.peer.address"]);
    let port = text(&["server.port", "net.peer.port", "network.peer.port"]);
    let port = port.and_then(|port| port.parse().ok());
    let kind = match (&system, &broker) {
        (Some(_), _) => NodeKind::Database,
        (None, Some(_)) => NodeKind::Messaging,
        (None, None) => NodeKind::External,
    };
    let known = host.as_deref().and_then(|host| declared.at(host, port));
    let name = known
        .or_else(|| text(&["service.peer.name", "peer.service"]))
        .or(system)
        .or(broker)
        .or(host)?;
    Some((name, kind))
}

impl Observed {
    /// The map, with what is declared beside what was seen.
    pub(super) fn into_map(mut self, declared: &Declared) -> ServiceMap {
        for service in &declared.services {
            self.nodes.entry(service.clone()).or_default();
        }
        let nodes = self.nodes.into_iter().map(|(service, (kind, tally))| {
            let all = percentiles(tally.lengths);
            MapNode {
                declared: declared.services.contains(&service),
                service,
                spans: tally.count,
                errors: tally.errors,
                p50_ns: all.p50_ns,
                p99_ns: all.p99_ns,
                kind,
            }
        });
        let nodes = nodes.collect();
        for edge in &declared.edges {
            self.edges.entry(edge.clone()).or_default();
        }
        let edges = self.edges.into_iter().map(|((from, to), tally)| {
            let all = percentiles(tally.lengths);
            MapEdge {
                declared: declared.edges.contains(&(from.clone(), to.clone())),
                observed: tally.count > 0,
                from,
                to,
                calls: tally.count,
                errors: tally.errors,
                p50_ns: all.p50_ns,
                p99_ns: all.p99_ns,
            }
        });
        ServiceMap {
            nodes,
            edges: edges.collect(),
            complete: !self.incomplete,
        }
    }
}
