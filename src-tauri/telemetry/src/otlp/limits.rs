//! How much memory a message will take, told from its bytes before it is decoded.
//!
//! A limit on bytes alone does not protect: an empty span is two bytes on the wire and 264
//! in memory, so that 64 MiB would become 8.9 GB. This walks over the fields of a message
//! without keeping anything, and counts.

use prost::bytes::Buf as _;

/// The largest message after decompression, in bytes: what the specification recommends.
pub const MOST_BYTES: usize = 64 << 20;

/// What a message may take in memory once it is decoded, in bytes.
pub const MOST_MEMORY: usize = 160 << 20;

/// How deep messages may lie in each other; the decoder's own limit is 100.
const DEEPEST: usize = 64;

/// Why a message is not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// It would take more memory than there is for it.
    Memory,
    /// It is nested too deeply.
    Depth,
    /// It is no message at all.
    Malformed,
}

/// The messages of OTLP, as far as they contain others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ExportTraceServiceRequest`.
    Traces,
    /// `ExportMetricsServiceRequest`.
    Metrics,
    /// `ExportLogsServiceRequest`.
    Logs,
    /// One of its parts.
    Part(Part),
}

/// Parts of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the protocol")]
pub enum Part {
    ResourceSpans,
    ResourceMetrics,
    ResourceLogs,
    Resource,
    EntityRef,
    Scope,
    ScopeSpans,
    ScopeMetrics,
    ScopeLogs,
    Span,
    Event,
    Link,
    Status,
    LogRecord,
    KeyValue,
    AnyValue,
    Array,
    Map,
    Metric,
    Numbers,
    Histograms,
    Exponentials,
    Summaries,
    Number,
    Histogram,
    Exponential,
    Buckets,
    Summary,
    Quantile,
    Exemplar,
    /// Text, bytes or packed numbers: each byte becomes so many.
    Bytes(usize),
}

use Part::*;

impl Kind {
    /// What one takes in memory, in bytes, apart from what it contains. Sizes of the
    /// generated structs, rounded up; vectors grow by doubling, hence the factor.
    fn weight(self) -> usize {
        match self {
            Self::Traces | Self::Metrics | Self::Logs => 64,
            Self::Part(part) => match part {
                Span => 2 * 280,
                LogRecord => 2 * 200,
                Metric | Exponential => 2 * 320,
                Number | Histogram | Summary | Exemplar => 2 * 200,
                Event | Link => 2 * 120,
                KeyValue | AnyValue | Quantile => 2 * 64,
                Bytes(_) => 0,
                _ => 2 * 160,
            },
        }
    }

    /// What lies in a field; `None` for what takes nothing worth counting.
    fn child(self, field: u32) -> Option<Part> {
        match self {
            Self::Traces => (field == 1).then_some(ResourceSpans),
            Self::Metrics => (field == 1).then_some(ResourceMetrics),
            Self::Logs => (field == 1).then_some(ResourceLogs),
            Self::Part(part) => part.child(field),
        }
    }
}

impl Part {
    fn child(self, field: u32) -> Option<Self> {
        Some(match (self, field) {
            (ResourceSpans | ResourceMetrics | ResourceLogs, 1) => Resource,
            (ResourceSpans, 2) => ScopeSpans,
            (ResourceMetrics, 2) => ScopeMetrics,
            (ResourceLogs, 2) => ScopeLogs,
            (Resource, 1) | (Scope, 3) | (Span, 9) | (Event, 3) | (Link, 4) => KeyValue,
            (Resource, 3) => EntityRef,
            (ScopeSpans | ScopeMetrics | ScopeLogs, 1) => Scope,
            (ScopeSpans, 2) => Span,
            (ScopeMetrics, 2) => Metric,
            (ScopeLogs, 2) => LogRecord,
            (Span, 11) => Event,
            (Span, 13) => Link,
            (Span, 15) => Status,
            (LogRecord, 5) | (KeyValue, 2) | (Array, 1) => AnyValue,
            (LogRecord, 6) | (Map, 1) => KeyValue,
            (AnyValue, 5) => Array,
            (AnyValue, 6) => Map,
            (Metric, 5 | 7) => Numbers,
            (Metric, 9) => Histograms,
            (Metric, 10) => Exponentials,
            (Metric, 11) => Summaries,
            (Metric, 12) => KeyValue,
            (Numbers, 1) => Number,
            (Histograms, 1) => Histogram,
            (Exponentials, 1) => Exponential,
            (Summaries, 1) => Summary,
            (Number | Summary, 7) | (Histogram, 9) | (Exponential, 1) => KeyValue,
            (Number, 5) | (Histogram, 8) | (Exponential, 11) => Exemplar,
            (Exponential, 8 | 9) => Buckets,
            (Summary, 6) => Quantile,
            (Exemplar, 7) => KeyValue,
            // A packed varint of one byte becomes eight.
            (Buckets, 2) => Bytes(8),
            _ => Bytes(1),
        })
    }
}

/// What the message will take in memory.
///
/// # Errors
/// Where it is more than `most`, or the bytes are no message.
pub fn weigh(bytes: &[u8], kind: Kind, most: usize) -> Result<usize, Excess> {
    let mut scale = Scale { most, weight: 0 };
    scale.message(bytes, kind, 0)?;
    Ok(scale.weight)
}

struct Scale {
    most: usize,
    weight: usize,
}

impl Scale {
    fn add(&mut self, bytes: usize) -> Result<(), Excess> {
        self.weight = self.weight.saturating_add(bytes);
        if self.weight > self.most {
            return Err(Excess::Memory);
        }
        Ok(())
    }

