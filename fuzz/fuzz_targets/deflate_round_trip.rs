//! Two connected peers with compression.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::deflate_round_trip(data));
