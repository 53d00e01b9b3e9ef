//! The examples `gateway` and `gateway_streaming` between a client and a server, over real sockets.

#[path = "../../../examples/gateway_streaming.rs"]
#[expect(dead_code, reason = "its `main`")]
mod gateway_streaming;

mod back_pressure;
mod ending;
mod handshake;
mod relaying;

use std::net::SocketAddr;

use tokio::join;
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::client::ClientRequest;
use ws_tokio::{Config, WebSocket, accept, connect_on};

use crate::support::listen;
use gateway_streaming::gateway;

/// With or without reassembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    Streaming,
}

const KINDS: [Kind; 2] = [Kind::Whole, Kind::Streaming];

type Socket = WebSocket<TcpStream>;

/// A gateway of this kind in front of a server.
async fn gateway_to(kind: Kind, upstream: SocketAddr) -> SocketAddr {
    let (listener, address) = listen().await;
    let upstream = upstream.to_string();
    tokio::spawn(async move {
        let served = match kind {
            Kind::Whole => {
                gateway::serve(listener, upstream, Config::default(), gateway::forward).await
            }
            Kind::Streaming => gateway_streaming::serve(listener, upstream).await,
        };
        served.expect("a seed");
    });
    address
}

async fn connect(gateway: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(gateway).await.expect("a gateway");
    stream.set_nodelay(true).expect("open");
    stream
}

async fn accept_stream(listener: &TcpListener) -> TcpStream {
    let (stream, _gateway) = listener.accept().await.expect("a gateway");
    stream.set_nodelay(true).expect("open");
    stream
}

/// A client and a server with a gateway between them.
async fn pair(kind: Kind, of_client: Config, of_server: Config) -> (Socket, Socket) {
    let (listener, upstream) = listen().await;
    let gateway = gateway_to(kind, upstream).await;
    let opened = async {
        let request = ClientRequest::new("localhost", "/");
        connect_on(connect(gateway).await, request, of_client).await.expect("granted").0
    };
    let accepted =
        async { accept(accept_stream(&listener).await, of_server).await.expect("a valid request") };
    join!(opened, accepted)
}

/// An end whose application answers pings and Close frames itself.
fn by_application() -> Config {
    Config { automatic_pong: false, automatic_close: false, ..Config::default() }
}
