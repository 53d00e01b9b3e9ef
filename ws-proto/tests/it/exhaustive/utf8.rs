//! All characters and all invalid sequences of up to four bytes, cut in every way
//! (RFC 6455 §8.1, RFC 3629).
//!
//! Starting between two characters, sequences of bytes that do not yet decide are extended until
//! they do: they are a character, or invalid. The standard library's result for them is
//! the expected one for the connection, at the same place: at the byte that decides, and, if chunks
//! are delivered, after the longest prefix that is text.

use ws_proto::{Config, Connection, Delivery, ErrorKind, Event};

use crate::exhaustive::drive::Setup;
use crate::exhaustive::model::text;
use crate::pair::wire::{self, CLOSE, CONTINUATION, FIN, TEXT};

/// What stands around the bytes.
const AROUND: [(&str, &str); 4] = [("", ""), ("a", ""), ("", "a"), ("é", "€")];

#[test]
fn up_to_two_bytes() {
    let mut tally = Tally::default();
    each_sequence(2, &mut |bytes| tally.check(bytes, &AROUND[..3]));
    println!("{tally:?}");
}

#[test]
#[ignore = "minutes with optimization"]
fn up_to_four_bytes() {
    let mut tally = Tally::default();
    // The number of cuts doubles with each byte around a sequence, and most sequences are long.
    each_sequence(4, &mut |bytes| {
        let around = match bytes.len() {
            1 | 2 => &AROUND[..],
            3 => &AROUND[..3],
            _ => &AROUND[..1],
        };
        tally.check(bytes, around);
    });
    println!("{tally:?}");
}

#[test]
fn in_a_reason_up_to_two_bytes() {
    println!("{} reasons", reasons(2));
}

#[test]
#[ignore = "half a minute with optimization"]
fn in_a_reason_up_to_four_bytes() {
    println!("{} reasons", reasons(4));
}

#[test]
#[cfg(feature = "deflate")]
fn in_a_compressed_message_up_to_two_bytes() {
    println!("{} messages", compressed(2));
}

#[test]
#[cfg(feature = "deflate")]
#[ignore = "half a minute with optimization"]
fn in_a_compressed_message_up_to_four_bytes() {
    println!("{} messages", compressed(4));
}

/// Calls `check` with every character of at most `max` bytes, every shortest sequence with which no
/// text begins, and every beginning of a character.
fn each_sequence(max: usize, check: &mut impl FnMut(&[u8])) {
    fn extend(bytes: &mut Vec<u8>, max: usize, check: &mut impl FnMut(&[u8])) {
        for byte in 0..=u8::MAX {
            bytes.push(byte);
            check(bytes);
            let undecided = text::fault(bytes, true) == Some(bytes.len());
            if undecided && bytes.len() < max {
                extend(bytes, max, check);
            }
            bytes.pop();
        }
    }
    extend(&mut Vec::new(), max, check);
}

#[derive(Debug, Default)]
struct Tally {
    sequences: u64,
    messages: u64,
}

impl Tally {
    /// Sends the bytes as a text message, cut into fragments and into reads in every way.
    fn check(&mut self, bytes: &[u8], around: &[(&str, &str)]) {
        self.sequences += 1;
        for (before, after) in around {
            let message = [before.as_bytes(), bytes, after.as_bytes()].concat();
            let fault = text::fault(&message, true);
            for cuts in 0..1_u32 << (message.len() - 1) {
                for fragments in [false, true] {
                    for delivery in [Delivery::Whole, Delivery::Chunked] {
                        run(&message, cuts, fragments, delivery, fault);
                        self.messages += 1;
                    }
                }
            }
        }
    }
}

