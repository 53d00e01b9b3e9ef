//! Messages are echoed.

use std::io::Write as _;

use tungstenite::Message;
use ws_proto::{Event, Role};

use crate::examples::client::{Client, tungstenite};
use crate::examples::{raw, server};
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT};

#[test]
fn text_and_binary_messages_come_back() {
    server::each(|address| {
        let mut client = tungstenite(address);
        for len in [0, 1, 125, 126, 65_535, 65_536] {
            for message in [Message::text("é".repeat(len)), Message::binary(vec![7; len])] {
                client.send(message.clone()).expect("open");
                assert!(client.read().expect("open") == message, "{len} characters or bytes");
            }
        }
    });
}

#[test]
fn a_large_message_comes_back() {
    let large: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 251) as u8).collect();
    server::each(|address| {
        let mut client = Client::open(address);
        client.send(&*large);
        assert!(client.next() == Some(Event::Binary((&*large).into())));

        let mut client = tungstenite(address);
        let message = Message::binary(large.clone());
        client.send(message.clone()).expect("open");
        assert!(client.read().expect("open") == message);
    });
}

#[test]
fn fragments_come_back_as_one_message() {
    server::each(|address| {
        let mut client = Client::open(address);
        for (part, fin) in [("one ", false), ("", false), ("mes", false), ("sage", true)] {
            client.send_fragment(part, fin);
        }
        assert_eq!(client.next(), Some(Event::Text("one message".into())));
    });
}

#[test]
fn each_ping_has_its_pong() {
    server::each(|address| {
        let mut client = tungstenite(address);
        for payload in [vec![], b"there?".to_vec(), vec![9; 125]] {
            client.send(Message::Ping(payload.clone().into())).expect("open");
            assert_eq!(client.read().expect("open"), Message::Pong(payload.into()));
        }
    });
}

#[test]
fn a_ping_between_fragments_is_answered_at_once() {
    server::each(|address| {
        let mut stream = raw::open(address);
        let frame = |first, payload| wire::frame(Role::Server, first, payload);
        let parts = [frame(BINARY, b"one"), frame(PING, b"?")].concat();
        stream.write_all(&parts).expect("a server");
        raw::expect_frame(&mut stream, PONG, b"?");
        stream.write_all(&frame(FIN | CONTINUATION, b"two")).expect("a server");
        raw::expect_frame(&mut stream, FIN | BINARY, b"onetwo");
    });
}

#[test]
fn pings_and_messages_of_one_read_are_answered_in_their_order() {
    server::each(|address| {
        let mut stream = raw::open(address);
        let numbers: Vec<_> = (0..10).map(|number: u8| number.to_string()).collect();
        let frames = numbers.iter().flat_map(|number| {
            [PING, FIN | TEXT].map(|first| wire::frame(Role::Server, first, number.as_bytes()))
        });
        stream.write_all(&frames.collect::<Vec<_>>().concat()).expect("a server");
        for number in &numbers {
            raw::expect_frame(&mut stream, PONG, number.as_bytes());
            raw::expect_frame(&mut stream, FIN | TEXT, number.as_bytes());
        }
    });
}

#[test]
fn several_connections_do_not_mix() {
    server::each(|address| {
        let mut clients: Vec<_> = (0..50).map(|_| Client::open(address)).collect();
        for round in 0..3 {
            for (index, client) in clients.iter_mut().enumerate() {
                client.send(&*format!("{round} of {index}"));
            }
            for (index, client) in clients.iter_mut().enumerate().rev() {
                assert_eq!(client.next(), Some(Event::Text(format!("{round} of {index}").into())));
            }
        }
    });
}
