//! Frames made and read by hand (RFC 6455 §5.2), so that the library does not test itself.
//!
//! Everything that a peer sends in a test is made here, and what it receives is read here. Of the
//! library only [`Role`] is used.

use std::io::{self, Read};

use ws_proto::Role;

/// The bit of the last fragment of a message.
pub const FIN: u8 = 0x80;
/// RSV1: the message is compressed (RFC 7692 §6).
pub const RSV1: u8 = 0x40;
/// The opcode of the fragments that follow the first one.
pub const CONTINUATION: u8 = 0x0;
/// The opcode of a text message.
pub const TEXT: u8 = 0x1;
/// The opcode of a binary message.
pub const BINARY: u8 = 0x2;
/// The first byte of a Close frame.
pub const CLOSE: u8 = FIN | 0x8;
/// The first byte of a ping.
pub const PING: u8 = FIN | 0x9;
/// The first byte of a pong.
pub const PONG: u8 = FIN | 0xA;

const MASKED: u8 = 0x80;

/// The key of every masked frame, which is that of the examples in RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// Both roles.
pub const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// Returns a frame that an end in the role `to` accepts, its length in the shortest form.
pub fn frame(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(to, first, payload.len() as u64);
    match to {
        Role::Server => frame.extend(masked(payload, KEY)),
        Role::Client => frame.extend_from_slice(payload),
    }
    frame
}

/// Returns the header of such a frame, key included.
pub fn header(to: Role, first: u8, len: u64) -> Vec<u8> {
    let mut header = match len {
        0..=125 => begin(to, first, len as u8, &[]),
        126..=0xFFFF => begin(to, first, 126, &(len as u16).to_be_bytes()),
        _ => begin(to, first, 127, &len.to_be_bytes()),
    };
    if to == Role::Server {
        header.extend_from_slice(&KEY);
    }
    header
}

/// Returns a header up to `extended`, the bytes of the length that follow its seven bits.
pub fn begin(to: Role, first: u8, length: u8, extended: &[u8]) -> Vec<u8> {
    let mask = if to == Role::Server { MASKED } else { 0 };
    [&[first, mask | length], extended].concat()
}

/// Returns a frame whose length, at most 125, is encoded in two bytes more than necessary.
pub fn padded(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let header = begin(to, first, 126, &(payload.len() as u16).to_be_bytes());
    let [_, _, rest @ ..] = &*frame(to, first, payload) else { return header };
    [&header, rest].concat()
}

/// Returns a message in fragments; `kind` is its opcode.
pub fn fragments(to: Role, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let last = parts.len() - 1;
    let frames = parts.iter().enumerate().map(|(i, part)| {
        let opcode = if i == 0 { kind } else { CONTINUATION };
        frame(to, if i == last { FIN | opcode } else { opcode }, part)
    });
    frames.collect::<Vec<_>>().concat()
}

/// Returns a text message in one frame.
pub fn text(to: Role, text: &str) -> Vec<u8> {
    frame(to, FIN | TEXT, text.as_bytes())
}

/// Returns a binary message in one frame.
pub fn binary(to: Role, data: &[u8]) -> Vec<u8> {
    frame(to, FIN | BINARY, data)
}

/// Returns a Close frame.
pub fn close(to: Role, code: u16, reason: &str) -> Vec<u8> {
    frame(to, CLOSE, &close_payload(code, reason.as_bytes()))
}

/// Returns a Close frame's payload; the reason need not be UTF-8.
pub fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

/// Masks or unmasks a payload (RFC 6455 §5.3).
pub fn masked(payload: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    payload.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
}

/// A frame as it was read from the wire, its payload unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub first: u8,
    /// The masking key, if the frame is masked.
    pub key: Option<[u8; 4]>,
    /// The payload.
    pub payload: Vec<u8>,
}

/// A frame's first byte and its payload, unmasked.
pub type Content = (u8, Vec<u8>);

impl From<Frame> for Content {
    fn from(frame: Frame) -> Self {
        (frame.first, frame.payload)
    }
}

/// Returns the payload of a Close frame.
pub fn close_content(code: u16, reason: &str) -> Content {
    (CLOSE, close_payload(code, reason.as_bytes()))
}

