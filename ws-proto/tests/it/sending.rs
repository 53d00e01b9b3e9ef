//! The output of the sending methods (RFC 6455 §5.2, §5.4 and the examples of §5.7).

use std::borrow::Cow;

use proptest::prelude::*;
use ws_proto::{Close, CloseCode, Compression, Config, Connection, Payload, Prepared, Role};

use crate::pair;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};
use crate::property;

type Contents = Vec<(u8, Vec<u8>)>;

/// The output of both roles, with a client's masks removed.
fn sent(act: impl Fn(&mut Connection, &mut Vec<u8>)) -> Contents {
    let [server, client] = ROLES.map(|role| {
        let mut output = Vec::new();
        act(&mut run::connection(role, &Config::default()), &mut output);
        wire::contents(&output)
    });
    assert_eq!(client, server, "client and server");
    server
}

#[test]
fn the_bytes_of_a_server() {
    let mut server = Connection::server(Config::default());
    let mut output = Vec::new();
    server.send("Hello", &mut output).expect("open");
    server.send_fragment("Hel", false, &mut output).expect("open");
    server.send_fragment("lo", true, &mut output).expect("open");
    server.ping(b"Hello", &mut output).expect("open");
    server.pong(b"Hello", &mut output).expect("open");
    server.send(b"\x01\x02", &mut output).expect("open");
    server.close(Close::new(CloseCode::NORMAL, "bye"), &mut output).expect("open");
    let expected = b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello\x8A\x05Hello\x82\x02\x01\x02\
        \x88\x05\x03\xE8bye";
    assert_eq!(output, expected);
}

#[test]
fn the_header_of_a_client_has_the_mask_bit_and_a_key() {
    let mut client = Connection::client(Config::default(), pair::SEED);
    let mut output = Vec::new();
    client.send("Hello", &mut output).expect("open");
    let (header, masked) = output.split_at(6);
    assert_eq!(header[..2], [0x81, 0x85]);
    let key = header[2..].try_into().expect("4 bytes");
    assert_eq!(wire::masked(masked, key).collect::<Vec<_>>(), b"Hello");
}

#[test]
fn a_message() {
    let text = sent(|connection, output| connection.send("text", output).expect("open"));
    assert_eq!(text, [(FIN | TEXT, b"text".to_vec())]);
    let binary = sent(|connection, output| connection.send(b"data", output).expect("open"));
    assert_eq!(binary, [(FIN | BINARY, b"data".to_vec())]);
    let empty = sent(|connection, output| connection.send("", output).expect("open"));
    assert_eq!(empty, [(FIN | TEXT, vec![])]);
}

#[test]
fn fragments() {
    let frames = sent(|connection, output| {
        for (part, fin) in [("a", false), ("", false), ("b", true)] {
            connection.send_fragment(part, fin, output).expect("open");
        }
        connection.send_fragment(b"c", false, output).expect("open");
        connection.send_fragment(b"", true, output).expect("open");
    });
    let expected = [
        (TEXT, b"a".to_vec()),
        (CONTINUATION, vec![]),
        (FIN | CONTINUATION, b"b".to_vec()),
        (BINARY, b"c".to_vec()),
        (FIN | CONTINUATION, vec![]),
    ];
    assert_eq!(frames, expected);
}

#[test]
fn a_single_fragment_is_a_whole_message() {
    let frames =
        sent(|connection, output| connection.send_fragment("a", true, output).expect("open"));
    assert_eq!(frames, [(FIN | TEXT, b"a".to_vec())]);
}

#[test]
fn control_frames_between_fragments() {
    let frames = sent(|connection, output| {
        connection.send_fragment("a", false, output).expect("open");
        connection.ping(b"1", output).expect("open");
        connection.pong(b"2", output).expect("open");
        connection.send_fragment("b", true, output).expect("open");
    });
    let firsts: Vec<_> = frames.into_iter().map(|(first, _)| first).collect();
    assert_eq!(firsts, [TEXT, PING, PONG, FIN | CONTINUATION]);
}

#[test]
fn a_message_after_a_fragmented_one() {
    let frames = sent(|connection, output| {
        connection.send_fragment("a", false, output).expect("open");
        connection.send_fragment("b", true, output).expect("open");
        connection.send("c", output).expect("open");
    });
    assert_eq!(frames.last(), Some(&(FIN | TEXT, b"c".to_vec())));
}

#[test]
fn the_longest_control_frames() {
    let payload = [b'p'; 125];
    let frames = sent(|connection, output| {
        connection.ping(&payload, output).expect("125 bytes fit");
        connection.pong(&payload, output).expect("125 bytes fit");
    });
    assert_eq!(frames, [(PING, payload.to_vec()), (PONG, payload.to_vec())]);
}

#[test]
fn every_code_that_may_be_sent() {
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999] {
        let close = Close::from(CloseCode::new(code));
        let frames =
            sent(|connection, output| connection.close(close.clone(), output).expect("open"));
        assert_eq!(frames, [(CLOSE, wire::close_payload(code, b""))], "{code}");
    }
}

