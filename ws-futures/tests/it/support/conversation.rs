//! What peers send in these tests.

use ws_futures::proto::Role;
use ws_futures::{Close, CloseCode, Message};

use super::wire::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT};

/// Some frames of every kind, to an end in this role, and the messages that they complete.
/// There is no Close frame.
pub(crate) fn parts(to: Role) -> Vec<(Vec<u8>, Option<Message>)> {
    let continuation = |first, payload: &[u8]| wire::frame(to, first | CONTINUATION, payload);
    let bytes = |data: &[u8]| data.to_vec().into();
    vec![
        (wire::text(to, "hello"), Some(Message::text("hello"))),
        (wire::frame(to, PING, b"there?"), Some(Message::Ping(bytes(b"there?")))),
        (wire::binary(to, &[]), Some(Message::binary(Vec::new()))),
        (wire::frame(to, TEXT, "Grüße, ".as_bytes()), None),
        (wire::frame(to, PONG, b"unasked"), Some(Message::Pong(bytes(b"unasked")))),
        (continuation(0, b""), None),
        (continuation(FIN, "世界".as_bytes()), Some(Message::text("Grüße, 世界"))),
        (wire::binary(to, &pattern(300)), Some(Message::binary(pattern(300)))),
        (wire::frame(to, PING, &[]), Some(Message::Ping(bytes(&[])))),
        (wire::frame(to, BINARY, &pattern(130)), None),
        (
            continuation(FIN, &pattern(200)),
            Some(Message::binary([pattern(130), pattern(200)].concat())),
        ),
        (wire::text(to, ""), Some(Message::text(""))),
    ]
}

/// The frames of [`parts`].
pub(crate) fn wire(to: Role) -> Vec<u8> {
    parts(to).into_iter().flat_map(|(frame, _)| frame).collect()
}

/// The messages of [`parts`].
pub(crate) fn messages() -> Vec<Message> {
    parts(Role::Client).into_iter().filter_map(|(_, message)| message).collect()
}

/// The messages of [`parts`] that are complete after `len` bytes.
pub(crate) fn messages_within(to: Role, len: usize) -> Vec<Message> {
    let mut end = 0;
    let complete = parts(to).into_iter().take_while(|(frame, _)| {
        end += frame.len();
        end <= len
    });
    complete.filter_map(|(_, message)| message).collect()
}

/// The pongs to [`parts`].
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
