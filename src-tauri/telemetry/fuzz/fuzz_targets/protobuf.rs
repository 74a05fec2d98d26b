//! The bytes are a request of OTLP in protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchtop_telemetry_fuzz::protobuf(bytes));
