//! Writes requests into the tables, all of them in one transaction.

use super::dictionary::Dictionary;
use super::facts::{self, Fact};
use super::{incoming, value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use std::collections::{HashMap, HashSet};

/// What a row takes beside its values, in bytes.
const ROW: usize = 64;

/// What the row of a filter takes beside it, in bytes.
const FILTER_ROW: usize = 16;

/// What is added to the row of one trace.
struct Delta {
    id: i64,
    start: i64,
    finish: i64,
    spans: i64,
    errors: i64,
    bytes: i64,
    root: Option<Root>,
    services: HashMap<String, i64>,
    facts: Vec<Fact>,
}

/// The span that a trace is called by, and its rank: 0 for one without a parent.
struct Root {
    rank: i64,
    start: i64,
    name: i64,
    service: String,
    route: Option<String>,
    status_code: Option<i64>,
}

/// What became of the spans of some requests.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Bytes that the new ones take.
    pub(super) bytes: u64,
    /// Those that were there already: the place of the request, and of the span in it.
    pub(super) again: HashSet<(usize, u64)>,
}

/// Writes the requests.
pub(super) fn commit(
    connection: &mut Connection,
    dictionary: &mut Dictionary,
    requests: &[&ExportTraceServiceRequest],
) -> rusqlite::Result<Written> {
    let written = try_commit(connection, dictionary, requests);
    if written.is_err() {
        dictionary.forget();
    }
    written
}

fn try_commit(
    connection: &mut Connection,
    dictionary: &mut Dictionary,
    requests: &[&ExportTraceServiceRequest],
) -> rusqlite::Result<Written> {
    // Lines of the log go to the same file from another thread; this waits for it.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut deltas: HashMap<Vec<u8>, Delta> = HashMap::new();
    let mut written = Written::default();
    for (index, request) in requests.iter().enumerate() {
        let mut again = |place| {
            written.again.insert((index, place));
        };
        write_request(&transaction, dictionary, &mut deltas, request, &mut again)?;
    }
    for delta in deltas.values_mut() {
        delta.write(&transaction)?;
        written.bytes += delta.bytes.unsigned_abs();
    }
    transaction.commit()?;
    Ok(written)
}

fn write_request(
    transaction: &Transaction<'_>,
    dictionary: &mut Dictionary,
    deltas: &mut HashMap<Vec<u8>, Delta>,
    request: &ExportTraceServiceRequest,
    again: &mut dyn FnMut(u64),
) -> rusqlite::Result<()> {
    let mut place = 0;
    for resource_spans in &request.resource_spans {
        let whose = resource_spans.resource.clone().unwrap_or_default();
        let (resource, service) = dictionary.resource(transaction, &whose)?;
        for scope_spans in &resource_spans.scope_spans {
            let made_by = scope_spans.scope.clone().unwrap_or_default();
            let scope = dictionary.scope(transaction, &made_by)?;
            for span in &scope_spans.spans {
                let row = Row {
                    span,
                    resource,
                    scope,
                    service: &service,
                };
                if !row.write(transaction, dictionary, deltas)? {
                    again(place);
                }
                place += 1;
            }
        }
    }
    Ok(())
}

/// A span with all that its row needs.
struct Row<'a> {
    span: &'a Span,
    resource: i64,
    scope: i64,
    service: &'a str,
}

