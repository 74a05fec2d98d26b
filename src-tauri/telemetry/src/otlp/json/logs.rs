//! Logs in JSON.

use super::field::{Object, Read, resource, scope};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

pub(super) fn request(object: Object<'_>) -> Read<ExportLogsServiceRequest> {
    Ok(ExportLogsServiceRequest {
        resource_logs: object.list("resourceLogs", |one| {
            Ok(ResourceLogs {
                resource: one.object("resource", resource)?,
                scope_logs: one.list("scopeLogs", scope_logs)?,
                schema_url: one.text("schemaUrl")?,
            })
        })?,
    })
}

fn scope_logs(object: Object<'_>) -> Read<ScopeLogs> {
    Ok(ScopeLogs {
        scope: object.object("scope", scope)?,
        log_records: object.list("logRecords", record)?,
        schema_url: object.text("schemaUrl")?,
    })
}

fn record(object: Object<'_>) -> Read<LogRecord> {
    Ok(LogRecord {
        time_unix_nano: object.unsigned("timeUnixNano")?,
        observed_time_unix_nano: object.unsigned("observedTimeUnixNano")?,
        severity_number: object.choice("severityNumber")?,
        severity_text: object.text("severityText")?,
        body: object.any("body")?,
        attributes: object.attributes("attributes")?,
        dropped_attributes_count: object.small("droppedAttributesCount")?,
        flags: object.small("flags")?,
        trace_id: object.id("traceId")?,
        span_id: object.id("spanId")?,
        event_name: object.text("eventName")?,
    })
}
