//! Payloads around the forms of the length (RFC 6455 §5.2).

mod pair;

use ws_proto::{Config, Connection, Delivery, Event, Role};

use pair::run;
use pair::wire::{self, BINARY, FIN, ROLES, TEXT};

/// Lengths, and how they stand in a header.
const FORMS: &[(usize, &[u8])] = &[
    (0, &[0]),
    (1, &[1]),
    (125, &[125]),
    (126, &[126, 0, 126]),
    (127, &[126, 0, 127]),
    (128, &[126, 0, 128]),
    (65_535, &[126, 0xFF, 0xFF]),
    (65_536, &[127, 0, 0, 0, 0, 0, 1, 0, 0]),
    (65_537, &[127, 0, 0, 0, 0, 0, 1, 0, 1]),
];

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

#[test]
fn received() {
    for to in ROLES {
        for (len, _) in FORMS {
            let wire = wire::frame(to, FIN | BINARY, &payload(*len));
            let events = run::events(to, &Config::default(), &wire);
            assert_eq!(events, [Event::Binary(payload(*len).into())], "{to:?}: {len}");
        }
    }
}

#[test]
fn received_in_chunks() {
    let config = Config { delivery: Delivery::Chunked, ..Config::default() };
    for to in ROLES {
        for (len, _) in FORMS {
            let wire = wire::frame(to, FIN | BINARY, &payload(*len));
            let whole = Event::BinaryChunk { data: payload(*len).into(), fin: true };
            assert_eq!(run::events(to, &config, &wire), [whole], "{to:?}: {len}");
        }
    }
}

#[test]
fn received_as_text() {
    for to in ROLES {
        for (len, _) in FORMS {
            let text = "x".repeat(*len);
            let wire = wire::frame(to, FIN | TEXT, text.as_bytes());
            let events = run::events(to, &Config::default(), &wire);
            assert_eq!(events, [Event::Text(text.into())], "{to:?}: {len}");
        }
    }
}

#[test]
fn sent_by_a_server() {
    for (len, form) in FORMS {
        let mut server = Connection::server(Config::default());
        let mut output = Vec::new();
        server.send(payload(*len), &mut output).expect("open");
        assert_eq!(output, [&[FIN | BINARY], *form, &payload(*len)].concat(), "{len}");
    }
}

#[test]
fn sent_by_a_client() {
    for (len, form) in FORMS {
        let mut client = Connection::client(Config::default(), pair::SEED);
        let mut output = Vec::new();
        client.send(payload(*len), &mut output).expect("open");

        let mut header = [&[FIN | BINARY], *form].concat();
        header[1] |= 0x80;
        assert!(output.starts_with(&header), "{len}");
        let frame = wire::parse(&output).pop().expect("a frame");
        assert_eq!(frame.payload, payload(*len), "{len}");
        assert!(frame.key.is_some(), "{len}");
    }
}

#[test]
fn a_payload_that_lies_whole_in_the_input_is_lent() {
    for (len, _) in FORMS.iter().filter(|(len, _)| *len > 0) {
        let mut wire = wire::frame(Role::Server, FIN | BINARY, &payload(*len));
        let range = wire.as_ptr_range();
        let mut server = Connection::server(Config::default());
        let event = server.receive(&mut wire.as_mut_slice()).expect("valid");
        let Some(Event::Binary(data)) = event else { panic!("no message of {len} bytes") };
        assert!(range.contains(&data.as_ptr()), "{len}: copied");
    }
}
