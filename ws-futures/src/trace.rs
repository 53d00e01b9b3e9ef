//! What the loop tells `tracing`, if the feature of that name is on.
//!
//! Beginnings and ends are told at the level DEBUG, messages and control frames at TRACE, by their
//! kind and size. What a message says, and header fields, which may hold secrets, are never told.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "nobody listens"))]

use ws_proto::client::Response;
use ws_proto::server::{Rejection, Request};
use ws_proto::{Connection, Event, Prepared};

use crate::error::Error;
use crate::message::Message;

pub(crate) fn accepted(request: &Request) {
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
        _ => {}
    }
}

#[inline]
pub(crate) fn sent(message: &Message) {
    #[cfg(feature = "tracing")]
    match message {
        Message::Text(text) => frame("sent", "text", text.len()),
        Message::Binary(data) => frame("sent", "binary", data.len()),
        Message::Ping(payload) => frame("sent", "ping", payload.len()),
        Message::Pong(payload) => frame("sent", "pong", payload.len()),
        Message::Close(close) => frame("sent", "close", close.reason.len()),
    }
}

#[inline]
pub(crate) fn sent_lent(message: &ws_proto::Message<'_>) {
    #[cfg(feature = "tracing")]
    match message {
        ws_proto::Message::Text(text) => frame("sent", "text", text.len()),
        ws_proto::Message::Binary(data) => frame("sent", "binary", data.len()),
    }
}

#[inline]
pub(crate) fn sent_prepared(prepared: &Prepared) {
    #[cfg(feature = "tracing")]
    frame("sent", "prepared", prepared.payload().len());
}

#[cfg(feature = "tracing")]
fn frame(direction: &'static str, kind: &'static str, len: usize) {
    tracing::trace!(kind, len, "{direction}");
}

/// The connection has ended, with an error or without.
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
