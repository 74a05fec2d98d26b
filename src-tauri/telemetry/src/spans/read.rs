//! Reads one trace for display.

use super::tree::{self, Node, Shape};
use super::value;
use crate::trace::{
    Attributes, Dropped, FindingKind, Resource, Span, SpanEvent, SpanKind, SpanLink, SpanStatus,
    Trace, TraceFinding,
};
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic as otlp;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::HashMap;

/// Spans of a trace that are looked at; the rest is counted.
const MOST_READ: usize = 500_000;

/// Spans that are sent; the rest is counted. More than a screen has rows to scroll by.
const MOST_SENT: usize = 100_000;

/// Bytes of named values, events and links that are sent with them.
const MOST_BYTES: usize = 48 << 20;

/// Findings that are sent of each kind.
const MOST_FINDINGS: usize = 20;

/// A span as its row has it.
pub(super) struct Stored {
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) resource: i64,
    pub(super) scope: i64,
    pub(super) name: i64,
    pub(super) kind: i64,
    pub(super) status: i64,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) copies: u32,
    pub(super) attributes: Vec<u8>,
    pub(super) message: Option<String>,
    pub(super) extra: Option<Vec<u8>>,
}

/// The columns of [`Stored`].
pub(super) const COLUMNS: &str = "id, parent, resource, scope, name, kind, status, start, \
     duration, copies, attributes, message, extra";

impl Stored {
    /// From a row whose columns begin at `at`.
    pub(super) fn from_row(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get::<_, i64>(at)?.cast_unsigned(),
            parent: row.get::<_, Option<i64>>(at + 1)?.map(i64::cast_unsigned),
            resource: row.get(at + 2)?,
            scope: row.get(at + 3)?,
            name: row.get(at + 4)?,
            kind: row.get(at + 5)?,
            status: row.get(at + 6)?,
            start: row.get(at + 7)?,
            duration: row.get(at + 8)?,
            copies: row.get(at + 9)?,
            attributes: row.get(at + 10)?,
            message: row.get(at + 11)?,
            extra: row.get(at + 12)?,
        })
    }

    fn node(&self) -> Node {
        Node {
            id: self.id,
            parent: self.parent,
            start: self.start,
            end: self.start.saturating_add(self.duration),
        }
    }
}

/// What rows have only as numbers; read where it is needed, once.
pub(super) struct Shared<'a> {
    connection: &'a Connection,
    values: HashMap<u32, KeyValue>,
    names: HashMap<i64, String>,
    scopes: HashMap<i64, String>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            values: HashMap::new(),
            names: HashMap::new(),
            scopes: HashMap::new(),
        }
    }

    pub(super) fn name(&mut self, id: i64) -> rusqlite::Result<String> {
        text(
            self.connection,
            "SELECT text FROM span_names WHERE id = ?1",
            &mut self.names,
            id,
        )
    }

    pub(super) fn scope(&mut self, id: i64) -> rusqlite::Result<String> {
        text(
            self.connection,
            "SELECT name FROM span_scopes WHERE id = ?1",
            &mut self.scopes,
            id,
        )
    }

    /// The named values of a span, in their order.
    pub(super) fn attributes(
        &mut self,
        numbers: &[u8],
        inline: &[KeyValue],
    ) -> rusqlite::Result<Vec<KeyValue>> {
        let mut inline = inline.iter();
        let mut all = Vec::with_capacity(numbers.len() / 4);
        for number in numbers_of(numbers) {
            match number {
                0 => all.extend(inline.next().cloned()),
                number => all.extend(self.value(number)?),
            }
        }
        Ok(all)
    }

    fn value(&mut self, number: u32) -> rusqlite::Result<Option<KeyValue>> {
        if let Some(known) = self.values.get(&number) {
            return Ok(Some(known.clone()));
        }
        let found = self
            .connection
            .prepare_cached("SELECT key, value FROM span_attributes WHERE id = ?1")?
            .query_row([number], |row| {
                Ok(KeyValue {
                    key: row.get(0)?,
                    value: value::from_sql(row.get_ref(1)?),
                    ..KeyValue::default()
                })
            })
            .optional()?;
        if let Some(pair) = &found {
            self.values.insert(number, pair.clone());
        }
        Ok(found)
    }
}

