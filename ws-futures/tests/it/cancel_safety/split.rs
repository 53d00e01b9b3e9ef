//! The halves of a connection.

use ws_futures::{CloseCode, Closed, Config, Message};

use crate::cancel_safety::TIMEOUT;
use crate::support::script::Script;
use crate::support::task::{insist, run_both};
use crate::support::{ROLES, conversation, open, wire};

#[test]
fn both_at_once() {
    for role in ROLES {
        for timeout in TIMEOUT {
            let (socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            let (mut reader, mut writer) = socket.split();
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            remote.end();
            let outgoing: Vec<Message> =
                (0..5).map(|i| Message::text(format!("message {i}"))).collect();
            let write = async {
                for message in &outgoing {
                    insist(timeout, async || writer.feed(message.clone()).await)
                        .await
                        .expect("open");
                    insist(timeout, async || writer.flush().await).await.expect("open");
                }
                insist(timeout, async || writer.close(CloseCode::NORMAL).await)
                    .await
                    .expect("open");
            };
            let read = async {
                let mut messages = Vec::new();
                while let Some(message) =
                    insist(timeout, async || reader.recv().await).await.expect("no error")
                {
                    messages.push(message);
                }
                messages
            };
            let ((), messages) = run_both(write, read);
            let at = format!("{role:?}, dropped after {timeout} polls");
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{at}");
            let frames = wire::contents(&remote.take());
            let texts = frames.iter().filter(|(first, _)| *first == wire::FIN | wire::TEXT);
            assert_eq!(texts.count(), outgoing.len(), "{at}");
            let closes = frames.iter().filter(|(first, _)| *first == wire::CLOSE);
            assert_eq!(closes.count(), 1, "{at}");
            assert_eq!(frames.last(), Some(&wire::close_content(1000, "")), "{at}");
            assert!(reader.closed().as_ref().is_some_and(Closed::is_clean), "{at}");
        }
    }
}

/// Takes one event of each batch, and leaves the rest for the next call.
#[test]
fn batches() {
    for role in ROLES {
        for timeout in TIMEOUT {
            let (socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            let (mut reader, mut writer) = socket.split();
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            remote.end();
            let write = async {
                for text in ["begun, ", "continued, "] {
                    insist(timeout, async || writer.feed_fragment(text, false).await)
                        .await
                        .expect("open");
                }
                insist(timeout, async || writer.feed_fragment("finished", true).await)
                    .await
                    .expect("open");
                insist(timeout, async || writer.flush().await).await.expect("open");
            };
            let read = async {
                let mut messages = Vec::new();
                loop {
                    let event = insist(timeout, async || {
                        let mut batch = reader.read().await.expect("no error")?;
                        Some(batch.next().map(Message::from))
                    });
                    match event.await {
                        Some(event) => messages.extend(event),
                        None => break messages,
                    }
                }
            };
            let ((), messages) = run_both(write, read);
            let at = format!("{role:?}, dropped after {timeout} polls");
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{at}");
            let frames = wire::contents(&remote.take());
            let data = frames.iter().filter(|(first, _)| first & 0xF < wire::CLOSE & 0xF);
            let payload: Vec<u8> = data.flat_map(|(_, payload)| payload.clone()).collect();
            assert_eq!(payload, b"begun, continued, finished", "{at}");
        }
    }
}
