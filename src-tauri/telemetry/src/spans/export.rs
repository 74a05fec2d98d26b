//! Makes requests of stored spans again: what was received, without what was received twice.

use super::read::{COLUMNS, Shared, Stored};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;
use rusqlite::Connection;
use std::collections::HashMap;
use std::io;

/// Spans of one request.
const AT_ONCE: usize = 1000;

/// Hands over all spans; answers how many there were.
pub(super) fn export(
    connection: &Connection,
    each: &mut dyn FnMut(ExportTraceServiceRequest) -> io::Result<()>,
) -> io::Result<u64> {
    let mut all = 0;
    read(connection, &mut |spans| {
        all += spans.len() as u64;
        each(group(connection, spans)?)
    })?;
    Ok(all)
}

fn read(
    connection: &Connection,
    each: &mut dyn FnMut(Vec<(Vec<u8>, Stored)>) -> io::Result<()>,
) -> io::Result<()> {
    let wrap = |error: rusqlite::Error| io::Error::other(error);
    let columns = COLUMNS
        .replace("id, parent", "s.id, parent")
        .replace("name,", "s.name,");
    let columns = columns.replace("start,", "s.start,");
    let sql = format!(
        "SELECT t.trace_id, {columns} FROM spans s JOIN traces t ON t.id = s.trace ORDER BY s.trace"
    );
    let mut statement = connection.prepare(&sql).map_err(wrap)?;
    let mut rows = statement.query([]).map_err(wrap)?;
    let mut batch = Vec::with_capacity(AT_ONCE);
    while let Some(row) = rows.next().map_err(wrap)? {
        let trace = row.get(0).map_err(wrap)?;
        batch.push((trace, Stored::from_row(row, 1).map_err(wrap)?));
        if batch.len() == AT_ONCE {
            each(std::mem::take(&mut batch))?;
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    each(batch)
}

fn group(
    connection: &Connection,
    spans: Vec<(Vec<u8>, Stored)>,
) -> io::Result<ExportTraceServiceRequest> {
    let mut shared = Shared::new(connection);
    let mut groups: HashMap<(i64, i64), Vec<Span>> = HashMap::new();
    for (trace, stored) in spans {
        let key = (stored.resource, stored.scope);
        let span = span(&mut shared, trace, stored).map_err(io::Error::other)?;
        groups.entry(key).or_default().push(span);
    }
    let resource_spans = groups.into_iter().map(|((resource, scope), spans)| {
        let body = |table: &str, id: i64| -> Vec<u8> {
            let sql = format!("SELECT body FROM {table} WHERE id = ?1");
            // What is missing is nothing worse than a resource without a name.
            connection
                .query_row(&sql, [id], |row| row.get(0))
                .unwrap_or_default()
        };
        let scope = body("span_scopes", scope);
        ResourceSpans {
            resource: Resource::decode(&body("span_resources", resource)[..]).ok(),
            scope_spans: vec![ScopeSpans {
                scope: InstrumentationScope::decode(&scope[..]).ok(),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }
    });
    Ok(ExportTraceServiceRequest {
        resource_spans: resource_spans.collect(),
    })
}

/// The span as it was received.
fn span(shared: &mut Shared<'_>, trace_id: Vec<u8>, stored: Stored) -> rusqlite::Result<Span> {
    let extra = stored
        .extra
        .as_deref()
        .map(Span::decode)
        .and_then(Result::ok);
    let extra = extra.unwrap_or_default();
    let start = stored.start.unsigned_abs();
    let number = |value: i64| i32::try_from(value).unwrap_or_default();
    let status = Status {
        message: stored.message.unwrap_or_default(),
        code: number(stored.status),
    };
    Ok(Span {
        trace_id,
        span_id: stored.id.to_be_bytes().to_vec(),
        parent_span_id: stored
            .parent
            .map_or_else(Vec::new, |id| id.to_be_bytes().to_vec()),
        name: shared.name(stored.name)?,
        kind: number(stored.kind),
        start_time_unix_nano: start,
        end_time_unix_nano: start.saturating_add(stored.duration.unsigned_abs()),
        attributes: shared.attributes(&stored.attributes, &extra.attributes)?,
        status: (status != Status::default()).then_some(status),
        ..extra
    })
}
