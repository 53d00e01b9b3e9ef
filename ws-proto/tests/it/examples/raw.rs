//! A client without the protocol except for a request, so that it can violate it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::pair::wire::{self, Frame};

/// The time limit of a test, far above what a slow machine needs.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// The example of RFC 6455 §1.2.
pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a server");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a socket");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
    stream
}

/// A connection that is open.
pub(crate) fn open(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(REQUEST).expect("a server");
    read_response(&mut stream);
    stream
}

/// Reads the response to the request, and not a byte more.
pub(crate) fn read_response(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a response");
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("text");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
}

/// Reads a frame with this content.
pub(crate) fn expect_frame(stream: &mut TcpStream, first: u8, payload: &[u8]) {
    let expected = wire::frame(ws_proto::Role::Client, first, payload);
    let mut frame = vec![0; expected.len()];
    stream.read_exact(&mut frame).expect("a frame");
    assert!(
        frame == expected,
        "{:02x?} is not {first:02x} with {} bytes",
        &frame[..2],
        payload.len()
    );
}

/// Reads frames until the server ends its direction, which must not be a reset.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<Frame> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the end of the stream");
    wire::parse(&bytes)
}
