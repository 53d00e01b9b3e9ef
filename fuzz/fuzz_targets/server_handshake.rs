//! Requests of the opening handshake.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::server_handshake(data));
