//! Responses of SOCKS5 proxies.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::socks5(data));
