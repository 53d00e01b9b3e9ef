//! Each end is read only as fast as the other one reads.

use tokio::task::yield_now;
use ws_tokio::{Config, Message};

use crate::gateway::{KINDS, Socket, pair};

/// More than the buffers of four sockets hold, which are some megabytes each at most.
const COUNT: usize = 80;
const SIZE: usize = 1 << 20;

/// On one thread all other tasks run while this task yields.
async fn settle(written: impl Fn() -> u64) -> u64 {
    let mut before = written();
    loop {
        for _ in 0..2000 {
            yield_now().await;
        }
        let now = written();
        if now == before {
            return now;
        }
        before = now;
    }
}

/// The next message except pings: on a slow machine the gateway sends some in between.
async fn data(mut next: impl AsyncFnMut() -> Message) -> Message {
    loop {
        let message = next().await;
        if message.is_data() {
            return message;
        }
    }
}

async fn held_up(sender: Socket, mut receiver: Socket, at: &str) {
    let (mut reader, mut writer) = sender.split();
    let (drained, wait) = tokio::sync::oneshot::channel::<()>();
    let sending = tokio::spawn(async move {
        for i in 0..COUNT {
            writer.send(vec![i as u8; SIZE]).await.expect("open");
        }
        let _ = wait.await;
        drop(writer);
    });
    let written = settle(|| reader.written()).await;
    assert!(written < (COUNT * SIZE * 3 / 4) as u64, "{at}: took {written} unread bytes");

    // Nothing is lost, and the other direction is not blocked meanwhile.
    receiver.send("the other way").await.expect("open");
    let next = async || reader.recv().await.expect("no error").expect("open");
    assert_eq!(data(next).await, "the other way".into(), "{at}");
    for i in 0..COUNT {
        let message = data(async || receiver.recv().await.expect("no error").expect("open")).await;
        assert!(message == Message::binary(vec![i as u8; SIZE]), "{at}: message {i}");
    }
    drop(drained);
    sending.await.expect("no panic");
}

#[tokio::test]
async fn a_server_that_reads_nothing_holds_up_the_client() {
    for kind in KINDS {
        let (client, server) = pair(kind, Config::default(), Config::default()).await;
        held_up(client, server, &format!("{kind:?}, from the client")).await;
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_up_the_server() {
    for kind in KINDS {
        let (client, server) = pair(kind, Config::default(), Config::default()).await;
        held_up(server, client, &format!("{kind:?}, from the server")).await;
    }
}
