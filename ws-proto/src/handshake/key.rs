//! `Sec-WebSocket-Key` and `Sec-WebSocket-Accept` (RFC 6455 §4.1 and §4.2.2).

use alloc::string::String;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::Rng;
use sha1::{Digest as _, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A fresh nonce of 16 bytes in Base64.
pub(super) fn generate(generator: &mut impl Rng) -> String {
    let mut nonce = [0; 16];
    generator.fill_bytes(&mut nonce);
    BASE64_STANDARD.encode(nonce)
}

/// Whether `key` is the Base64 of 16 bytes.
pub(super) fn is_valid(key: &[u8]) -> bool {
    key.len() == 24 && BASE64_STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// The proof that a server has read `key`.
pub(super) fn accept(key: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_rfc_6455() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        assert!(is_valid(b"dGhlIHNhbXBsZSBub25jZQ=="));
        for key in [&b""[..], b"dGhlIHNhbXBsZSBub25jZQ", b"dGhlIHNhbXBsZSBub25jZTE=", b"!!!!"] {
            assert!(!is_valid(key), "{key:?}");
        }
    }
}
