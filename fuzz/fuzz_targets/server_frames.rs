//! Arbitrary bytes as frames from a client.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::server_frames(data));
