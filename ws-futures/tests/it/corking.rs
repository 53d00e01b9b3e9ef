//! Replies to messages that arrived together leave together.

use std::task::Poll;

use futures_util::{SinkExt, StreamExt};
use ws_futures::{Event, Message};

use crate::support::task::{Task, run};
use crate::support::{ROLES, Socket, open_plainly, wire};

const COUNT: usize = 100;

type Echo = fn(Socket) -> Task<'static, ()>;

const ECHOES: [(&str, Echo); 3] = [
    ("read", |socket| Task::new(echo_batches(socket))),
    ("recv and feed", |socket| Task::new(echo_messages(socket))),
    ("Stream and Sink", |socket| Task::new(echo_items(socket))),
];

async fn echo_batches(mut socket: Socket) {
    while let Some(mut batch) = socket.read().await.expect("no error") {
        while let Some(event) = batch.next() {
            if let Event::Text(text) = event {
                batch.send(text).expect("open");
            }
        }
    }
}

async fn echo_messages(mut socket: Socket) {
    while let Some(message) = socket.recv().await.expect("no error") {
        if message.is_data() {
            socket.feed(message).await.expect("open");
        }
    }
}

async fn echo_items(mut socket: Socket) {
    while let Some(Ok(message)) = socket.next().await {
        if message.is_data() {
            SinkExt::feed(&mut socket, message).await.expect("open");
        }
    }
}

#[test]
fn one_read_makes_one_write() {
    for role in ROLES {
        let requests: Vec<u8> =
            (0..COUNT).flat_map(|i| wire::text(role, &format!("message {i}"))).collect();
        let echoes: Vec<wire::Content> = (0..COUNT)
            .map(|i| (wire::FIN | wire::TEXT, format!("message {i}").into_bytes()))
            .collect();
        // An incomplete frame after them is buffered too, and causes no reply.
        let half = &wire::text(role, "half")[..5];
        for (name, echo) in ECHOES {
            for behind in [&[][..], half] {
                let (socket, remote, _clock) = open_plainly(role);
                let mut task = echo(socket);
                task.wait();
                remote.send(&[&requests, behind].concat());
                task.wait();
                assert_eq!(remote.writes().len(), 1, "{name} as {role:?}");
                assert_eq!(wire::contents(&remote.take()), echoes, "{name} as {role:?}");
            }
        }
    }
}

#[test]
fn pongs_share_a_write() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let pings: Vec<u8> =
            (0..COUNT).flat_map(|i| wire::frame(role, wire::PING, &[i as u8])).collect();
        remote.send(&pings);
        Task::new(echo_messages(socket)).wait();
        let pongs: Vec<wire::Content> = (0..COUNT).map(|i| (wire::PONG, vec![i as u8])).collect();
        assert_eq!(remote.writes().len(), 1, "{role:?}");
        assert_eq!(wire::contents(&remote.take()), pongs, "{role:?}");
    }
}

#[test]
fn a_small_message_and_a_large_one_share_a_write() {
    let (mut socket, remote, _clock) = open_plainly(ROLES[0]);
    run(async {
        socket.feed("small").await.expect("open");
        socket.feed(vec![1; 20_000]).await.expect("open");
        socket.feed("behind").await.expect("open");
        socket.flush().await.expect("open");
    });
    assert_eq!(remote.writes().len(), 1);
    assert_eq!(wire::contents(&remote.take()).len(), 3);
}

#[test]
fn send_writes_even_if_more_input_is_at_hand() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let texts = ["one", "two", "three"];
        remote.send(&texts.map(|text| wire::text(role, text)).concat());
        for text in texts {
            assert_eq!(run(socket.recv()).expect("no error"), Some(text.into()), "{role:?}");
            run(socket.send(text)).expect("open");
            let reply = (wire::FIN | wire::TEXT, text.as_bytes().to_vec());
            assert_eq!(wire::contents(&remote.take()), [reply], "{role:?}");
        }
    }
}

#[test]
fn what_was_fed_is_written_before_receiving_waits() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        run(socket.feed("fed")).expect("open");
        socket.try_send("tried").expect("room");
        assert!(remote.writes().is_empty(), "{role:?}");
        assert!(Task::new(socket.recv()).run().is_pending());
        assert_eq!(remote.writes().len(), 1, "{role:?} by recv");

        run(socket.feed("fed")).expect("open");
        assert!(matches!(Task::new(socket.read()).run(), Poll::Pending));
        assert_eq!(remote.writes().len(), 2, "{role:?} by read");

        socket.try_send(Message::text("tried")).expect("room");
        assert!(Task::new(socket.next()).run().is_pending());
        assert_eq!(remote.writes().len(), 3, "{role:?} by next");
    }
}
