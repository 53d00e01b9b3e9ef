//! Both directions of a TLS stream as fast as possible, over a network that cuts and stalls.

use std::net::SocketAddr;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_testkit::network;
use ws_testkit::seeds::{self, Named};
use ws_tokio::{CloseCode, Config, Connector, Message, Proxy, WebSocket, accept};

use crate::reaching::certificates::{Authority, NAME, Valid};
use crate::reaching::fake_proxy::{FakeProxy, Kind, Rules};
use crate::support::{listen, on_both_runtimes};

/// The messages of each side.
const COUNT: usize = 30;

fn messages(seed: u64) -> Vec<Message> {
    let random = &mut StdRng::seed_from_u64(seed);
    (0..COUNT).map(|_| seeds::message(random)).collect()
}

/// Sends one list of messages and receives the other concurrently; the side that begins closes
/// after them.
async fn converse<S>(socket: WebSocket<S>, sent: Vec<Message>, awaited: &[Message], begins: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut reader, mut writer) = socket.split();
    let writing = tokio::spawn(async move {
        for message in sent {
            writer.feed(message).await.expect("open");
        }
        writer.flush().await.expect("open");
        writer
    });
    for expected in awaited {
        let message = reader.recv().await.expect("no error").expect("open");
        assert!(message == *expected, "not what was sent");
    }
    let mut writer = writing.await.expect("no panic");
    if begins {
        writer.close(CloseCode::NORMAL).await.expect("open");
    }
    while reader.recv().await.expect("no error").is_some() {}
    assert!(reader.closed().is_some_and(|closed| closed.is_clean()));
}

#[test]
fn everything_arrives_both_ways() {
    on_both_runtimes(async || {
        for seed in 0..2 {
            let _named = Named(seed);
            converse_over_network(seed, async |server, authority| {
                let address = network::start(server, seed);
                Connector::new().resolve(NAME, [address]).tls(authority.trusted())
            })
            .await;
        }
    });
}

/// TLS in TLS.
#[test]
fn everything_arrives_both_ways_through_a_secure_proxy() {
    on_both_runtimes(async || {
        for seed in 2..4 {
            let _named = Named(seed);
            converse_over_network(seed, async |server, authority| {
                let rules = Rules { kind: Kind::Http, authenticates: false, server: Some(server) };
                let acceptor = authority.server("127.0.0.1", Valid::Now);
                let proxy = FakeProxy::start_secure(rules, acceptor).await;
                let address = network::start(proxy.address, seed);
                let proxy = Proxy::all(&format!("https://{address}")).expect("an address");
                Connector::new().proxy(proxy).tls(authority.trusted())
            })
            .await;
        }
    });
}

/// A server, and a client with the connector that is created for it.
async fn converse_over_network(
    seed: u64,
    connector: impl AsyncFnOnce(SocketAddr, &Authority) -> Connector,
) {
    let authority = Authority::new();
    let (listener, address) = listen().await;
    let (ours, theirs) = (messages(2 * seed), messages(2 * seed + 1));

    let acceptor = authority.server(NAME, Valid::Now);
    let (sent, awaited) = (theirs.clone(), ours.clone());
    let server = tokio::spawn(async move {
        let (stream, _peer) = listener.accept().await.expect("a client");
        let stream = acceptor.accept(stream).await.expect("TLS");
        let socket = accept(stream, Config::default()).await.expect("a request");
        converse(socket, sent, &awaited, false).await;
    });

    let connector = connector(address, &authority).await;
    let connected = connector.connect(&format!("wss://{NAME}/")).await;
    converse(connected.expect("a server").0, ours, &theirs, true).await;
    server.await.expect("no panic");
}
