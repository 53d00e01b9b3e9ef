//! Frames made and read by hand, so that the library does not vouch for itself.

use ws_proto::Role;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = FIN | 0x8;
pub(crate) const PING: u8 = FIN | 0x9;
pub(crate) const PONG: u8 = FIN | 0xA;

const MASKED: u8 = 0x80;

/// The key of the examples in RFC 6455 §5.7.
pub(crate) const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

pub(crate) const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// A frame that an end in the role `to` would accept, its length in the shortest form.
pub(crate) fn frame(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(to, first, payload.len() as u64);
    match to {
        Role::Server => frame.extend(masked(payload, KEY)),
        Role::Client => frame.extend_from_slice(payload),
    }
    frame
}

/// The header of such a frame, key included.
pub(crate) fn header(to: Role, first: u8, len: u64) -> Vec<u8> {
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

/// A header as far as `extended`, the bytes of the length that follow its seven bits.
pub(crate) fn begin(to: Role, first: u8, length: u8, extended: &[u8]) -> Vec<u8> {
    let mask = if to == Role::Server { MASKED } else { 0 };
    [&[first, mask | length], extended].concat()
}

/// A frame whose length, at most 125, stands in two bytes more than it needs.
pub(crate) fn padded(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let header = begin(to, first, 126, &(payload.len() as u16).to_be_bytes());
    let [_, _, rest @ ..] = &*frame(to, first, payload) else { return header };
    [&header, rest].concat()
}

/// A message in fragments, `kind` being its opcode.
pub(crate) fn fragments(to: Role, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let last = parts.len() - 1;
    let frames = parts.iter().enumerate().map(|(i, part)| {
        let opcode = if i == 0 { kind } else { CONTINUATION };
        frame(to, if i == last { FIN | opcode } else { opcode }, part)
    });
    frames.collect::<Vec<_>>().concat()
}

/// A Close frame's payload.
pub(crate) fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

pub(crate) fn masked(payload: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    payload.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
}

/// A frame as it was read from the wire, its payload unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

/// Reads whole frames; panics over anything else.
pub(crate) fn parse(mut wire: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = wire {
        let (len, rest) = match second & !MASKED {
            126 => {
                let (len, rest) = rest.split_first_chunk().expect("16 bits of length");
                (u64::from(u16::from_be_bytes(*len)), rest)
            }
            127 => {
                let (len, rest) = rest.split_first_chunk().expect("64 bits of length");
                (u64::from_be_bytes(*len), rest)
            }
            len => (u64::from(len), rest),
        };
        let (key, rest) = match second & MASKED {
            0 => (None, rest),
            _ => {
                let (key, rest) = rest.split_first_chunk().expect("a key");
                (Some(*key), rest)
            }
        };
        let (payload, rest) = rest.split_at(usize::try_from(len).expect("a length"));
        let payload = masked(payload, key.unwrap_or_default()).collect();
        frames.push(Frame { first: *first, key, payload });
        wire = rest;
    }
    assert!(wire.is_empty(), "half a frame: {wire:02x?}");
    frames
}

/// The same without the keys: the first byte and the payload of each frame.
pub(crate) fn contents(wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
    parse(wire).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}
