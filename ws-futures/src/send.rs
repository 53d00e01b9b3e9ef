//! Messages into output: small ones are copied, large ones queued.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ws_proto::{Connection, Prepared, Role, SendError};

use crate::message::Message;
use crate::output::{LARGE, Output};

/// Sends what the application lends or gives away.
#[inline]
pub(crate) fn send(
    connection: &mut Connection,
    output: &mut Output,
    message: ws_proto::Message<'_>,
) -> Result<(), SendError> {
    match message {
        ws_proto::Message::Text(Cow::Owned(text)) if text.len() >= LARGE => {
            send_given(connection, output, text.into())
        }
        ws_proto::Message::Binary(Cow::Owned(data)) if data.len() >= LARGE => {
            send_given(connection, output, data.into())
        }
        message => connection.send(message, output.tail()),
    }
}

pub(crate) fn send_owned(
    connection: &mut Connection,
    output: &mut Output,
    message: Message,
) -> Result<(), SendError> {
    match message {
        Message::Text(text) if text.len() >= LARGE => {
            let masked = encode(connection, output, (&*text).into())?;
            output.push_payload(masked.unwrap_or_else(|| text.into_bytes()));
            Ok(())
        }
        Message::Binary(data) if data.len() >= LARGE => {
            let masked = encode(connection, output, (&*data).into())?;
            output.push_payload(masked.unwrap_or(data));
            Ok(())
        }
        Message::Text(text) => connection.send(&*text, output.tail()),
        Message::Binary(data) => connection.send(&*data, output.tail()),
        Message::Ping(payload) => connection.ping(&payload, output.tail()),
        Message::Pong(payload) => connection.pong(&payload, output.tail()),
        Message::Close(close) => connection.close(close, output.tail()),
    }
}

/// Sends a message that was encoded once for many.
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

fn send_given(
    connection: &mut Connection,
    output: &mut Output,
    message: ws_proto::Message<'static>,
) -> Result<(), SendError> {
    connection.poll_transmit(output.tail());
    let frame = connection.encode(message)?;
    output.tail().extend_from_slice(frame.header());
    output.push_payload(frame.into_payload().into_owned().into());
    Ok(())
}

/// Appends the header of a frame whose payload is kept elsewhere; returns the payload if it had to
/// be masked or compressed.
fn encode(
    connection: &mut Connection,
    output: &mut Output,
    message: ws_proto::Message<'_>,
) -> Result<Option<Bytes>, SendError> {
    connection.poll_transmit(output.tail());
    let frame = connection.encode(message)?;
    output.tail().extend_from_slice(frame.header());
    Ok(match frame.into_payload() {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(masked.into()),
    })
}
