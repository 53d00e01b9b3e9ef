//! Many connections at once on few threads.

use futures_util::future::join_all;
use ws_futures::client::ClientRequest;
use ws_futures::{CloseCode, Config, Message, WebSocket};

use crate::echo::WAYS;
use crate::runtime::{Runtime, spawn};
use crate::server::Server;

const CONNECTIONS: usize = 120;
const MESSAGES: usize = 20;

async fn client<R: Runtime>(address: std::net::SocketAddr) -> WebSocket<R::Stream, R::Timer> {
    let stream = R::connect(address).await.expect("a server");
    let request = ClientRequest::new("localhost", "/");
    let connected = ws_futures::connect_on(stream, R::timer(), Config::default(), request, [7; 32]);
    connected.await.expect("a response").0
}

/// No client receives another client's messages.
pub fn each_gets_its_own_back<R: Runtime>() {
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            let address = server.address;
            R::block_on(async {
                let clients = (0..CONNECTIONS).map(|i| {
                    spawn::<R, _>(async move {
                        let mut socket = client::<R>(address).await;
                        for j in 0..MESSAGES {
                            let text = format!("{i} {j} ").repeat(1 + (i * j) % 2000);
                            let message = Message::text(text);
                            socket.send(message.clone()).await.expect("open");
                            let echo = socket.recv().await.expect("no error");
                            assert!(echo == Some(message), "{way:?}: a message of another client");
                        }
                        socket.close_and_discard(CloseCode::NORMAL).await.expect("no error");
                        assert!(socket.closed().is_some_and(|closed| closed.is_clean()));
                    })
                });
                join_all(clients).await;
            });
            for _ in 0..CONNECTIONS {
                server.end().expect("no error");
            }
        });
    }
}

/// No client reads before all clients have written.
pub fn all_wait_for_all<R: Runtime>() {
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            R::block_on(async {
                let mut sockets =
                    join_all((0..CONNECTIONS).map(|_| client::<R>(server.address))).await;
                for (i, socket) in sockets.iter_mut().enumerate() {
                    for j in 0..MESSAGES {
                        socket.send(format!("{i} {j}")).await.expect("open");
                    }
                }
                for (i, socket) in sockets.iter_mut().enumerate() {
                    for j in 0..MESSAGES {
                        let echo = socket.recv().await.expect("no error");
                        assert_eq!(echo, Some(Message::text(format!("{i} {j}"))), "{way:?}");
                    }
                }
            });
            for _ in 0..CONNECTIONS {
                assert!(server.end().is_err(), "they were dropped");
            }
        });
    }
}
