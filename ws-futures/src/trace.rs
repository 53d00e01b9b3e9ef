//! The events that the loop emits with feature `tracing`.
//!
//! The start and end of connections are events of level DEBUG, messages and control frames of TRACE, with
//! kind and size. Payloads and header fields, which may contain secrets, are never logged.

#![cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "used by tracing events only")
)]

use ws_proto::client::Response;
use ws_proto::server::{Rejection, ServerRequest};
use ws_proto::{Connection, Event, Payload, Prepared};

use crate::error::Error;
use crate::message::Message;
#[cfg(feature = "tracing")]
use crate::serve::ConnectionError;
use crate::serve::ServeError;

pub(crate) fn accepted(request: &ServerRequest) {
    #[cfg(feature = "tracing")]
    tracing::debug!(path = request.path(), host = request.host(), "accepted");
}

pub(crate) fn rejected(rejection: &Rejection) {
    #[cfg(feature = "tracing")]
    tracing::debug!(status = rejection.status(), reason = %rejection, "rejected");
}

pub(crate) fn connected(response: &Response) {
    #[cfg(feature = "tracing")]
    tracing::debug!(subprotocol = response.subprotocol(), "connected");
}

pub(crate) fn refused(response: &Response) {
    #[cfg(feature = "tracing")]
    tracing::debug!(status = response.status(), "refused");
}

#[inline]
pub(crate) fn received(event: &Event<'_>) {
    #[cfg(feature = "tracing")]
    match event {
        Event::Text(text) => frame("received", "text", text.len()),
        Event::Binary(data) => frame("received", "binary", data.len()),
        Event::TextChunk { data, .. } => frame("received", "text chunk", data.len()),
        Event::BinaryChunk { data, .. } => frame("received", "binary chunk", data.len()),
        Event::Ping(payload) => frame("received", "ping", payload.len()),
        Event::Pong(payload) => frame("received", "pong", payload.len()),
        Event::Close(close) => frame("received", "close", close.reason.len()),
    }
}

/// The logged properties of a message: kind and size.
#[derive(Clone, Copy)]
pub(crate) struct Summary {
    kind: &'static str,
    len: usize,
}

impl From<&Message> for Summary {
    #[inline]
    fn from(message: &Message) -> Self {
        let kind = match message {
            Message::Text(_) => "text",
            Message::Binary(_) => "binary",
            Message::TextChunk { .. } => "text chunk",
            Message::BinaryChunk { .. } => "binary chunk",
            Message::Ping(_) => "ping",
            Message::Pong(_) => "pong",
            Message::Close(_) => "close",
        };
        Self { kind, len: message.as_bytes().len() }
    }
}

impl From<&Payload<'_>> for Summary {
    #[inline]
    fn from(message: &Payload<'_>) -> Self {
        let kind = match message {
            Payload::Text(_) => "text",
            Payload::Binary(_) => "binary",
        };
        Self { kind, len: message.as_bytes().len() }
    }
}

impl From<&Prepared> for Summary {
    #[inline]
    fn from(prepared: &Prepared) -> Self {
        Self { kind: "prepared", len: prepared.payload().len() }
    }
}

#[inline]
pub(crate) fn sent(Summary { kind, len }: Summary) {
    #[cfg(feature = "tracing")]
    frame("sent", kind, len);
}

#[cfg(feature = "tracing")]
fn frame(direction: &'static str, kind: &'static str, len: usize) {
    tracing::trace!(kind, len, "{direction}");
}

/// An error of accepting, or of one connection of a server.
pub(crate) fn serve_error<A: std::fmt::Debug>(error: &ServeError<A>) {
    #[cfg(feature = "tracing")]
    match error {
        ServeError::Accept { error, unreported } => {
            tracing::warn!(%error, unreported, "cannot accept");
        }
        ServeError::Connection { peer, error: error @ ConnectionError::Panicked } => {
            tracing::error!(?peer, "{error}");
        }
        ServeError::Connection { peer, error } => tracing::debug!(?peer, %error, "failed"),
        ServeError::Excess { peer } => tracing::debug!(?peer, "too many without a request"),
    }
}

/// The connection has ended, with or without an error.
pub(crate) fn ended(connection: &Connection, error: Option<&Error>) {
    #[cfg(feature = "tracing")]
    {
        let closed = connection.closed();
        let stats = connection.stats();
        tracing::debug!(
            received = closed.and_then(|closed| closed.received.as_ref()).map(code),
            sent = closed.and_then(|closed| closed.sent.as_ref()).map(code),
            initiator = closed.map(|closed| tracing::field::debug(closed.initiator)),
            clean = closed.is_some_and(|closed| closed.is_clean()),
            error = error.map(tracing::field::display),
            messages_received = stats.received.messages,
            messages_sent = stats.sent.messages,
            "ended"
        );
    }
}

#[cfg(feature = "tracing")]
fn code(close: &ws_proto::Close<'_>) -> u16 {
    close.code.get()
}
