//! HTTP/2 frames, written and read by hand, so that a test decides what arrives together.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_tokio::proto::Role;

/// The only stream of these connections.
const STREAM: u32 = 1;

/// The number of bytes that a stream may send before more is granted (RFC 9113 §6.9.2).
pub(crate) const WINDOW: usize = 65_535;

/// RFC 9113 §6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// RFC 9113 §7.
pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const CANCEL: u32 = 8;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 §3).
const EXTENDED_CONNECT: [u8; 6] = [0, 8, 0, 0, 0, 1];

/// One side of a connection.
pub(crate) struct RawH2(TcpStream);

impl RawH2 {
    /// A server that has received a request and has not answered it yet.
    pub(crate) async fn server(stream: TcpStream) -> Self {
        let mut server = Self::new(stream);
        let mut preface = [0; PREFACE.len()];
        server.0.read_exact(&mut preface).await.expect("a preface");
        assert_eq!(preface, PREFACE);
        server.write(&http2_frame(SETTINGS, 0, 0, &EXTENDED_CONNECT)).await;
        server.read_until(HEADERS).await;
        server
    }

    /// A client whose WebSocket is open, for the path `/`.
    pub(crate) async fn client(stream: TcpStream) -> Self {
        let mut client = Self::new(stream);
        let mut fields = vec![0x86, 0x84];
        for (name, value) in [
            (":method", "CONNECT"),
            (":authority", "localhost"),
            (":protocol", "websocket"),
            ("sec-websocket-version", "13"),
        ] {
            fields.extend(field(name, value));
        }
        client.write(PREFACE).await;
        client.write(&http2_frame(SETTINGS, 0, 0, &[])).await;
        client.write(&http2_frame(HEADERS, END_HEADERS, STREAM, &fields)).await;
        client.read_until(HEADERS).await;
        client
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket");
        Self(stream)
    }

    pub(crate) async fn write(&mut self, frames: &[u8]) {
        self.0.write_all(frames).await.expect("open");
    }

    /// Reads `len` bytes of the stream, and grants no more than the first [`WINDOW`].
    pub(crate) async fn data(&mut self, len: usize) {
        let mut received = 0;
        while received < len {
            let (kind, payload) = self.read().await.expect("open");
            received += if kind == DATA { payload.len() } else { 0 };
        }
    }

    /// Reads up to the end of the connection.
    pub(crate) async fn end(mut self) {
        self.0.shutdown().await.expect("open");
        self.end_of_peer().await;
    }

    /// Reads until the other side ends the connection.
    pub(crate) async fn end_of_peer(&mut self) {
        while self.read().await.is_some() {}
    }

    async fn read_until(&mut self, kind: u8) {
        while self.read().await.expect("open").0 != kind {}
    }

    /// The type of the next frame, and its payload; `None` at the end.
    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 9];
        self.0.read_exact(&mut header).await.ok()?;
        let [a, b, c, kind, flags, ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        if kind == SETTINGS && flags & ACK == 0 {
            let _ = self.0.write_all(&http2_frame(SETTINGS, ACK, 0, &[])).await;
        }
        Some((kind, payload))
    }
}

/// A response with the status 200.
pub(crate) fn ok() -> Vec<u8> {
    ok_with(&[])
}

/// The same with header fields.
pub(crate) fn ok_with(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|(name, value)| field(name, value));
    let block: Vec<_> = [0x88].into_iter().chain(fields).collect();
    http2_frame(HEADERS, END_HEADERS, STREAM, &block)
}

/// A response with another status.
pub(crate) fn response(status: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|(name, value)| field(name, value));
    let block: Vec<_> = field(":status", status).into_iter().chain(fields).collect();
    http2_frame(HEADERS, END_HEADERS, STREAM, &block)
}

/// Data of the stream, optionally with its end.
pub(crate) fn data(bytes: &[u8], end: bool) -> Vec<u8> {
    http2_frame(DATA, if end { END_STREAM } else { 0 }, STREAM, bytes)
}

pub(crate) fn reset(reason: u32) -> Vec<u8> {
    http2_frame(RST_STREAM, 0, STREAM, &reason.to_be_bytes())
}

pub(crate) fn go_away(last_stream: u32, reason: u32) -> Vec<u8> {
    let payload = [last_stream.to_be_bytes(), reason.to_be_bytes()].concat();
    http2_frame(GOAWAY, 0, 0, &payload)
}

fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A literal field without indexing, with a new name (RFC 7541 §6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let literal = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    [vec![0], literal(name), literal(value)].concat()
}

/// A Close frame as a client or a server sends it.
pub(crate) fn close(code: u16, masked: bool) -> Vec<u8> {
    match masked {
        true => ws_wire::frame(Role::Server, 0x88, &code.to_be_bytes()),
        false => [&[0x88, 2], &code.to_be_bytes()[..]].concat(),
    }
}
