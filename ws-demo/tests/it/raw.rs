//! A client that sends bare bytes, and can violate the protocol.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use tokio::net::TcpSocket;
use ws_tokio::proto::Role;
use ws_wire::Content;

use crate::process::{Server, TIMEOUT};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;

/// Sends a request and returns all bytes until the server ends the stream.
pub(crate) fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).expect("a stream that takes the request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response to its end");
    response
}

/// A connection to the server.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
    stream
}

/// An upgrade request, with optional further header fields (each with its line end).
pub(crate) fn upgrade(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: demo.example\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// The head of a response.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    String::from_utf8(head).expect("text")
}

/// An open WebSocket after its welcome.
pub(crate) fn open(server: &Server) -> TcpStream {
    let mut stream = connect(server.address);
    stream.write_all(upgrade("/ws", "").as_bytes()).expect("a stream that takes the request");
    assert!(head(&mut stream).starts_with("HTTP/1.1 101 "));
    let (first, welcome) = frame(&mut stream);
    assert_eq!(first, FIN | TEXT);
    assert!(welcome.starts_with(br#"{"type":"welcome","#));
    stream
}

/// A frame of a client.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    ws_wire::frame(Role::Server, first, payload)
}

/// Reads a frame of the server: its first byte and its payload.
pub(crate) fn frame(stream: &mut TcpStream) -> Content {
    ws_wire::read(stream).expect("a frame").into()
}

/// The code and the reason of the next Close frame; pings are skipped.
pub(crate) fn close(stream: &mut TcpStream) -> (u16, String) {
    loop {
        let (first, payload) = frame(stream);
        if first == FIN | PING {
            continue;
        }
        assert_eq!(first, FIN | CLOSE);
        let (code, reason) = payload.split_first_chunk().expect("a code");
        return (u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned());
    }
}

/// An address without a listener, and the socket that reserves it.
pub(crate) fn closed_port() -> (TcpSocket, SocketAddr) {
    let held = TcpSocket::new_v4().expect("a socket");
    held.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = held.local_addr().expect("an address");
    (held, address)
}
