//! Payloads around the forms of the length (RFC 6455 §5.2).

use ws_proto::{Config, Connection, Delivery, ErrorKind, Event, Role};

use crate::pair;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, FIN, ROLES, TEXT};

/// Lengths, and their encoding in a header.
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

/// Forms that are longer than necessary, every byte of the frame in one read.
#[test]
fn padded() {
    for to in ROLES {
        for (form, len) in
            [(126, 0), (126, 1), (126, 125), (127, 0), (127, 125), (127, 126), (127, 65_535)]
        {
            let bytes = (len as u64).to_be_bytes();
            let extended = if form == 126 { &bytes[6..] } else { &bytes[..] };
            let mut wire = wire::begin(to, FIN | BINARY, form, extended);
            // A key of zeros, if the frame is masked, and the payload.
            wire.extend(vec![0; 4 + len]);
            let outcome = run::outcome(to, &Config::default(), &wire, &[usize::MAX]);
            let kind = outcome.error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::LengthNotMinimal), "{to:?}: {len} as {form}");
            assert_eq!(outcome.events, [], "{to:?}: {len} as {form}");
        }
    }
}

fn is_lent(server: &mut Connection, input: &mut [u8]) -> bool {
    let range = input.as_ptr_range();
    match server.receive(&mut &mut *input).expect("valid") {
        Some(Event::Binary(data)) => range.contains(&data.as_ptr()),
        other => panic!("no message: {other:?}"),
    }
}

#[test]
fn a_frame_that_lies_whole_in_the_input_is_lent() {
    for (len, _) in FORMS.iter().filter(|(len, _)| *len > 0) {
        let mut server = Connection::server(Config::default());
        let mut wire = wire::frame(Role::Server, FIN | BINARY, &payload(*len));
        assert!(is_lent(&mut server, &mut wire), "{len}: copied");
    }
}

#[test]
fn a_payload_that_lies_whole_in_the_input_is_lent() {
    for (len, _) in FORMS.iter().filter(|(len, _)| *len > 0) {
        let mut server = Connection::server(Config::default());
        let mut wire = wire::frame(Role::Server, FIN | BINARY, &payload(*len));
        let start = wire.len() - len;
        let (header, payload) = wire.split_at_mut(start);
        assert_eq!(server.receive(&mut &mut *header), Ok(None), "{len}");
        assert!(is_lent(&mut server, payload), "{len}: copied");
    }
}