/// Receives `message` cut behind each byte whose bit is set: into fragments, each of which is one
/// read, or into reads of one frame.
fn run(message: &[u8], cuts: u32, fragments: bool, delivery: Delivery, fault: Option<usize>) {
    let config = Config { delivery, ping_interval: None, ..Config::default() };
    let mut connection = Connection::server(config);
    let mut delivered = String::new();
    let mut finished = false;
    let mut error = None;
    if !fragments {
        let header = wire::header(connection.role(), FIN | TEXT, message.len() as u64);
        read(&mut connection, header, &mut delivered, &mut finished, &mut error);
    }
    let mut begin = 0;
    let ends =
        (1..=message.len()).filter(|end| *end == message.len() || cuts >> (end - 1) & 1 == 1);
    let context = || format!("{message:02x?}, {cuts:#b}, {fragments}, {delivery:?}");
    for end in ends {
        let piece = &message[begin..end];
        let input = match fragments {
            true => {
                let opcode = if begin == 0 { TEXT } else { CONTINUATION };
                let fin = if end == message.len() { FIN } else { 0 };
                wire::frame(connection.role(), fin | opcode, piece)
            }
            false => {
                let key: Vec<u8> = (begin..end).map(|i| wire::KEY[i % 4]).collect();
                piece.iter().zip(key).map(|(byte, key)| byte ^ key).collect()
            }
        };
        read(&mut connection, input, &mut delivered, &mut finished, &mut error);
        // An incomplete character is detected at the last byte.
        let shown = fault.is_some_and(|at| at.min(message.len() - 1) < end);
        let expected = shown.then_some(ErrorKind::InvalidUtf8);
        assert_eq!(error, expected, "after {end} bytes: {}", context());
        begin = end;
    }
    let valid = match std::str::from_utf8(message) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&message[..error.valid_up_to()]).expect("judged valid"),
    };
    let expected = match (fault, delivery) {
        (None, _) | (Some(_), Delivery::Chunked) => valid,
        _ => "",
    };
    assert_eq!((&*delivered, finished), (expected, fault.is_none()), "{}", context());
}

fn read(
    connection: &mut Connection,
    mut bytes: Vec<u8>,
    delivered: &mut String,
    finished: &mut bool,
    error: &mut Option<ErrorKind>,
) {
    let mut input = bytes.as_mut_slice();
    loop {
        match connection.receive(&mut input) {
            Ok(None) => return,
            Ok(Some(Event::Text(text))) => {
                delivered.push_str(&text);
                *finished = true;
            }
            Ok(Some(Event::TextChunk { data, fin })) => {
                delivered.push_str(&data);
                *finished |= fin;
            }
            Ok(Some(event)) => panic!("{event:?}"),
            Err(reported) => {
                *error = Some(reported.kind());
                return;
            }
        }
    }
}

/// The same as the reason of a Close frame, byte by byte and at once.
fn reasons(max: usize) -> u64 {
    let setup = Setup::new(ws_proto::Role::Client, false, &Config::default());
    let mut count = 0;
    each_sequence(max, &mut |bytes| {
        let payload = wire::close_payload(3000, bytes);
        let stream = wire::frame(setup.role, CLOSE, &payload);
        setup.check_from(stream.len() - bytes.len(), &stream);
        count += 1;
    });
    count
}

/// The same in stored blocks, cut into reads behind each byte, and into blocks.
#[cfg(feature = "deflate")]
fn compressed(max: usize) -> u64 {
    use ws_proto::Role;

    use crate::pair::wire::RSV1;

    let setup = Setup::new(Role::Client, true, &Config::default());
    let mut connection = setup.peer().connection;
    let mut count = 0;
    each_sequence(max, &mut |bytes| {
        for place in 0..bytes.len() {
            let (one, two) = bytes.split_at(place);
            let payload = [&*stored(one), &stored(two), &[0x00]].concat();
            let stream = wire::frame(setup.role, FIN | RSV1 | TEXT, &payload);
            let (mut delivered, mut finished, mut error) = (String::new(), false, None);
            for byte in &stream {
                let byte = vec![*byte];
                read(&mut connection, byte, &mut delivered, &mut finished, &mut error);
            }
            count += 1;
            match text::fault(bytes, true) {
                None => {
                    assert_eq!(delivered.as_bytes(), bytes);
                    assert!(finished, "{bytes:02x?}");
                }
                Some(_) => {
                    assert_eq!(error, Some(ErrorKind::InvalidUtf8), "{bytes:02x?}, {place}");
                    connection = setup.peer().connection;
                }
            }
        }
    });
    count
}

/// RFC 1951 §3.2.4.
#[cfg(feature = "deflate")]
fn stored(data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).expect("short");
    [&[0x00], &len.to_le_bytes()[..], &(!len).to_le_bytes(), data].concat()
}
