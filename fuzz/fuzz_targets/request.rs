//! URIs and header fields from the application.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::request(data));