impl Row<'_> {
    /// Whether it was not there yet.
    fn write(
        &self,
        transaction: &Transaction<'_>,
        dictionary: &mut Dictionary,
        deltas: &mut HashMap<Vec<u8>, Delta>,
    ) -> rusqlite::Result<bool> {
        let span = self.span;
        let (start, duration) = incoming::times(span);
        let name = dictionary.name(transaction, &span.name)?;
        if !deltas.contains_key(&span.trace_id) {
            let id = trace(transaction, &span.trace_id, start, name, self.service)?;
            deltas.insert(span.trace_id.clone(), Delta::new(id, start));
        }
        let Some(delta) = deltas.get_mut(&span.trace_id) else {
            return Ok(false);
        };
        delta
            .facts
            .extend([Fact::name(name), Fact::resource(self.resource)]);
        let facts = &mut delta.facts;
        let (attributes, inline) = split(transaction, dictionary, &span.attributes, facts)?;
        let extra = rest(span, inline);
        let status = span.status.as_ref();
        let failed = status.is_some_and(|status| status.code() == StatusCode::Error);
        let message = status
            .map(|s| s.message.as_str())
            .filter(|text| !text.is_empty());
        if message.is_some() || !span.events.is_empty() {
            delta.facts.push(Fact::TEXT);
        }
        let id = incoming::id(&span.span_id).cast_signed();
        let inserted = transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO spans (trace, id, parent, resource, scope, name, kind, \
                   status, start, duration, attributes, message, extra) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                delta.id,
                id,
                incoming::parent(span).map(u64::cast_signed),
                self.resource,
                self.scope,
                name,
                span.kind.clamp(0, 5),
                status.map_or(StatusCode::Unset, |status| status.code()) as i32,
                start,
                duration,
                attributes,
                message,
                extra,
            ])?;
        if inserted == 0 {
            copy(transaction, delta.id, id, start, duration)?;
            return Ok(false);
        }
        let bytes = ROW
            + attributes.len()
            + extra.as_ref().map_or(0, Vec::len)
            + message.map_or(0, str::len);
        delta.add(
            self.service,
            start,
            start.saturating_add(duration),
            failed,
            bytes,
        );
        delta.name(self.root(name, start));
        Ok(true)
    }

    fn root(&self, name: i64, start: i64) -> Root {
        let text = |key: &str| {
            let found = self.span.attributes.iter().find(|pair| pair.key == key)?;
            Some(value::to_text(found.value.as_ref())).filter(|text| !text.is_empty())
        };
        let code = || {
            text("http.response.status_code")
                .or_else(|| text("http.status_code"))
                .and_then(|code| code.parse().ok())
        };
        let rank = i64::from(incoming::parent(self.span).is_some());
        Root {
            rank,
            start,
            name,
            service: self.service.to_owned(),
            route: text("http.route"),
            status_code: code(),
        }
    }
}

/// The numbers of values that are shared, 0 in the place of one that is not; and those. Adds
/// the facts of all.
fn split(
    transaction: &Transaction<'_>,
    dictionary: &mut Dictionary,
    pairs: &[KeyValue],
    facts: &mut Vec<Fact>,
) -> rusqlite::Result<(Vec<u8>, Vec<KeyValue>)> {
    let mut numbers = Vec::with_capacity(pairs.len() * 4);
    let mut inline = Vec::new();
    for pair in pairs {
        let (number, fact) = dictionary.value(transaction, pair)?;
        facts.push(fact);
        if number.is_none() {
            inline.push(pair.clone());
            facts.push(Fact::INLINE);
        }
        numbers.extend_from_slice(&number.unwrap_or(0).to_le_bytes());
    }
    Ok((numbers, inline))
}

/// What has no column, as a span with nothing else.
fn rest(span: &Span, inline: Vec<KeyValue>) -> Option<Vec<u8>> {
    let rest = Span {
        trace_state: span.trace_state.clone(),
        flags: span.flags,
        attributes: inline,
        dropped_attributes_count: span.dropped_attributes_count,
        events: span.events.clone(),
        dropped_events_count: span.dropped_events_count,
        links: span.links.clone(),
        dropped_links_count: span.dropped_links_count,
        ..Span::default()
    };
    Some(rest.encode_to_vec()).filter(|bytes| !bytes.is_empty())
}

/// A span that is there already: the same again is what a sender does who got no answer;
/// another of the same id is counted.
fn copy(
    transaction: &Transaction<'_>,
    trace: i64,
    id: i64,
    start: i64,
    duration: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE spans SET copies = copies + 1 \
             WHERE trace = ?1 AND id = ?2 AND NOT (start = ?3 AND duration = ?4)",
        )?
        .execute([trace, id, start, duration])?;
    Ok(())
}

/// The number of a trace; its row is made where there is none.
fn trace(
    transaction: &Transaction<'_>,
    trace_id: &[u8],
    start: i64,
    name: i64,
    service: &str,
) -> rusqlite::Result<i64> {
    let known = transaction
        .prepare_cached("SELECT id FROM traces WHERE trace_id = ?1")?
        .query_row([trace_id], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO traces (trace_id, start, finish, spans, errors, bytes, root_rank, \
               root_start, name, service) VALUES (?1, ?2, ?2, 0, 0, 0, 2, ?2, ?3, ?4)",
        )?
        .execute(params![trace_id, start, name, service])?;
    Ok(transaction.last_insert_rowid())
}

