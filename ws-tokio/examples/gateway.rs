//! A transparent reverse proxy for WebSockets: `gateway LISTEN UPSTREAM`, two TCP addresses.
//!
//! Handshakes are forwarded with their header fields, subprotocols and refusals; messages, pings and Close
//! frames are forwarded unchanged, and an end without a Close frame remains one. Each side is read only as
//! fast as the other accepts data. Compression, which is negotiated per hop, is disabled.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, net::TcpStream, time::timeout, try_join};
use ws_tokio::{Config, Error, HandshakeError, Incoming, connect_on, seed, serve_incoming};
use ws_tokio::{client::ClientRequest, server::Accept, server::Rejection};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type WebSocket = ws_tokio::WebSocket<TcpStream>;
pub(crate) type ReadHalf = ws_tokio::ReadHalf<TcpStream>;
pub(crate) type WriteHalf = ws_tokio::WriteHalf<TcpStream>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, upstream] = &*arguments else { return Err("usage: LISTEN UPSTREAM".into()) };
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener, upstream.clone(), Config::default(), forward).await
}

/// Forwards one direction. If it cannot send any more, the other direction receives the error and the
/// remaining messages; until then this one continues to read, so that its peer's stream is not reset.
pub(crate) async fn forward(mut from: ReadHalf, mut to: WriteHalf) -> Result<(), Error> {
    let (mut open, config) = (true, from.config());
    while let Some(message) = from.recv().await? {
        let own = message.is_pong() && message.as_bytes() == config.ping_payload;
        open = open && (own || to.send(message).await.is_ok());
    }
    Ok(())
}

pub(crate) async fn serve<Fut: Future<Output = Result<(), Error>> + Send>(
    listener: TcpListener,
    upstream: String,
    config: Config,
    forward: impl Fn(ReadHalf, WriteHalf) -> Fut + Copy + Send + Sync + 'static,
) -> Result<(), BoxError> {
    // The payload distinguishes pongs to the gateway's own pings from forwarded ones.
    let ping_payload = &*seed()?.to_vec().leak();
    let config = Config { automatic_pong: false, automatic_close: false, ping_payload, ..config };
    let to_server = config.clone();
    let carry = move |incoming, peer| {
        let opened = open(incoming, peer, upstream.clone(), to_server.clone());
        async move {
            let Some((client, server)) = opened.await? else { return Ok(()) };
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            // An end without a Close frame is an error, which drops and so ends both connections.
            try_join!(forward(from_client, to_server), forward(from_server, to_client))?;
            Ok::<_, BoxError>(())
        }
    };
    serve_incoming(listener, config, carry).await;
    Ok(())
}

/// Sends the client's request to the server, and the server's response to the client.
async fn open(
    incoming: Incoming<TcpStream>,
    peer: SocketAddr,
    upstream: String,
    config: Config,
) -> Result<Option<(WebSocket, WebSocket)>, BoxError> {
    let Ok(asked) = incoming.request() else { return Ok(incoming.accept().await.map(|_| None)?) };
    let request = ClientRequest::new(asked.host(), asked.target());
    let request = asked.subprotocols().fold(request, ClientRequest::subprotocol);
    let request = asked.headers().end_to_end().fold(request, |it, (k, v)| it.header(k, v));
    let request = request.header("X-Forwarded-For", peer.ip().to_string());
    let answer = async {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(upstream));
        let stream = connected.await.map_err(std::io::Error::from)??;
        stream.set_nodelay(true)?;
        connect_on(stream, request, config).await
    };
    let refused = match answer.await {
        Ok((server, answer)) => {
            let add = |it: Accept, (k, v)| it.header(k, v);
            let fields = |it| answer.headers().end_to_end().try_fold(it, add);
            let mut name = answer.subprotocol().into_iter();
            let accepted =
                incoming.accept_with(|it| name.try_fold(fields(it)?, Accept::subprotocol));
            return Ok(Some((accepted.await?, server)));
        }
        Err(HandshakeError::Refused(answer)) => {
            let add = |it: Rejection, (k, v)| it.header(k, v);
            let fields = |it| answer.headers().end_to_end().try_fold(it, add);
            incoming.reject(answer.status(), |it| fields(it.body(answer.body()))).await
        }
        Err(error) => incoming.reject(502, |it| Ok(it.body(error.to_string()))).await,
    };
    Ok(refused.map(|()| None)?)
}
