//! Responses of the opening handshake.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::client_handshake(data));