impl Delta {
    fn new(id: i64, start: i64) -> Self {
        Self {
            id,
            start,
            finish: start,
            spans: 0,
            errors: 0,
            bytes: 0,
            root: None,
            services: HashMap::new(),
            facts: Vec::new(),
        }
    }

    fn add(&mut self, service: &str, start: i64, finish: i64, failed: bool, bytes: usize) {
        self.start = self.start.min(start);
        self.finish = self.finish.max(finish);
        self.spans += 1;
        self.errors += i64::from(failed);
        self.bytes += i64::try_from(bytes).unwrap_or(i64::MAX / 2);
        match self.services.get_mut(service) {
            Some(count) => *count += 1,
            None => _ = self.services.insert(service.to_owned(), 1),
        }
    }

    fn name(&mut self, root: Root) {
        let better = |known: &Root| (root.rank, root.start) < (known.rank, known.start);
        if self.root.as_ref().is_none_or(better) {
            self.root = Some(root);
        }
    }

    fn write(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.spans == 0 {
            return Ok(());
        }
        let filter = facts::filter(std::mem::take(&mut self.facts));
        self.bytes += i64::try_from(FILTER_ROW + filter.len()).unwrap_or_default();
        transaction
            .prepare_cached(
                "UPDATE traces SET start = min(start, ?2), finish = max(finish, ?3), \
                   spans = spans + ?4, errors = errors + ?5, bytes = bytes + ?6 WHERE id = ?1",
            )?
            .execute([
                self.id,
                self.start,
                self.finish,
                self.spans,
                self.errors,
                self.bytes,
            ])?;
        if let Some(root) = &self.root {
            transaction
                .prepare_cached(
                    "UPDATE traces SET root_rank = ?2, root_start = ?3, name = ?4, service = ?5, \
                       route = ?6, status_code = ?7 \
                     WHERE id = ?1 AND (root_rank, root_start) > (?2, ?3)",
                )?
                .execute(params![
                    self.id,
                    root.rank,
                    root.start,
                    root.name,
                    root.service,
                    root.route,
                    root.status_code,
                ])?;
        }
        transaction
            .prepare_cached(
                "INSERT INTO trace_filters (trace, part, spans, bits) \
                 SELECT id, spans, ?2, ?3 FROM traces WHERE id = ?1",
            )?
            .execute(params![self.id, self.spans, filter])?;
        for (service, spans) in &self.services {
            transaction
                .prepare_cached(
                    "INSERT INTO trace_services (service, trace, spans) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (trace, service) DO UPDATE SET spans = spans + excluded.spans",
                )?
                .execute(params![service, self.id, spans])?;
        }
        Ok(())
    }
}

/// Bytes of all spans in the file.
pub(super) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT coalesce(sum(bytes), 0) FROM traces", [], |row| {
        Ok(row.get::<_, i64>(0)?.unsigned_abs())
    })
}

/// Removes the oldest traces until so many bytes are gone; answers what went, in spans and
/// bytes.
pub(super) fn evict(connection: &mut Connection, wanted: u64) -> rusqlite::Result<(u64, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut spans, mut bytes, mut gone) = (0, 0, Vec::new());
    {
        let mut oldest =
            transaction.prepare("SELECT id, spans, bytes FROM traces ORDER BY start")?;
        let mut rows = oldest.query([])?;
        while bytes < wanted
            && let Some(row) = rows.next()?
        {
            gone.push(row.get::<_, i64>(0)?);
            spans += row.get::<_, i64>(1)?.unsigned_abs();
            bytes += row.get::<_, i64>(2)?.unsigned_abs();
        }
    }
    for id in gone {
        for sql in [
            "DELETE FROM spans WHERE trace = ?1",
            "DELETE FROM trace_services WHERE trace = ?1",
            "DELETE FROM trace_filters WHERE trace = ?1",
            "DELETE FROM traces WHERE id = ?1",
        ] {
            transaction.prepare_cached(sql)?.execute([id])?;
        }
    }
    transaction.commit()?;
    Ok((spans, bytes))
}
