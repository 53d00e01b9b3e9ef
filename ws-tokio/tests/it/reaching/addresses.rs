//! All addresses of a name.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ws_tokio::{ConnectError, Connector};

use crate::reaching::full::Full;
use crate::reaching::server::Server;
use crate::support::{listen, on_both_runtimes};

#[test]
fn behind_an_address_that_hangs_the_next_is_taken() {
    on_both_runtimes(async || {
        let (full, server) = (Full::new().await, Server::start(&[]).await);
        let addresses = [full.address, server.address];
        let connector = Connector::new().resolve("example.com", addresses);
        let start = Instant::now();
        let (socket, _) = connector.connect("ws://example.com/").await.expect("a connection");
        let time = start.elapsed();
        let tcp = socket.get_ref().get_ref().tcp().expect("TCP");
        assert_eq!(tcp.peer_addr().expect("open"), server.address);
        assert!(tcp.nodelay().expect("open"));
        assert!(time >= Duration::from_millis(250), "the first address has its time: {time:?}");
        assert_eq!(server.asked()[0].host, "example.com");
    });
}

#[test]
fn behind_an_address_that_refuses_the_next_is_taken() {
    on_both_runtimes(async || {
        let (closed, refuses) = listen().await;
        drop(closed);
        let server = Server::start(&[]).await;
        let connector = Connector::new().resolve("example.com", [refuses, server.address]);
        connector.connect("ws://EXAMPLE.com:81/").await.expect("a connection");
        assert_eq!(server.asked()[0].host, "EXAMPLE.com:81");
    });
}

#[test]
fn the_port_of_an_address_may_be_that_of_the_uri() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let connector = Connector::new().resolve("example.com", [loopback]);
        let uri = format!("ws://example.com:{}/", server.address.port());
        connector.connect(&uri).await.expect("a connection");
    });
}

#[test]
fn every_failure_is_in_the_error() {
    on_both_runtimes(async || {
        let (first, second) = (listen().await, listen().await);
        let addresses = [first.1, second.1];
        drop((first, second));
        let connector = Connector::new().resolve("example.com", addresses);
        let error = connector.connect("ws://example.com/").await.expect_err("no listener");
        let ConnectError::Unreachable(failures) = error else { panic!("{error}") };
        let tried: Vec<_> = failures.attempts().iter().map(|(address, _)| *address).collect();
        assert_eq!(tried, addresses);
        for (_, error) in failures.attempts() {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
    });
}

#[test]
fn a_name_without_addresses() {
    on_both_runtimes(async || {
        // A name with an empty label is invalid; no resolver is queried.
        let error = ws_tokio::connect("ws://nobody..invalid/").await.expect_err("no such name");
        let text = error.to_string();
        let ConnectError::Resolve { host, .. } = error else { panic!("{text}") };
        assert_eq!(host, "nobody..invalid");
        assert!(text.starts_with("cannot resolve nobody..invalid: "), "{text}");
    });
}
