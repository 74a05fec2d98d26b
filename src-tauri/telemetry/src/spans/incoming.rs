//! Spans as they come in: what of a request is wrong, and how much there is of it.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;

/// What became of the spans of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Spans that stayed in the request.
    pub accepted: u64,
    /// Spans that were taken out of it.
    pub rejected: u64,
    /// Why the first of them was, one sentence.
    pub message: Option<String>,
}

/// Takes out of the request what the specification calls invalid: ids of the wrong
/// length, or of zeros alone.
pub fn check(request: &mut ExportTraceServiceRequest) -> Checked {
    let mut checked = Checked::default();
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|one| &mut one.scope_spans);
    for scope in scopes {
        scope.spans.retain(|span| {
            let fault = fault(span);
            match &fault {
                None => checked.accepted += 1,
                Some(_) => checked.rejected += 1,
            }
            if checked.message.is_none() {
                checked.message = fault.map(str::to_owned);
            }
            fault.is_none()
        });
    }
    checked
}

fn fault(span: &Span) -> Option<&'static str> {
    let is_id = |bytes: &[u8], length| bytes.len() == length && bytes.iter().any(|b| *b != 0);
    match () {
        () if !is_id(&span.trace_id, 16) => {
            Some("a trace id must have 16 bytes and not only zeros; send the span with a valid one")
        }
        () if !is_id(&span.span_id, 8) => {
            Some("a span id must have 8 bytes and not only zeros; send the span with a valid one")
        }
        () if !matches!(span.parent_span_id.len(), 0 | 8) => {
            Some("the id of a parent must have 8 bytes, or none; send the span with a valid one")
        }
        () => None,
    }
}

/// How many spans the request has.
#[must_use]
pub fn count(request: &ExportTraceServiceRequest) -> u64 {
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|one| &one.scope_spans);
    scopes.map(|scope| scope.spans.len() as u64).sum()
}

/// The id as a number.
pub(super) fn id(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

/// The parent; zeros are none, as some senders write it.
pub(super) fn parent(span: &Span) -> Option<u64> {
    Some(id(&span.parent_span_id)).filter(|id| *id != 0)
}

/// When it began, and how long it took. A clock that was set back while it lasted gives a
/// length of 0.
pub(super) fn times(span: &Span) -> (i64, i64) {
    let at = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let (start, end) = (at(span.start_time_unix_nano), at(span.end_time_unix_nano));
    (start, (end - start).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

    fn span(trace: usize, id: usize, parent: usize) -> Span {
        Span {
            trace_id: vec![1; trace],
            span_id: vec![1; id],
            parent_span_id: vec![1; parent],
            ..Span::default()
        }
    }

    #[test]
    fn spans_with_wrong_ids_are_taken_out_and_the_others_stay() {
        let zeros = Span {
            span_id: vec![0; 8],
            ..span(16, 8, 0)
        };
        let spans = vec![
            span(16, 8, 0),
            span(16, 8, 8),
            span(0, 8, 0),
            span(16, 7, 0),
            span(16, 8, 3),
            zeros,
        ];
        let mut request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![ScopeSpans {
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let checked = check(&mut request);
        assert_eq!((checked.accepted, checked.rejected), (2, 4));
        assert_eq!(count(&request), 2);
        assert!(
            checked
                .message
                .is_some_and(|text| text.contains("trace id"))
        );
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_negative_length() {
        let span = Span {
            start_time_unix_nano: 5,
            end_time_unix_nano: 3,
            ..Span::default()
        };
        assert_eq!(times(&span), (5, 0));
    }
}
