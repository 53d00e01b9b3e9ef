//! HTTP servers that must keep running: with Tokio's clock, which only advances when all tasks
//! wait, over streams in memory; and on real sockets.

mod bounds;
mod deadlines;
#[cfg(all(unix, feature = "rustls"))]
mod listener_kinds;
mod listeners;
mod rejected;
mod services;
mod shutting_down;
mod sockets;

use std::future::{Ready, ready};
use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get};
use hyper::client::conn::http2::SendRequest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use ws_tokio::client::ClientRequest;
use ws_tokio::serve::Listener;
use ws_tokio::upgrade::{self, IntoService, ServeHttp, WebSocketUpgrade};
use ws_tokio::{Config, Message, WebSocket, connect_on, http2};

/// The server's default.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections that wait to be accepted.
struct Queue(UnboundedReceiver<io::Result<DuplexStream>>);

impl Listener for Queue {
    type Stream = DuplexStream;
    type Address = &'static str;
    type Opening = Ready<io::Result<DuplexStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, &'static str)> {
        match self.0.recv().await {
            Some(stream) => Ok((ready(Ok(stream?)), "in memory")),
            None => std::future::pending().await,
        }
    }
}

/// Opens connections to a server.
#[derive(Clone)]
struct Network(UnboundedSender<io::Result<DuplexStream>>);

impl Network {
    fn new() -> (Self, Queue) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), Queue(receiver))
    }

    /// The client's end of a connection.
    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(16 * 1024);
        self.0.send(Ok(theirs)).expect("a server");
        ours
    }

    fn fail(&self, error: io::Error) {
        self.0.send(Err(error)).expect("a server");
    }

    async fn over_http1(&self) -> WebSocket<DuplexStream> {
        let connected = connect_on(self.connect(), request(), Config::default()).await;
        connected.expect("granted").0
    }

    async fn http2(&self) -> SendRequest<String> {
        http2::handshake(self.connect(), &Config::default()).await.expect("HTTP/2")
    }
}

fn request() -> ClientRequest {
    ClientRequest::new("localhost", "/ws")
}

async fn over_http2(sender: &mut SendRequest<String>) -> upgrade::WebSocket {
    let connected = http2::connect(sender, request(), Config::default()).await;
    connected.expect("granted").0
}

/// A page and echoes.
fn app() -> Router {
    let echo = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo);
    Router::new().route("/", get(async || "hello")).route("/ws", any(echo))
}

async fn echo(mut socket: upgrade::WebSocket) {
    while let Ok(Some(message)) = socket.recv().await {
        if message.is_data() && socket.feed(message).await.is_err() {
            break;
        }
    }
}

/// A server of that page on streams in memory, with the settings of the test.
fn serve<F: Future<Output: Send> + Send + 'static>(
    set: impl FnOnce(ServeHttp<Queue, <Router as IntoService<upgrade::Tower>>::Service>) -> F,
) -> (Network, tokio::task::JoinHandle<F::Output>) {
    let (network, queue) = Network::new();
    (network, tokio::spawn(set(upgrade::serve(queue, app()))))
}

/// The server with its defaults.
fn serve_plainly() -> Network {
    serve(IntoFuture::into_future).0
}

/// Requests the page over HTTP/1.1, and reads the response to its end.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("open");
    answer(stream).await
}

/// Reads a response with a body of the given length.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8(head).expect("a head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    stream.read_exact(&mut body).await.expect("a body");
    head + &String::from_utf8(body).expect("text")
}

/// The time until the server ends the stream, and the bytes that it sent before.
async fn end(mut stream: DuplexStream) -> (Duration, Vec<u8>) {
    let begin = Instant::now();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("an end");
    (begin.elapsed(), rest)
}

async fn assert_echoed<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) {
    socket.send("hello").await.expect("open");
    let received = loop {
        match socket.recv().await.expect("open") {
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            received => break received,
        }
    };
    assert_eq!(received, Some(Message::text("hello")));
}
