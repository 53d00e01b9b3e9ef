//! Forwards WebSockets over HTTP/1.1 to a server that accepts them over HTTP/2:
//! `http2_bridge ADDRESS SERVER`.
//!
//! It translates the opening handshake and forwards the frames unchanged, so that a client without
//! HTTP/2, such as a conformance suite, can test a server over it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2::SendRequest;
use hyper::{Method, Request, Response, StatusCode, ext};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time::timeout;
use ws_tokio::proto::server::{self, ServerHandshake, ServerProgress};
use ws_tokio::serve::{Arrival, BoxError, ConnectionError, Protocol, Server, Tokio, TokioListener};
use ws_tokio::{Config, http2};

/// The time limit for a client's request.
const REQUEST: Duration = Duration::from_secs(10);
/// The time limit for a client to end its direction once the server has ended its own.
const LINGER: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, server] = &arguments[..] else {
        return Err("usage: http2_bridge ADDRESS SERVER".into());
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener, server).await;
    Ok(())
}

pub(crate) async fn serve(listener: TcpListener, server: &str) {
    let bridge = Bridge { server: server.to_owned(), sender: Mutex::new(None) };
    let server = Server::new(Tokio, TokioListener::new(listener));
    server.on_error(|error| eprintln!("{error}")).run(bridge).await;
}

struct Bridge {
    server: String,
    /// One HTTP/2 connection for all WebSockets.
    sender: Mutex<Option<SendRequest<String>>>,
}

impl Protocol<TokioListener<TcpListener>> for Bridge {
    async fn serve(
        self: Arc<Self>,
        arrival: Arrival<TokioListener<TcpListener>>,
    ) -> Result<(), ConnectionError> {
        let mut client = arrival.opening.await.map_err(ConnectionError::Open)?.into_inner();
        let request = timeout(REQUEST, read_request(&mut client)).await;
        drop(arrival.handshake);
        let carried = match request {
            Ok(Ok((request, early))) => self.carry(client, request, early).await,
            Ok(Err(error)) => Err(error),
            Err(elapsed) => Err(elapsed.into()),
        };
        carried.map_err(ConnectionError::Handler)
    }
}

impl Bridge {
    async fn carry(
        &self,
        mut client: TcpStream,
        request: server::ServerRequest,
        early: Vec<u8>,
    ) -> Result<(), BoxError> {
        let mut sender = self.sender().await?;
        let response = sender.send_request(translated(&request, &self.server)?).await?;
        client.write_all(answer(request, &response).as_bytes()).await?;
        if response.status() == StatusCode::OK {
            let stream = TokioIo::new(hyper::upgrade::on(response).await?);
            carry_frames(client, &early, stream).await?;
        }
        Ok(())
    }

    /// The server may not run yet, and closes idle connections.
    async fn sender(&self) -> Result<SendRequest<String>, BoxError> {
        let mut sender = self.sender.lock().await;
        match &*sender {
            Some(sender) if !sender.is_closed() => Ok(sender.clone()),
            _ => {
                let stream = TcpStream::connect(&self.server).await?;
                stream.set_nodelay(true)?;
                let opened = http2::handshake(stream, &Config::default()).await?;
                Ok(sender.insert(opened).clone())
            }
        }
    }
}

/// Forwards each direction to its own end: a server that closes and resets the stream stops only
/// the client's direction, and its Close frame may still be in transit to the client.
pub(crate) async fn carry_frames(
    client: TcpStream,
    early: &[u8],
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = split(stream);
    let mut from_client = early.chain(from_client);
    let mut up = pin!(async {
        if copy(&mut from_client, &mut to_server).await.is_err() {
            // If it were closed with input unread, the TCP connection would be reset.
            copy(&mut from_client, &mut sink()).await?;
        }
        let _ = to_server.shutdown().await;
        Ok(())
    });
    let mut down = pin!(async {
        let copied = copy(&mut from_server, &mut to_client).await;
        to_client.shutdown().await.and(copied.map(drop))
    });
    tokio::select! {
        ended = &mut up => match ended {
            Ok(()) => down.await,
            Err(client_is_gone) => Err(client_is_gone),
        },
        ended = &mut down => {
            let _ = timeout(LINGER, up).await;
            ended
        }
    }
}

/// The request, and the bytes after it.
async fn read_request(
    client: &mut TcpStream,
) -> Result<(server::ServerRequest, Vec<u8>), BoxError> {
    let mut handshake = ServerHandshake::new(Config::default());
    loop {
        let mut buffer = [0; 4096];
        let len = client.read(&mut buffer).await?;
        if len == 0 {
            return Err("no request".into());
        }
        let mut input = &mut buffer[..len];
        match handshake.receive(&mut input)? {
            ServerProgress::NeedsInput(unfinished) => handshake = unfinished,
            ServerProgress::Request(request) => return Ok((request, input.to_vec())),
        }
    }
}

fn translated(request: &server::ServerRequest, server: &str) -> Result<Request<String>, BoxError> {
    let mut connect = Request::builder()
        .method(Method::CONNECT)
        .uri(format!("http://{server}{}", request.target()))
        .extension(ext::Protocol::from_static("websocket"));
    for name in ["sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"] {
        for value in request.headers().get_all(name) {
            connect = connect.header(name, value);
        }
    }
    Ok(connect.body(String::new())?)
}

fn answer<B>(request: server::ServerRequest, response: &Response<B>) -> String {
    if response.status() != StatusCode::OK {
        return format!("HTTP/1.1 {}\r\nConnection: close\r\n\r\n", response.status());
    }
    let accept = request.accept();
    let proof = accept.headers().get("sec-websocket-accept").unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {proof}\r\n"
    );
    for (name, value) in response.headers() {
        // A server may send it nevertheless; over HTTP/2 it has no meaning (RFC 8441 §5).
        let is_proof = name == "sec-websocket-accept";
        if name.as_str().starts_with("sec-websocket-") && !is_proof {
            let value = String::from_utf8_lossy(value.as_bytes());
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    answer + "\r\n"
}