    fn message(&mut self, mut bytes: &[u8], kind: Kind, depth: usize) -> Result<(), Excess> {
        if depth > DEEPEST {
            return Err(Excess::Depth);
        }
        self.add(kind.weight())?;
        while !bytes.is_empty() {
            let key = varint(&mut bytes)?;
            let field = u32::try_from(key >> 3).map_err(|_| Excess::Malformed)?;
            match key & 7 {
                0 => _ = varint(&mut bytes)?,
                1 => skip(&mut bytes, 8)?,
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?);
                    let length = length.map_err(|_| Excess::Malformed)?;
                    let inner = bytes.get(..length).ok_or(Excess::Malformed)?;
                    match kind.child(field) {
                        Some(Bytes(factor)) => self.add(length.saturating_mul(factor))?,
                        Some(part) => self.message(inner, Kind::Part(part), depth + 1)?,
                        None => {}
                    }
                    bytes.advance(length);
                }
                // Unpacked numbers of a list: eight bytes each.
                5 => skip(&mut bytes, 4)?,
                _ => return Err(Excess::Malformed),
            }
            if matches!(key & 7, 0 | 1) {
                self.add(8)?;
            }
        }
        Ok(())
    }
}

fn skip(bytes: &mut &[u8], count: usize) -> Result<(), Excess> {
    *bytes = bytes.get(count..).ok_or(Excess::Malformed)?;
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Excess> {
    prost::encoding::decode_varint(bytes).map_err(|_| Excess::Malformed)
}

/// What a JSON text will take in memory as a tree and as a message, at the most: each
/// value, and each byte of text.
///
/// # Errors
/// Where it is more than `most`.
pub fn weigh_json(bytes: &[u8], most: usize) -> Result<usize, Excess> {
    /// A value of the tree with its name, and what the message has for it.
    const VALUE: usize = 160;
    let (mut inside, mut escaped, mut values) = (false, false, 0_usize);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b',' | b'{' | b'[' if !inside => values += 1,
            _ => {}
        }
    }
    let weight = values.saturating_mul(VALUE).saturating_add(bytes.len());
    if weight > most {
        return Err(Excess::Memory);
    }
    Ok(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
    use opentelemetry_proto::tonic::trace::v1::{self, ResourceSpans};
    use prost::Message as _;

    fn with(span: v1::Span) -> Vec<u8> {
        let scope = v1::ScopeSpans {
            spans: vec![span],
            ..Default::default()
        };
        let resource = ResourceSpans {
            scope_spans: vec![scope],
            ..Default::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![resource],
        }
        .encode_to_vec()
    }

    #[test]
    fn empty_spans_weigh_what_they_take_and_not_two_bytes() {
        // resource_spans { scope_spans { 12 00 repeated } }
        let spans = [0x12, 0x00].repeat(100_000);
        let wrap = |tag: u8, inner: Vec<u8>| {
            let mut outer = vec![tag];
            prost::encoding::encode_varint(inner.len() as u64, &mut outer);
            outer.extend(inner);
            outer
        };
        let bytes = wrap(0x0a, wrap(0x12, spans));
        let weight = weigh(&bytes, Kind::Traces, usize::MAX).expect("a message");
        assert!(weight >= 100_000 * size_of::<v1::Span>(), "{weight}");
        assert_eq!(weigh(&bytes, Kind::Traces, 20 << 20), Err(Excess::Memory));
        let decoded = ExportTraceServiceRequest::decode(&bytes[..]).expect("a message");
        assert_eq!(
            decoded.resource_spans[0].scope_spans[0].spans.len(),
            100_000
        );
    }

    #[test]
    fn an_ordinary_message_weighs_a_few_times_its_size() {
        let span = v1::Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: "x".repeat(1000),
            ..Default::default()
        };
        let bytes = with(span);
        let weight = weigh(&bytes, Kind::Traces, usize::MAX).expect("a message");
        assert!(weight > bytes.len() && weight < 4 * bytes.len(), "{weight}");
    }

    #[test]
    fn values_inside_of_values_have_an_end() {
        let mut value = AnyValue::default();
        for _ in 0..40 {
            value = AnyValue {
                value: Some(Value::ArrayValue(ArrayValue {
                    values: vec![value],
                })),
            };
        }
        let pair = opentelemetry_proto::tonic::common::v1::KeyValue {
            key: "deep".into(),
            value: Some(value),
            ..Default::default()
        };
        let bytes = with(v1::Span {
            attributes: vec![pair],
            ..Default::default()
        });
        assert_eq!(weigh(&bytes, Kind::Traces, usize::MAX), Err(Excess::Depth));
    }

    #[test]
    fn what_is_cut_is_no_message() {
        let bytes = with(v1::Span {
            name: "name".into(),
            ..Default::default()
        });
        for length in 1..bytes.len() {
            let weighed = weigh(&bytes[..length], Kind::Traces, usize::MAX);
            assert_eq!(weighed, Err(Excess::Malformed), "{length} bytes");
        }
        assert_eq!(weigh(&[0x0f], Kind::Traces, 100), Err(Excess::Malformed));
    }

    #[test]
    fn commas_in_texts_are_no_values() {
        let text = br#"{"a":"x,y,[{\",","b":[1,2]}"#;
        assert_eq!(weigh_json(text, usize::MAX), Ok(160 * 4 + text.len()));
        assert_eq!(weigh_json(&b"[".repeat(1000), 1000), Err(Excess::Memory));
    }
}
