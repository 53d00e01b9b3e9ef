//! A client without WebSocket support: it writes and reads bytes, and may break off.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use socket2::SockRef;
use ws_futures::Config;
use ws_futures::server::{ServerHandshake, ServerProgress};
use ws_wire::Content;

use crate::TIMEOUT;

/// A WebSocket request.
pub const REQUEST: &str = "GET / HTTP/1.1\r\n\
    Host: localhost\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The server's response, which is the same each time.
pub(crate) const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    prepared(TcpStream::connect(address).expect("a server"))
}

pub(crate) fn prepared(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a socket");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
    stream
}

/// A connection after its handshake.
pub(crate) fn open(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(REQUEST.as_bytes()).expect("open");
    assert_eq!(expect(&mut stream, RESPONSE.len()), RESPONSE.as_bytes());
    stream
}

/// Answers a client's request.
pub(crate) fn accept(stream: &mut TcpStream) {
    let mut handshake = ServerHandshake::new(Config::default());
    let mut response = Vec::new();
    loop {
        let mut byte = expect(stream, 1);
        match handshake.receive(&mut byte.as_mut_slice()).expect("a request") {
            ServerProgress::NeedsInput(unfinished) => handshake = unfinished,
            ServerProgress::Request(request) => {
                drop(request.accept().respond(&mut response));
                return stream.write_all(&response).expect("open");
            }
        }
    }
}

/// Reads this number of bytes.
pub(crate) fn expect(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).expect("this number of bytes");
    bytes
}

/// Reads all bytes until the server ends the stream, without a reset.
pub(crate) fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an end, no reset");
    bytes
}

/// Breaks the connection off, so that the other side receives an error.
pub(crate) fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).expect("a socket");
}

/// Ends one direction of the stream.
pub(crate) fn half_close(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)
}

/// Reads the next frame: its first byte and its payload.
pub(crate) fn read_frame(stream: &mut TcpStream) -> Content {
    ws_wire::read(stream).expect("a frame").into()
}
