//! The bytes are a request of OTLP in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchtop_telemetry_fuzz::json(bytes));
