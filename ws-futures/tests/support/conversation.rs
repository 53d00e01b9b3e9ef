//! What peers say in these tests.

use ws_futures::proto::Role;
use ws_futures::{Close, CloseCode, Message};

use super::wire::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT};

/// A little of everything, as frames to an end in this role, without a Close frame.
pub(crate) fn wire(to: Role) -> Vec<u8> {
    [
        wire::text(to, "hello"),
        wire::frame(to, PING, b"there?"),
        wire::binary(to, &[]),
        wire::frame(to, TEXT, "Grüße, ".as_bytes()),
        wire::frame(to, PONG, b"unasked"),
        wire::frame(to, CONTINUATION, b""),
        wire::frame(to, FIN | CONTINUATION, "世界".as_bytes()),
        wire::binary(to, &pattern(300)),
        wire::frame(to, PING, &[]),
        wire::frame(to, BINARY, &pattern(130)),
        wire::frame(to, FIN | CONTINUATION, &pattern(200)),
        wire::text(to, ""),
    ]
    .concat()
}

/// The messages of [`wire`].
pub(crate) fn messages() -> Vec<Message> {
    vec![
        Message::text("hello"),
        Message::Ping(b"there?".as_slice().into()),
        Message::binary(Vec::new()),
        Message::Pong(b"unasked".as_slice().into()),
        Message::text("Grüße, 世界"),
        Message::binary(pattern(300)),
        Message::Ping(Vec::new().into()),
        Message::binary([pattern(130), pattern(200)].concat()),
        Message::text(""),
    ]
}

/// The pongs to [`wire`].
pub(crate) fn pongs() -> Vec<wire::Content> {
    vec![(PONG, b"there?".to_vec()), (PONG, Vec::new())]
}

pub(crate) fn close() -> Message {
    Message::Close(Close::new(CloseCode::new(4321), "enough"))
}

/// Bytes of which each block differs from the one before.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}
