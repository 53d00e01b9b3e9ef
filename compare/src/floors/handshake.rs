//! The least handshake of a server: it trusts the request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest as _, Sha1};

/// Returns the response to a complete request; `None` if `head` is incomplete.
pub(super) fn response(head: &[u8]) -> Option<Vec<u8>> {
    if !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    let key = head.split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(18)?;
        name.eq_ignore_ascii_case(b"sec-websocket-key:").then(|| value.trim_ascii())
    })?;
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = BASE64_STANDARD.encode(hash.finalize());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some(response.into_bytes())
}
