//! Encodes messages into the output: small ones are copied, large ones queued.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ws_proto::{Compression, Connection, Payload, Prepared, Role, SendError};

use crate::message::Message;
use crate::output::{LARGE, Output};

/// How data is framed.
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    /// A message.
    Message,
    /// A fragment of a message, the last one or not.
    Fragment { fin: bool },
}

/// Sends borrowed or owned data of the application.
#[inline]
pub(crate) fn send(
    connection: &mut Connection,
    output: &mut Output,
    data: Payload<'_>,
    framing: Framing,
    compression: Compression,
) -> Result<(), SendError> {
    match data {
        Payload::Text(Cow::Owned(_)) | Payload::Binary(Cow::Owned(_))
            if data.as_bytes().len() >= LARGE =>
        {
            queue(connection, output, data, framing, compression, Bytes::copy_from_slice)
        }
        data => append(connection, output, data, framing, compression),
    }
}

pub(crate) fn send_owned(
    connection: &mut Connection,
    output: &mut Output,
    message: &Message,
    compression: Compression,
) -> Result<(), SendError> {
    let (data, owner, framing) = match message {
        Message::Text(text) => ((&**text).into(), text.as_bytes(), Framing::Message),
        Message::Binary(data) => ((&**data).into(), data, Framing::Message),
        Message::TextChunk { data, fin } => {
            ((&**data).into(), data.as_bytes(), Framing::Fragment { fin: *fin })
        }
        Message::BinaryChunk { data, fin } => {
            ((&**data).into(), data, Framing::Fragment { fin: *fin })
        }
        Message::Ping(payload) => return connection.ping(payload, output.tail()),
        Message::Pong(payload) => return connection.pong(payload, output.tail()),
        Message::Close(close) => return connection.close(close.clone(), output.tail()),
    };
    if owner.len() < LARGE {
        return append(connection, output, data, framing, compression);
    }
    queue(connection, output, data, framing, compression, |_| owner.clone())
}

/// Sends a message that was encoded once for many connections.
pub(crate) fn send_prepared(
    connection: &mut Connection,
    output: &mut Output,
    prepared: &Prepared,
) -> Result<(), SendError> {
    if prepared.payload().len() < LARGE || connection.role() == Role::Client {
        return connection.send_prepared(prepared, output.tail());
    }
    connection.poll_transmit(output.tail());
    let frame = Arc::clone(connection.prepared(prepared)?);
    output.push_payload(Bytes::from_owner(frame));
    Ok(())
}

#[inline]
fn append(
    connection: &mut Connection,
    output: &mut Output,
    data: Payload<'_>,
    framing: Framing,
    compression: Compression,
) -> Result<(), SendError> {
    let output = output.tail();
    match framing {
        Framing::Message => connection.send_with(data, compression, output),
        Framing::Fragment { fin } => connection.send_fragment_with(data, fin, compression, output),
    }
}

/// Appends the header of a frame and queues its payload. `share` returns a borrowed payload that is
/// neither masked nor compressed.
fn queue(
    connection: &mut Connection,
    output: &mut Output,
    data: Payload<'_>,
    framing: Framing,
    compression: Compression,
    share: impl FnOnce(&[u8]) -> Bytes,
) -> Result<(), SendError> {
    connection.poll_transmit(output.tail());
    let frame = match framing {
        Framing::Message => connection.encode_with(data, compression),
        Framing::Fragment { fin } => connection.encode_fragment(data, fin, compression),
    }?;
    output.tail().extend_from_slice(frame.header());
    output.push_payload(match frame.into_payload() {
        Cow::Borrowed(lent) => share(lent),
        Cow::Owned(payload) => payload.into(),
    });
    Ok(())
}
