//! Frames made and read by hand, so that the library does not vouch for itself.

use ws_futures::proto::Role;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = FIN | 0x8;
pub(crate) const PING: u8 = FIN | 0x9;
pub(crate) const PONG: u8 = FIN | 0xA;

const MASKED: u8 = 0x80;
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A frame that an end in the role `to` would accept.
pub(crate) fn frame(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let masked = to == Role::Server;
    let mask = if masked { MASKED } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(mask | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend(KEY);
        frame.extend(unmask(payload, KEY));
    } else {
        frame.extend(payload);
    }
    frame
}

pub(crate) fn text(to: Role, text: &str) -> Vec<u8> {
    frame(to, FIN | TEXT, text.as_bytes())
}

pub(crate) fn binary(to: Role, data: &[u8]) -> Vec<u8> {
    frame(to, FIN | BINARY, data)
}

pub(crate) fn close(to: Role, code: u16, reason: &str) -> Vec<u8> {
    frame(to, CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

fn unmask(payload: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    payload.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
}

/// A frame's first byte and its payload, unmasked.
pub(crate) type Content = (u8, Vec<u8>);

/// Reads whole frames; what is left is half of one.
pub(crate) fn parse(mut wire: &[u8]) -> (Vec<Content>, &[u8]) {
    let mut frames = Vec::new();
    while let Some((frame, rest)) = parse_one(wire) {
        frames.push(frame);
        wire = rest;
    }
    (frames, wire)
}

/// The same, with the number of bytes that are left.
pub(crate) fn parse_owned(wire: &[u8]) -> (Vec<Content>, Vec<u8>) {
    let (frames, rest) = parse(wire);
    (frames, rest.to_vec())
}

/// Reads whole frames; panics over anything else.
#[track_caller]
pub(crate) fn frames(wire: &[u8]) -> Vec<Content> {
    let (frames, rest) = parse(wire);
    assert!(rest.is_empty(), "half a frame of {} bytes", rest.len());
    frames
}

fn parse_one(wire: &[u8]) -> Option<(Content, &[u8])> {
    let ([first, second], rest) = wire.split_first_chunk()?;
    let (len, rest) = match second & !MASKED {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*len)), rest)
        }
        127 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*len), rest)
        }
        len => (u64::from(len), rest),
    };
    let (key, rest) = match second & MASKED {
        0 => ([0; 4], rest),
        _ => {
            let (key, rest) = rest.split_first_chunk()?;
            (*key, rest)
        }
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    Some(((*first, unmask(payload, key).collect()), rest))
}

/// The payload of a Close frame.
pub(crate) fn close_content(code: u16, reason: &str) -> Content {
    (CLOSE, [&code.to_be_bytes(), reason.as_bytes()].concat())
}
