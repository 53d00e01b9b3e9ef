//! Messages and pings are forwarded unchanged.

use std::time::Duration;

use tokio::join;
use ws_tokio::{Config, Delivery, Message};

use crate::gateway::{KINDS, Kind, Socket, by_application, gateway, pair};
use crate::support::{listen, on_both_runtimes};

async fn receive(socket: &mut Socket) -> Message {
    socket.recv().await.expect("no error").expect("open")
}

async fn passes(from: &mut Socket, to: &mut Socket, message: &Message) {
    let (sent, received) = join!(from.send(message.clone()), receive(to));
    sent.expect("open");
    assert!(received == *message, "{} bytes", message.len());
}

#[test]
fn messages_of_all_sizes_both_ways() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (mut client, mut server) = pair(kind, Config::default(), Config::default()).await;
            for len in [0, 1, 125, 126, 65_535, 65_536, 5_000_000] {
                let text = Message::text("ä".repeat(len / 2));
                let data = Message::binary(vec![len as u8; len]);
                for message in [text, data] {
                    passes(&mut client, &mut server, &message).await;
                    passes(&mut server, &mut client, &message).await;
                }
            }
        }
    });
}

/// The gateway answers none of them: each end does, at any time.
#[test]
fn pings_and_pongs_end_to_end() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (mut client, mut server) = pair(kind, by_application(), by_application()).await;
            for (one, other) in [(true, "client"), (false, "server")] {
                let (from, to) = match one {
                    true => (&mut client, &mut server),
                    false => (&mut server, &mut client),
                };
                from.send(Message::ping("there?")).await.expect("open");
                assert_eq!(receive(to).await, Message::ping("there?"), "{kind:?}, by the {other}");
                to.send("no pong yet").await.expect("open");
                assert_eq!(receive(from).await, "no pong yet".into(), "{kind:?}, by the {other}");
                to.send(Message::pong("there?")).await.expect("open");
                assert_eq!(
                    receive(from).await,
                    Message::pong("there?"),
                    "{kind:?}, by the {other}"
                );
            }
        }
    });
}

/// The gateway keeps both connections alive with its own pings, whose pongs are not forwarded.
#[test]
fn its_own_pings_stay_on_their_hop() {
    on_both_runtimes(async || {
        let (listener, upstream) = listen().await;
        let (gateway_listener, address) = listen().await;
        let config = Config { ping_interval: Some(Duration::from_millis(5)), ..Config::default() };
        tokio::spawn(gateway::serve(
            gateway_listener,
            upstream.to_string(),
            config,
            gateway::forward,
        ));
        let (client, server) = join!(
            ws_tokio::connect_on(
                crate::gateway::connect(address).await,
                ws_tokio::client::ClientRequest::new("localhost", "/"),
                Config::default()
            ),
            async {
                let stream = crate::gateway::accept_stream(&listener).await;
                ws_tokio::accept(stream, Config::default()).await
            }
        );
        let (mut client, mut server) = (client.expect("granted").0, server.expect("a request"));
        let (from_client, from_server) = (pinged(&mut client), pinged(&mut server));
        let (one, other) = join!(from_client, from_server);
        assert_eq!(one, other, "the payload of the process");
    });
}

/// Waits for three pings, with nothing between them; returns their payload.
async fn pinged(socket: &mut Socket) -> Vec<u8> {
    let mut payloads = Vec::new();
    while payloads.len() < 3 {
        match receive(socket).await {
            Message::Ping(payload) => payloads.push(payload.to_vec()),
            other => panic!("{other:?}"),
        }
    }
    payloads.swap_remove(0)
}

/// The server receives the beginning of a message before the client has sent its end.
#[test]
fn without_reassembly_fragments_pass_as_they_arrive() {
    on_both_runtimes(async || {
        let chunked = Config { delivery: Delivery::Chunked, ..Config::default() };
        let (mut client, mut server) = pair(Kind::Streaming, Config::default(), chunked).await;
        for (part, fin) in [("begun, ", false), ("continued, ", false), ("finished", true)] {
            client.send_fragment(part, fin).await.expect("open");
            let chunk = Message::TextChunk { data: part.into(), fin };
            assert_eq!(receive(&mut server).await, chunk);
        }
        let begun = vec![1; 100_000];
        client.send_fragment(&begun, false).await.expect("open");
        let mut received = 0;
        while received < begun.len() {
            let Message::BinaryChunk { data, fin: false } = receive(&mut server).await else {
                panic!("no beginning")
            };
            received += data.len();
        }
        // A ping between fragments overtakes the rest of the message.
        client.send(Message::ping("between")).await.expect("open");
        assert_eq!(receive(&mut server).await, Message::ping("between"));
        client.send_fragment(b"", true).await.expect("open");
        let end = Message::BinaryChunk { data: Default::default(), fin: true };
        assert_eq!(receive(&mut server).await, end);
    });
}

#[test]
fn fragments_are_one_message_at_the_other_end() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (mut client, mut server) = pair(kind, Config::default(), Config::default()).await;
            for (part, fin) in [("begun, ", false), ("", false), ("and finished", true)] {
                client.send_fragment(part, fin).await.expect("open");
            }
            assert_eq!(receive(&mut server).await, "begun, and finished".into(), "{kind:?}");
        }
    });
}
