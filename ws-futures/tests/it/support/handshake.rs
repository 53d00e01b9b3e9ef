//! Opening handshakes, written by hand.

use ws_futures::Config;
use ws_futures::client::ClientRequest;

/// The request of RFC 6455 §1.3.
pub(crate) const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The `Sec-WebSocket-Accept` for its key.
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The response to the request of a client with this seed.
pub(crate) fn response(seed: [u8; 32]) -> String {
    response_with(seed, "")
}

/// The same with further header fields.
pub(crate) fn response_with(seed: [u8; 32], fields: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{fields}\r\n",
        accept(seed)
    )
}

/// The `Sec-WebSocket-Accept` for the key that is generated from this seed. The core computes it
/// here; its own tests check it.
fn accept(seed: [u8; 32]) -> String {
    let mut request = Vec::new();
    ClientRequest::new("example.com", "/")
        .send(Config::default(), seed, &mut request)
        .expect("a valid request");
    let mut response = Vec::new();
    let handshake = ws_futures::server::ServerHandshake::new(Config::default());
    match handshake.receive(&mut request.as_mut_slice()) {
        Ok(ws_futures::server::ServerProgress::Request(request)) => {
            drop(request.accept().respond(&mut response));
        }
        other => panic!("{other:?}"),
    }
    let response = String::from_utf8(response).expect("ASCII");
    let value = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: "));
    value.expect("the field").into()
}
