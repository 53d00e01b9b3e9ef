//! The same frames to tungstenite, to compare the results.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::tungstenite(data));
