//! Both directions of a TLS stream as fast as they go, over a network that cuts and stalls.

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_testkit::network;
use ws_testkit::seeds::{self, Named};
use ws_tokio::{CloseCode, Config, Connector, Message, WebSocket, accept};

use crate::certificates::{Authority, NAME, Valid};

use crate::support::{listen, on_both_runtimes};

/// What each side sends.
const COUNT: usize = 30;

fn messages(seed: u64) -> Vec<Message> {
    let random = &mut StdRng::seed_from_u64(seed);
    (0..COUNT).map(|_| seeds::message(random)).collect()
}

/// Sends these messages and receives those, at once; the one who begins closes behind them.
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

            let address = network::start(address, seed);
            let connector = Connector::new().resolve(NAME, [address]).tls(authority.trusted());
            let connected = connector.connect(&format!("wss://{NAME}/")).await;
            converse(connected.expect("a server").0, ours, &theirs, true).await;
            server.await.expect("no panic");
        }
    });
}
