//! Many connections at once on few threads.

mod support;

use tokio::task::JoinSet;
use ws_tokio::{CloseCode, Config, Message};

use support::echo::{self, WAYS};
use support::{client, on_both_runtimes};

const CONNECTIONS: usize = 120;
const MESSAGES: usize = 20;

#[test]
fn each_gets_its_own_back() {
    on_both_runtimes(async || {
        for way in WAYS {
            let address = echo::server(way, Config::default()).await;
            let mut clients = JoinSet::new();
            for i in 0..CONNECTIONS {
                clients.spawn(async move {
                    let mut socket = client(address, &Config::default()).await;
                    for j in 0..MESSAGES {
                        let message = Message::text(format!("{i} {j} ").repeat(1 + (i * j) % 2000));
                        socket.send(message.clone()).await.expect("open");
                        let echo = socket.recv().await.expect("no error");
                        assert!(echo == Some(message), "{way:?}: somebody else's");
                    }
                    socket.close(CloseCode::NORMAL).await.expect("no error");
                    assert!(socket.closed().is_some_and(|closed| closed.is_clean()));
                });
            }
            let results = clients.join_all().await;
            assert_eq!(results.len(), CONNECTIONS, "{way:?}");
        }
    });
}

/// Nobody reads before everybody has written.
#[test]
fn all_wait_for_all() {
    on_both_runtimes(async || {
        for way in WAYS {
            let address = echo::server(way, Config::default()).await;
            let mut sockets = Vec::new();
            for _ in 0..CONNECTIONS {
                sockets.push(client(address, &Config::default()).await);
            }
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
        }
    });
}
