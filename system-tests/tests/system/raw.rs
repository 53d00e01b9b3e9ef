//! Connections on which any bytes can be sent.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::http;

/// The time limit for a peer on the same machine to answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a socket");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
    stream
}

/// A WebSocket request to a server, which may compare `Host` with its address.
pub(crate) fn request(address: SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// The head of a response, or `None` if the peer has closed or reset the connection.
pub(crate) fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read_exact(&mut byte) {
            Ok(()) => head.extend(byte),
            Err(error) if is_end(&error) => return None,
            Err(error) => panic!("no response: {error}"),
        }
    }
    Some(String::from_utf8(head).expect("text"))
}

/// A connection after its handshake.
pub(crate) fn open(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(request(address, "/").as_bytes()).expect("a request");
    let head = head(&mut stream).expect("a response");
    assert_eq!(http::status(&head), 101, "{head}");
    stream
}

/// Reads, and discards, until the peer ends the connection.
pub(crate) fn read_to_end(stream: &mut TcpStream) {
    match io::copy(stream, &mut io::sink()) {
        Err(error) if !is_end(&error) => panic!("the connection was not ended: {error}"),
        _ => {}
    }
}

/// Whether the peer ends the connection within this time.
pub(crate) fn ends_within(stream: &mut TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).expect("a socket");
    match stream.read(&mut [0; 16 * 1024]) {
        Ok(count) => count == 0,
        Err(error) => is_end(&error),
    }
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}
