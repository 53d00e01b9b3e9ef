//! `Sec-WebSocket-Key` and `Sec-WebSocket-Accept` (RFC 6455 §4.1 and §4.2.2).

use alloc::string::String;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::Rng;
use sha1::{Digest as _, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Generates a `Sec-WebSocket-Key`: 16 random bytes in Base64.
pub(super) fn generate(generator: &mut impl Rng) -> String {
    let mut bytes = [0; 16];
    generator.fill_bytes(&mut bytes);
    BASE64_STANDARD.encode(bytes)
}

/// Whether `key` has the form of 16 bytes in Base64: 22 characters of the alphabet and the padding.
/// The last character has four bits that mean nothing, and they need not be zero: a server does not
/// decode the key (RFC 6455 §4.2.2), and the example of §4.1 has such bits.
pub(super) fn is_valid(key: &[u8]) -> bool {
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key.strip_suffix(b"==") {
        Some(characters) => characters.len() == 22 && characters.iter().all(in_alphabet),
        None => false,
    }
}

/// The `Sec-WebSocket-Accept` for `key`.
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
    fn a_key_is_22_characters_and_its_padding() {
        // The second one is the example of RFC 6455 §4.1.
        for key in
            ["dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==", "++//++//++//++//++//+/=="]
        {
            assert!(is_valid(key.as_bytes()), "{key}");
        }
        for key in [
            "",
            "==",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZTE=",
            "dGhlIHNhbXBsZSBub25jZ==",
            "dGhlIHNhbXBsZSBub25jZQA==",
            "dGhlIHNhbXBsZSBub25jZ===",
            "dGhlIHNhbXBsZSBub25jZ-==",
            "dGhlIHNhbXBsZSBub25jZ_==",
            "dGhlIHNhbXBsZSBub25jZ ==",
        ] {
            assert!(!is_valid(key.as_bytes()), "{key}");
        }
    }
}
