//! Compressed payloads from a peer, or what claims to be.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::inflate(data));