fn text(
    connection: &Connection,
    sql: &str,
    known: &mut HashMap<i64, String>,
    id: i64,
) -> rusqlite::Result<String> {
    if let Some(text) = known.get(&id) {
        return Ok(text.clone());
    }
    let found: Option<String> = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let found = found.unwrap_or_default();
    known.insert(id, found.clone());
    Ok(found)
}

/// The numbers of a row's named values.
pub(super) fn numbers_of(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let number = |four: &[u8]| four.try_into().map_or(0, u32::from_le_bytes);
    bytes.chunks_exact(4).map(number)
}

/// The trace of this id.
pub(super) fn trace(connection: &Connection, id: &[u8]) -> rusqlite::Result<Option<Trace>> {
    let row = connection
        .prepare_cached("SELECT id, start, finish, spans FROM traces WHERE trace_id = ?1")?
        .query_row([id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((key, start, finish, count)): Option<(i64, i64, i64, i64)> = row else {
        return Ok(None);
    };
    let stored = rows(connection, key)?;
    let nodes: Vec<Node> = stored.iter().map(Stored::node).collect();
    let shape = tree::shape(&nodes);
    let mut builder = Builder {
        shared: Shared::new(connection),
        start,
        bytes: 0,
        resources: Vec::new(),
        known: HashMap::new(),
    };
    let mut spans = Vec::with_capacity(stored.len().min(MOST_SENT));
    for &index in shape.order.iter().take(MOST_SENT) {
        if builder.bytes > MOST_BYTES {
            break;
        }
        spans.push(builder.span(&stored[index], &shape, index)?);
    }
    let findings = findings(&mut builder.shared, &stored, &shape)?;
    let missing = count.unsigned_abs().saturating_sub(spans.len() as u64);
    Ok(Some(Trace {
        trace_id: value::hex(id),
        start: millis(start),
        duration_ns: (finish - start).unsigned_abs(),
        resources: builder.resources,
        spans,
        truncated: (missing > 0).then_some(missing),
        findings,
    }))
}

/// Nanoseconds since 1970 as a time.
pub(super) fn millis(ns: i64) -> Timestamp {
    Timestamp(ns.div_euclid(1_000_000))
}

fn rows(connection: &Connection, trace: i64) -> rusqlite::Result<Vec<Stored>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM spans WHERE trace = ?1 LIMIT {MOST_READ}"
        ))?
        .query_map([trace], |row| Stored::from_row(row, 0))?
        .collect()
}

struct Builder<'a> {
    shared: Shared<'a>,
    /// When the trace began, in nanoseconds.
    start: i64,
    /// What was built so far.
    bytes: usize,
    resources: Vec<Resource>,
    /// Index of a resource by its number.
    known: HashMap<i64, u32>,
}

impl Builder<'_> {
    fn span(&mut self, row: &Stored, shape: &Shape, index: usize) -> rusqlite::Result<Span> {
        let extra = row.extra.as_deref().map(otlp::trace::v1::Span::decode);
        let extra = extra.and_then(Result::ok).unwrap_or_default();
        let attributes = self.shared.attributes(&row.attributes, &extra.attributes)?;
        let resource = self.resource(row.resource)?;
        let scope = self.shared.scope(row.scope)?;
        self.bytes += 300 + row.attributes.len() * 16 + row.extra.as_ref().map_or(0, Vec::len);
        Ok(Span {
            id: format!("{:016x}", row.id),
            parent: row.parent.map(|id| format!("{id:016x}")),
            service: self.resources[resource as usize].service.clone(),
            name: self.shared.name(row.name)?,
            kind: kind(row.kind),
            start_ns: row.start - self.start,
            duration_ns: row.duration.unsigned_abs(),
            status: status(row.status),
            message: row.message.clone(),
            attributes: value::all(&attributes),
            events: extra.events.iter().map(|event| self.event(event)).collect(),
            links: extra.links.iter().map(link).collect(),
            scope: Some(scope).filter(|name| !name.is_empty()),
            resource,
            dropped: Dropped {
                attributes: extra.dropped_attributes_count,
                events: extra.dropped_events_count,
                links: extra.dropped_links_count,
            },
            depth: shape.depth[index],
            self_ns: shape.self_ns[index],
            critical: shape.critical[index],
            orphan: shape.orphan[index],
            duplicate: row.copies,
        })
    }

    fn event(&self, event: &otlp::trace::v1::span::Event) -> SpanEvent {
        let at = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
        SpanEvent {
            name: event.name.clone(),
            at_ns: at.saturating_sub(self.start),
            attributes: value::all(&event.attributes),
        }
    }

    fn resource(&mut self, number: i64) -> rusqlite::Result<u32> {
        if let Some(index) = self.known.get(&number) {
            return Ok(*index);
        }
        let index = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.resources
            .push(resource(self.shared.connection, number)?);
        self.known.insert(number, index);
        Ok(index)
    }
}

