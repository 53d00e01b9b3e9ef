//! Addresses and header fields of the application's.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::request(data));
