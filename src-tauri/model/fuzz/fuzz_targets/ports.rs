//! See `benchtop_model_fuzz::ports`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchtop_model_fuzz::ports(bytes));
