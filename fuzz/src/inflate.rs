//! Arbitrary compressed payloads.

use ws_proto::{Config, Delivery, ErrorKind, Limits, Role};

use crate::compressed::{self, Agreed};
use crate::input::Input;
use crate::pair::run::{self, Outcome};
use crate::pair::wire::{BINARY, TEXT};

/// Checks any bytes as the payloads of compressed messages, in any fragments: the outcome is the
/// same at every chunking, chunks add up to the messages, and the limit is enforced.
pub fn inflate(data: &[u8]) {
    let Some(input) = Input::new(data) else { return };
    let takeover = input.option(1);
    let role = if input.option(2) { Role::Server } else { Role::Client };
    let agreed = Agreed::new(if input.option(3) { 9 } else { 15 }, takeover);
    let wire = messages(role, input.stream);
    let [whole, chunked] = [Delivery::Whole, Delivery::Chunked].map(|delivery| {
        let incoming = match input.option(0) {
            true => Limits { max_message_size: 2000, ..Limits::incoming() },
            false => Limits { max_message_size: 1 << 20, ..Limits::incoming() },
        };
        let config = Config { incoming, delivery, ..compressed::config() };
        let [whole, single, cut] = input.chunkings().map(|lengths| {
            let connection = agreed.connection(role, &config);
            Outcome::of(compressed::reader(connection, &wire, lengths))
        });
        assert!(single == whole, "byte by byte");
        assert!(cut == whole, "cut");
        whole
    });
    assert_eq!(chunked.error, whole.error);
    assert_eq!(chunked.output, whole.output);
    assert!(run::messages(chunked.events) == run::messages(whole.events));
    // The frames are valid: only their content can be invalid.
    assert!(whole.error.is_none_or(|error| matches!(
        error.kind(),
        ErrorKind::InvalidDeflate
            | ErrorKind::InvalidUtf8
            | ErrorKind::MessageTooBig
            | ErrorKind::TooManyStreams
    )));
}

/// Encodes messages from a stream of:
///
/// ```text
/// kind and number of fragments minus one | length | payload | …
/// ```
fn messages(to: Role, mut stream: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    while let [shape, len, rest @ ..] = stream {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        stream = rest;
        let kind = if shape & 0x80 == 0 { TEXT } else { BINARY };
        let count = usize::from(shape % 8) + 1;
        let mut parts: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(count).max(1)).collect();
        if parts.is_empty() || shape & 0x40 != 0 {
            parts.push(b"");
        }
        wire.extend(compressed::fragments(to, kind, &parts));
    }
    wire
}
