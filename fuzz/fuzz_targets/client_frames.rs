//! Arbitrary bytes as frames from a server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::client_frames(data));
