//! The same frames to another implementation.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::tungstenite(data));
