//! On real sockets.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Extension;
use axum::routing::any;
use tokio::net::TcpStream;
use ws_tokio::client::ClientRequest;
use ws_tokio::upgrade::{Peer, WebSocketUpgrade, serve};
use ws_tokio::{Config, Message, Shutdown, connect_on, http2};

use crate::support::{listen, on_both_runtimes};

#[test]
fn the_peer_is_known_and_all_are_closed() {
    on_both_runtimes(async || {
        let greet = async |Extension(Peer(peer)): Extension<Peer<SocketAddr>>,
                           upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async move |mut socket| {
                let _ = socket.send(peer.to_string()).await;
                while let Ok(Some(_)) = socket.recv().await {}
            })
        };
        let (listener, address) = listen().await;
        let shutdown = Shutdown::new();
        let serving = serve(listener, Router::new().route("/", any(greet))).shutdown(&shutdown);
        let serving = tokio::spawn(serving.into_future());
        let request = || ClientRequest::new(address.to_string(), "/");

        let stream = TcpStream::connect(address).await.expect("a server");
        let ours = stream.local_addr().expect("an address").to_string();
        let connected = connect_on(stream, request(), Config::default()).await;
        let mut over_http1 = connected.expect("granted").0;
        assert_eq!(over_http1.recv().await.expect("open"), Some(Message::text(ours)));

        let stream = TcpStream::connect(address).await.expect("a server");
        let ours = stream.local_addr().expect("an address").to_string();
        let opened = http2::handshake::<_, String>(stream, &Config::default()).await;
        let mut sender = opened.expect("HTTP/2 with extended CONNECT");
        let connected = http2::connect(&mut sender, request(), Config::default()).await;
        let mut over_http2 = connected.expect("granted").0;
        assert_eq!(over_http2.recv().await.expect("open"), Some(Message::text(ours)));

        let silent = TcpStream::connect(address).await.expect("a server");
        shutdown.begin();
        while over_http1.recv().await.expect("a clean end").is_some() {}
        while over_http2.recv().await.expect("a clean end").is_some() {}
        assert_eq!(serving.await.expect("no panic").clean, 2);
        assert!(TcpStream::connect(address).await.is_err(), "it still listens");
        drop(silent);
    });
}
