//! From the bytes of a request to its message, within limits.

use super::budget::Lease;
use super::json;
use super::limits::{self, Excess, Kind, MOST_BYTES, MOST_MEMORY};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::io::{BufRead as _, BufReader, Read};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Protocol buffers.
    Protobuf,
    /// JSON as the specification of OTLP has it.
    Json,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Points.
    Metrics,
    /// Log records.
    Logs,
}

/// A decoded request.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "named as the signals")]
pub enum Request {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

/// Why a body is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is wrong: sending it again will not help.
    Malformed(String),
    /// It is too large: sending it again will not help.
    TooLarge(String),
    /// There is no memory for it at the moment.
    Busy,
}

impl Compression {
    /// By its name in `Content-Encoding` or `grpc-encoding`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Decompresses and decodes. `lease` has what the body takes already, and grows.
///
/// # Errors
/// Why it is no request.
pub fn decode(
    body: &[u8],
    compression: Compression,
    encoding: Encoding,
    signal: Signal,
    lease: &mut Lease,
) -> Result<Request, Fault> {
    let unpacked = decompress(body, compression, lease)?;
    let bytes = unpacked.as_deref().unwrap_or(body);
    match encoding {
        Encoding::Protobuf => protobuf(bytes, signal, lease),
        Encoding::Json => {
            let weight = limits::weigh_json(bytes, MOST_MEMORY).map_err(excess)?;
            lease.grow(weight).map_err(|_| Fault::Busy)?;
            json::decode(bytes, signal).map_err(Fault::Malformed)
        }
    }
}

fn protobuf(bytes: &[u8], signal: Signal, lease: &mut Lease) -> Result<Request, Fault> {
    let kind = match signal {
        Signal::Traces => Kind::Traces,
        Signal::Metrics => Kind::Metrics,
        Signal::Logs => Kind::Logs,
    };
    let weight = limits::weigh(bytes, kind, MOST_MEMORY).map_err(excess)?;
    lease.grow(weight).map_err(|_| Fault::Busy)?;
    let decoded = match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(bytes).map(Request::Traces),
        Signal::Metrics => ExportMetricsServiceRequest::decode(bytes).map(Request::Metrics),
        Signal::Logs => ExportLogsServiceRequest::decode(bytes).map(Request::Logs),
    };
    decoded.map_err(|error| Fault::Malformed(error.to_string()))
}

/// The bytes behind a compression; `None` where there is none.
fn decompress(
    body: &[u8],
    compression: Compression,
    lease: &mut Lease,
) -> Result<Option<Vec<u8>>, Fault> {
    match compression {
        Compression::Identity => Ok(None),
        Compression::Gzip => read(flate2::read::MultiGzDecoder::new(body), lease).map(Some),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(body).map_err(malformed)?;
            // 8 MiB, so that no frame asks for gigabytes at once.
            decoder.window_log_max(23).map_err(malformed)?;
            read(decoder, lease).map(Some)
        }
    }
}

fn read(source: impl Read, lease: &mut Lease) -> Result<Vec<u8>, Fault> {
    let mut source = BufReader::with_capacity(64 << 10, source);
    let mut bytes = Vec::new();
    loop {
        let chunk = source.fill_buf().map_err(malformed)?;
        let length = chunk.len();
        if length == 0 {
            return Ok(bytes);
        }
        if bytes.len() + length > MOST_BYTES {
            return Err(too_many_bytes());
        }
        lease.grow(length).map_err(|_| Fault::Busy)?;
        bytes.extend_from_slice(chunk);
        source.consume(length);
    }
}

/// The message is larger than the limit.
pub(super) fn too_many_bytes() -> Fault {
    Fault::TooLarge(format!(
        "the message is larger than {} MiB; send fewer items at a time",
        MOST_BYTES >> 20
    ))
}

fn malformed(error: std::io::Error) -> Fault {
    Fault::Malformed(format!("the body cannot be decompressed: {error}"))
}

fn excess(excess: Excess) -> Fault {
    match excess {
        Excess::Memory => {
            Fault::TooLarge("the message has too many items; send fewer at a time".to_owned())
        }
        Excess::Depth => Fault::TooLarge("values are nested too deeply".to_owned()),
        Excess::Malformed => Fault::Malformed("the message is no valid protobuf".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::budget::Budget;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn fault(body: &[u8], compression: Compression) -> Fault {
        let mut lease = Budget::default().lease();
        decode(
            body,
            compression,
            Encoding::Protobuf,
            Signal::Traces,
            &mut lease,
        )
        .expect_err("no request")
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let zeros = vec![0; MOST_BYTES + 1];
        assert!(matches!(
            fault(&gzip(&zeros), Compression::Gzip),
            Fault::TooLarge(_)
        ));
        let packed = zstd::bulk::compress(&zeros, 1).expect("memory");
        assert!(matches!(
            fault(&packed, Compression::Zstd),
            Fault::TooLarge(_)
        ));
    }

    #[test]
    fn a_bomb_takes_no_more_than_there_is() {
        let body = gzip(&vec![0; 8 << 20]);
        let mut lease = Budget::new(1 << 20, 4 << 20).lease();
        let decoded = decode(
            &body,
            Compression::Gzip,
            Encoding::Protobuf,
            Signal::Logs,
            &mut lease,
        );
        assert_eq!(decoded, Err(Fault::Busy));
    }

    #[test]
    fn what_is_not_compressed_so_is_malformed() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            assert!(matches!(fault(b"hello", compression), Fault::Malformed(_)));
        }
        assert!(matches!(
            fault(b"\xff", Compression::Identity),
            Fault::Malformed(_)
        ));
    }

    #[test]
    fn nothing_at_all_is_an_empty_request() {
        let mut lease = Budget::default().lease();
        let empty = decode(
            b"",
            Compression::Identity,
            Encoding::Protobuf,
            Signal::Traces,
            &mut lease,
        );
        assert_eq!(
            empty,
            Ok(Request::Traces(ExportTraceServiceRequest::default()))
        );
        let empty = decode(
            &gzip(b"{}"),
            Compression::Gzip,
            Encoding::Json,
            Signal::Logs,
            &mut lease,
        );
        assert_eq!(
            empty,
            Ok(Request::Logs(ExportLogsServiceRequest::default()))
        );
    }
}
