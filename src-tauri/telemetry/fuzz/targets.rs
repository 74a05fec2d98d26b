//! What the fuzz targets feed to the decoders of OTLP, and what must hold whatever it is:
//! no panic, an answer within the limits, and the same answer twice.

use benchtop_telemetry::otlp::budget::Budget;
use benchtop_telemetry::otlp::decode::{Compression, Encoding, Fault, Request, Signal, decode};
use benchtop_telemetry::spans::incoming;

/// A target: its name, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 2] = [("protobuf", protobuf), ("json", json)];

/// The bytes are a message, as it is and behind both compressions.
pub fn protobuf(bytes: &[u8]) {
    every_signal(bytes, Encoding::Protobuf);
}

/// The bytes are a text.
pub fn json(bytes: &[u8]) {
    every_signal(bytes, Encoding::Json);
}

fn every_signal(bytes: &[u8], encoding: Encoding) {
    for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
        for compression in [Compression::Identity, Compression::Gzip, Compression::Zstd] {
            once(bytes, compression, encoding, signal);
        }
    }
}

fn once(bytes: &[u8], compression: Compression, encoding: Encoding, signal: Signal) {
    let mut lease = Budget::default().lease();
    match decode(bytes, compression, encoding, signal, &mut lease) {
        Ok(Request::Traces(mut request)) => {
            let all = incoming::count(&request);
            let checked = incoming::check(&mut request);
            assert_eq!(checked.accepted + checked.rejected, all);
            assert_eq!(incoming::count(&request), checked.accepted);
            assert_eq!(checked.rejected > 0, checked.message.is_some());
        }
        Ok(_) => {}
        Err(Fault::Malformed(said) | Fault::TooLarge(said)) => {
            assert!(!said.is_empty(), "a fault says what it is");
        }
        Err(Fault::Busy) => panic!("nobody else has the memory"),
    }
}
