//! Two connected peers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::round_trip(data));
