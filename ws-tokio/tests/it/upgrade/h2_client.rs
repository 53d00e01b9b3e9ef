//! A client that speaks HTTP/2 and writes WebSocket frames itself.

use std::net::SocketAddr;
use ws_tokio::proto::Role;

use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::upgrade::server::{echo_server, soon};

/// An HTTP/2 connection.
pub(crate) async fn connection(address: SocketAddr) -> SendRequest<Bytes> {
    connection_over(TcpStream::connect(address).await.expect("a server")).await
}

async fn connection_over<S>(stream: S) -> SendRequest<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

/// An extended CONNECT to `/`, valid except for added fields.
pub(crate) fn extended_connect(added: &[(&str, &str)]) -> Request<()> {
    let request = Request::connect("http://localhost/")
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    let request =
        added.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).expect("valid")
}

/// The stream of a WebSocket.
pub(crate) struct Stream {
    pub(crate) to: SendStream<Bytes>,
    pub(crate) from: RecvStream,
}

impl Stream {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_over(TcpStream::connect(address).await.expect("a server")).await
    }

    pub(crate) async fn open_over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut sender = connection_over(stream).await;
        let request = extended_connect(&[]);
        let (response, to) = sender.send_request(request, false).expect("sent");
        let response = response.await.expect("a response");
        assert_eq!(response.status(), 200);
        Self { to, from: response.into_body() }
    }

    pub(crate) fn send(&mut self, bytes: Vec<u8>) {
        self.to.send_data(bytes.into(), false).expect("open");
    }

    /// The data of the next DATA frame that is not empty; `None` at the end.
    pub(crate) async fn data(&mut self) -> Option<Bytes> {
        loop {
            let data = self.from.data().await?.expect("no reset");
            self.from.flow_control().release_capacity(data.len()).expect("it was received");
            if !data.is_empty() {
                return Some(data);
            }
        }
    }

    /// This number of bytes, or all up to the end.
    pub(crate) async fn receive(&mut self, len: usize) -> Vec<u8> {
        let mut received = Vec::new();
        while received.len() < len {
            let Some(data) = self.data().await else { break };
            received.extend_from_slice(&data);
        }
        received
    }
}

/// Waits for the response to a request that is refused.
pub(crate) async fn refusal(address: SocketAddr, request: Request<()>) -> Response<String> {
    let mut sender = connection(address).await;
    let end = request.method() != Method::CONNECT;
    let (response, _to) = sender.send_request(request, end).expect("sent");
    let (parts, mut body) = response.await.expect("a response").into_parts();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        text.extend_from_slice(&data.expect("no reset"));
    }
    Response::from_parts(parts, String::from_utf8(text).expect("text"))
}

#[tokio::test]
async fn frames_are_the_data_of_the_stream() {
    soon(async {
        let mut stream = Stream::open(echo_server().await).await;
        stream.send(ws_wire::frame(Role::Server, 0x81, b"hello"));
        assert_eq!(stream.receive(7).await, b"\x81\x05hello");
        stream.send(
            [
                ws_wire::frame(Role::Server, 0x89, b"ping"),
                ws_wire::frame(Role::Server, 0x82, b"data"),
            ]
            .concat(),
        );
        assert_eq!(stream.receive(12).await, b"\x8a\x04ping\x82\x04data");
        stream.send(ws_wire::frame(Role::Server, 0x88, &[3, 232]));
        assert_eq!(stream.receive(usize::MAX).await, b"\x88\x02\x03\xe8");
    })
    .await;
}

/// Frames may follow before the response has arrived.
#[tokio::test]
async fn frames_behind_the_request_are_not_lost() {
    soon(async {
        let address = echo_server().await;
        let mut sender = connection(address).await;
        let request = extended_connect(&[]);
        let (response, mut to) = sender.send_request(request, false).expect("sent");
        to.send_data(ws_wire::frame(Role::Server, 0x81, b"early").into(), false).expect("open");
        let from = response.await.expect("a response").into_body();
        assert_eq!(Stream { to, from }.receive(7).await, b"\x81\x05early");
    })
    .await;
}

/// A header in a DATA frame of its own would cost a packet and a wake-up.
#[tokio::test]
async fn a_large_message_leaves_in_whole_frames() {
    soon(async {
        let mut stream = Stream::open(echo_server().await).await;
        let payload = vec![b'x'; 40_000];
        stream.to.reserve_capacity(50_000);
        stream.send(ws_wire::frame(Role::Server, 0x82, &payload));
        let mut sizes = Vec::new();
        let mut received = 0;
        while received < 40_004 {
            let data = stream.data().await.expect("open");
            received += data.len();
            sizes.push(data.len());
        }
        assert_eq!(sizes, [16_384, 16_384, 7_236]);
    })
    .await;
}