fn resource(connection: &Connection, number: i64) -> rusqlite::Result<Resource> {
    connection
        .prepare_cached("SELECT service, body FROM span_resources WHERE id = ?1")?
        .query_row([number], |row| {
            let body = row.get_ref(1)?.as_blob()?;
            let body = otlp::resource::v1::Resource::decode(body).unwrap_or_default();
            let attributes: Attributes = value::all(&body.attributes);
            Ok(Resource {
                service: row.get(0)?,
                attributes,
            })
        })
}

fn link(link: &otlp::trace::v1::span::Link) -> SpanLink {
    SpanLink {
        trace_id: value::hex(&link.trace_id),
        span_id: value::hex(&link.span_id),
        attributes: value::all(&link.attributes),
    }
}

/// The kind of a column, which is the number of the protocol.
pub(super) fn kind(number: i64) -> SpanKind {
    match number {
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

/// The status of a column, which is the number of the protocol.
pub(super) fn status(number: i64) -> SpanStatus {
    match number {
        1 => SpanStatus::Ok,
        2 => SpanStatus::Error,
        _ => SpanStatus::Unset,
    }
}

fn findings(
    shared: &mut Shared<'_>,
    stored: &[Stored],
    shape: &Shape,
) -> rusqlite::Result<Vec<TraceFinding>> {
    let copies = stored.iter().enumerate().filter(|(_, row)| row.copies > 0);
    let copies = copies.map(|(index, _)| (FindingKind::Duplicate, Some(index)));
    let mut counts: HashMap<FindingKind, usize> = HashMap::new();
    let mut findings = Vec::new();
    for (kind, index) in shape.findings.iter().copied().chain(copies) {
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count > MOST_FINDINGS {
            continue;
        }
        let row = index.map(|index| &stored[index]);
        let name = row.map(|row| shared.name(row.name)).transpose()?;
        findings.push(TraceFinding {
            kind,
            span: row.map(|row| format!("{:016x}", row.id)),
            text: say(
                kind,
                &name.unwrap_or_default(),
                row.map_or(0, |row| row.copies),
            ),
        });
    }
    Ok(findings)
}

fn say(kind: FindingKind, name: &str, copies: u32) -> String {
    match kind {
        FindingKind::Orphan => format!(
            "the parent of “{name}” was not received; is its service instrumented, or was it stopped before it could send?"
        ),
        FindingKind::Cycle => {
            format!("“{name}” is its own ancestor; it is shown as a root")
        }
        FindingKind::Duplicate => format!(
            "{} with the id of “{name}” came later and was left out; ids must be unique",
            if copies > 1 {
                format!("{copies} other spans")
            } else {
                "another span".to_owned()
            }
        ),
        FindingKind::ClockSkew => {
            format!("“{name}” begins before its parent; the clock of one of them is wrong")
        }
        FindingKind::NoRoot => {
            "no span is without a parent; the first service has not sent its own".to_owned()
        }
        FindingKind::ManyRoots => "several spans are without a parent".to_owned(),
    }
}