#[test]
fn is_appended_behind_what_is_there() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let mut output = b"not yet written".to_vec();
        connection.send("text", &mut output).expect("open");
        connection.ping(b"", &mut output).expect("open");
        connection.close(CloseCode::NORMAL, &mut output).expect("open");
        let new = output.strip_prefix(b"not yet written").expect("untouched");
        assert_eq!(wire::parse(new).len(), 3, "{role:?}");
    }
}

#[test]
fn a_borrowed_payload_of_a_server_is_not_copied() {
    let payload = vec![b'x'; 100_000];
    let mut server = Connection::server(Config::default());
    let frame = server.encode(&payload).expect("open");
    assert_eq!(frame.payload().as_ptr(), payload.as_ptr());
}

#[test]
fn an_owned_payload_of_a_client_is_masked_in_place() {
    let payload = vec![b'x'; 100_000];
    let start = payload.as_ptr();
    let mut client = Connection::client(Config::default(), pair::SEED);
    let frame = client.encode(payload).expect("open");
    assert_eq!(frame.payload().as_ptr(), start);
    assert!(matches!(frame.into_payload(), Cow::Owned(_)));
}

#[test]
fn counts_what_was_sent() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let mut output = Vec::new();
        connection.send("whole", &mut output).expect("open");
        connection.send_fragment("frag", false, &mut output).expect("open");
        connection.ping(b"", &mut output).expect("open");
        connection.send_fragment("ment", true, &mut output).expect("open");
        connection.close(CloseCode::NORMAL, &mut output).expect("open");
        let sent = connection.stats().sent;
        assert_eq!((sent.messages, sent.frames), (2, 5), "{role:?}");
        assert_eq!(sent.bytes, output.len() as u64, "{role:?}");
    }
}

fn encoded<'m>(connection: &mut Connection, message: impl Into<Payload<'m>>) -> Vec<u8> {
    let frame = connection.encode(message).expect("open");
    [frame.header(), frame.payload()].concat()
}

proptest! {
    #![proptest_config(property::cases(300))]

    #[test]
    fn encode_gives_what_send_appends(
        role in property::role(),
        texts in proptest::collection::vec(property::text(), 1..4),
        data in property::data(),
    ) {
        let [mut sender, mut encoder] = [(); 2].map(|()| run::connection(role, &Config::default()));
        let mut output = Vec::new();
        let mut frames = Vec::new();
        for text in texts {
            sender.send(&text, &mut output).expect("open");
            frames.extend(encoded(&mut encoder, text));
        }
        sender.send(&data, &mut output).expect("open");
        frames.extend(encoded(&mut encoder, &data));
        sender.send(&data, &mut output).expect("open");
        frames.extend(encoded(&mut encoder, data));
        prop_assert_eq!(frames, output);
        prop_assert_eq!(encoder.stats(), sender.stats());
    }

    #[test]
    fn encode_fragment_gives_what_send_fragment_appends(
        role in property::role(),
        texts in proptest::collection::vec(property::text(), 1..4),
        data in proptest::collection::vec(property::data(), 1..4),
    ) {
        let [mut sender, mut encoder] = [(); 2].map(|()| run::connection(role, &Config::default()));
        let mut output = Vec::new();
        let mut frames = Vec::new();
        let texts: Vec<_> = texts.iter().map(Payload::from).collect();
        let data: Vec<_> = data.iter().map(Payload::from).collect();
        for parts in [texts, data] {
            let last = parts.len() - 1;
            for (i, part) in parts.into_iter().enumerate() {
                sender.send_fragment(part.clone(), i == last, &mut output).expect("open");
                let frame = encoder.encode_fragment(part, i == last, Compression::Automatic);
                let frame = frame.expect("open");
                frames.extend([frame.header(), frame.payload()].concat());
            }
        }
        prop_assert_eq!(frames, output);
        prop_assert_eq!(encoder.stats(), sender.stats());
    }
}

#[test]
fn a_server_never_masks() {
    let mut output = Vec::new();
    let mut server = run::connection(Role::Server, &Config::default());
    server.send("text", &mut output).expect("open");
    server.ping(b"ping", &mut output).expect("open");
    server.close(CloseCode::NORMAL, &mut output).expect("open");
    assert!(wire::parse(&output).iter().all(|frame| frame.key.is_none()));
}

/// To forward a prepared message in another form its kind is needed.
#[test]
fn a_prepared_message_says_its_kind() {
    let (text, binary) = (Prepared::new("ä"), Prepared::new(&b"\xC3\xA4"[..]));
    assert!(text.is_text());
    assert!(!binary.is_text());
    assert_eq!(text.payload(), binary.payload());
    #[cfg(feature = "deflate")]
    assert!(Prepared::deflated("x".repeat(1000), &ws_proto::Deflate::default()).is_text());
}
