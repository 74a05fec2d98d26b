//! Traces in JSON.

use super::field::{Object, Read, resource, scope};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

pub(super) fn request(object: Object<'_>) -> Read<ExportTraceServiceRequest> {
    Ok(ExportTraceServiceRequest {
        resource_spans: object.list("resourceSpans", |one| {
            Ok(ResourceSpans {
                resource: one.object("resource", resource)?,
                scope_spans: one.list("scopeSpans", scope_spans)?,
                schema_url: one.text("schemaUrl")?,
            })
        })?,
    })
}

fn scope_spans(object: Object<'_>) -> Read<ScopeSpans> {
    Ok(ScopeSpans {
        scope: object.object("scope", scope)?,
        spans: object.list("spans", span)?,
        schema_url: object.text("schemaUrl")?,
    })
}

fn span(object: Object<'_>) -> Read<Span> {
    Ok(Span {
        trace_id: object.id("traceId")?,
        span_id: object.id("spanId")?,
        trace_state: object.text("traceState")?,
        parent_span_id: object.id("parentSpanId")?,
        flags: object.small("flags")?,
        name: object.text("name")?,
        kind: object.choice("kind")?,
        start_time_unix_nano: object.unsigned("startTimeUnixNano")?,
        end_time_unix_nano: object.unsigned("endTimeUnixNano")?,
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
        events: object.list("events", event)?,
        dropped_events_count: object.small("droppedEventsCount")?,
        links: object.list("links", link)?,
        dropped_links_count: object.small("droppedLinksCount")?,
        status: object.object("status", |status| {
            Ok(Status {
                message: status.text("message")?,
                code: status.choice("code")?,
            })
        })?,
    })
}

fn event(object: Object<'_>) -> Read<Event> {
    Ok(Event {
        time_unix_nano: object.unsigned("timeUnixNano")?,
        name: object.text("name")?,
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
    })
}

fn link(object: Object<'_>) -> Read<Link> {
    Ok(Link {
        trace_id: object.id("traceId")?,
        span_id: object.id("spanId")?,
        trace_state: object.text("traceState")?,
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
        flags: object.small("flags")?,
    })
}