/// Reads a frame, and nothing after it.
///
/// # Errors
///
/// Fails if the stream ends within the frame, and as the stream does.
pub fn read(mut from: impl Read) -> io::Result<Frame> {
    let [first, second] = array(&mut from)?;
    let len = match second & !MASKED {
        126 => u16::from_be_bytes(array(&mut from)?).into(),
        127 => u64::from_be_bytes(array(&mut from)?),
        len => len.into(),
    };
    let key = if second & MASKED != 0 { Some(array(&mut from)?) } else { None };
    let mut payload = Vec::new();
    from.take(len).read_to_end(&mut payload)?;
    if payload.len() as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if let Some(key) = key {
        payload = masked(&payload, key).collect();
    }
    Ok(Frame { first, key, payload })
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Takes a frame off the front of `wire`; `None` leaves an incomplete frame as it is.
pub fn take(wire: &mut &[u8]) -> Option<Frame> {
    let mut rest = *wire;
    let frame = read(&mut rest).ok()?;
    *wire = rest;
    Some(frame)
}

/// Takes all complete frames off the front of `wire`; an incomplete frame remains.
pub fn take_contents(wire: &mut Vec<u8>) -> Vec<Content> {
    let mut rest = &wire[..];
    let contents = std::iter::from_fn(|| take(&mut rest)).map(Content::from).collect();
    let taken = wire.len() - rest.len();
    wire.drain(..taken);
    contents
}

/// Reads complete frames.
///
/// # Panics
///
/// Panics if an incomplete frame remains.
#[track_caller]
pub fn parse(mut wire: &[u8]) -> Vec<Frame> {
    let frames = std::iter::from_fn(|| take(&mut wire)).collect();
    assert!(wire.is_empty(), "half a frame: {wire:02x?}");
    frames
}

/// Reads complete frames, and returns the first byte and the payload of each.
///
/// # Panics
///
/// Panics if an incomplete frame remains.
#[track_caller]
pub fn contents(wire: &[u8]) -> Vec<Content> {
    parse(wire).into_iter().map(Content::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §5.7.
    #[test]
    fn the_examples_of_the_rfc() {
        let hello: [(Role, &[u8], Vec<u8>); 5] = [
            (Role::Client, b"\x81\x05Hello", text(Role::Client, "Hello")),
            (
                Role::Server,
                b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                text(Role::Server, "Hello"),
            ),
            (
                Role::Client,
                b"\x01\x03Hel\x80\x02lo",
                fragments(Role::Client, TEXT, &[b"Hel", b"lo"]),
            ),
            (Role::Client, b"\x82\x7e\x01\x00", header(Role::Client, FIN | BINARY, 256)),
            (
                Role::Client,
                b"\x82\x7f\0\0\0\0\0\x01\0\0",
                header(Role::Client, FIN | BINARY, 65_536),
            ),
        ];
        for (to, expected, made) in hello {
            assert_eq!(made, expected, "to a {to:?}");
        }
        assert_eq!(padded(Role::Client, PING, b"hi"), b"\x89\x7e\x00\x02hi");
        assert_eq!(close(Role::Client, 1000, "bye"), b"\x88\x05\x03\xe8bye");
    }

    #[test]
    fn what_was_made_is_read() {
        for to in ROLES {
            for len in [0, 1, 125, 126, 65_535, 65_536] {
                let payload = vec![b'x'; len];
                let wire = frame(to, FIN | BINARY, &payload);
                let key = (to == Role::Server).then_some(KEY);
                let expected = Frame { first: FIN | BINARY, key, payload };
                assert_eq!(parse(&wire.repeat(2)), [expected.clone(), expected], "{len} bytes");
            }
        }
    }

    #[test]
    fn half_a_frame_is_left() {
        for to in ROLES {
            let whole = [frame(to, PING, b"ping"), frame(to, FIN | BINARY, &[7; 200])].concat();
            for cut in 0..whole.len() {
                let mut wire = whole[..cut].to_vec();
                let taken = take_contents(&mut wire).len();
                let first = frame(to, PING, b"ping").len();
                assert_eq!(taken, usize::from(cut >= first), "{cut} bytes");
                assert_eq!(wire, &whole[taken * first..cut], "{cut} bytes");
            }
        }
    }
}
