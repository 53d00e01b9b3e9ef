//! Rooms, members, fan-out and bounded outboxes for WebSocket servers, on any runtime.
//!
//! Each connection enters a [`Hub`] as a [`Member`], which its task holds. [`Member::read`] stands in
//! for [`WebSocket::read`](ws_futures::WebSocket::read): it waits for input and, meanwhile, sends what
//! other members have published.
//!
//! ```
//! use std::sync::Arc;
//!
//! use ws_futures::{Error, Event, Prepared, Timer, WebSocket};
//! use ws_hub::{Hub, To};
//! # use futures_io::{AsyncRead, AsyncWrite};
//!
//! /// Publishes the messages of each member to the others in the room.
//! async fn chat<Io, T>(
//!     mut socket: WebSocket<Io, T>,
//!     hub: Hub<u64>,
//!     key: u64,
//!     room: Arc<str>,
//! ) -> Result<(), Error>
//! where
//!     Io: AsyncRead + AsyncWrite + Unpin,
//!     T: Timer,
//! {
//!     let Ok(mut member) = hub.enter(key, ()) else { return Ok(()) };
//!     member.join(room.clone()).expect("the first room");
//!     while let Some(mut batch) = member.read(&mut socket).await? {
//!         while let Some(event) = batch.next() {
//!             if let Event::Text(text) = event {
//!                 member.publish(To::Room(&room), Prepared::new(text)).expect("a member");
//!             }
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Slow members
//!
//! Publishing never waits, so the output queued for a member is bounded: in bytes, by
//! [`OutboxLimits::capacity`] and the 64 KiB that the socket itself holds; and in time, by
//! [`OutboxLimits::timeout`], within which the connection must accept some of its output. [`SlowPolicy`]
//! decides what happens to a member over either limit: it is closed with 1013, or misses messages. A
//! message is encoded once, and all outboxes refer to the same bytes; `Prepared::deflated` also compresses
//! it once.
//!
//! # Back-pressure
//!
//! A peer whose output is full is not read from: a client that publishes must also read what it is sent.
//!
//! # Counting
//!
//! This crate neither logs nor counts. [`Hub::publish`] returns the outcome of publishing a message;
//! [`Member::next_event`], of which [`Member::read`] is a short form, returns what was sent and missed.
//!
//! # History
//!
//! With [`HubConfig::history`], a room keeps its latest messages, and numbers them. A member that was
//! disconnected joins again with the [position](Position) of the latest message that it has received
//! ([`Member::join_with`]), and receives what it has missed, in order and once, before anything newer.
//! [`Member::publish_to_room`] encodes a message with its position.
//!
//! # Presence
//!
//! [`Hub::members`] lists the members of a room. A member that [watches](JoinOptions::watch) a room is
//! notified of those that enter and exit ([`Hub::announce_presence`]).
//!
//! # Several nodes
//!
//! An [`Engine`] connects the hubs of several processes through a broker of any kind.
//!
//! # Features
//!
//! None. `Prepared::deflated` requires feature `deflate` of the crate that provides the sockets.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod engine;
mod history;
mod hub;
mod leaving;
mod member;
mod ordered;
mod outbox;
mod presence;
mod progress;
mod published;
mod room;
mod rooms;
mod roster;
mod shards;
mod shared;
mod socket;

pub use engine::{Engine, Memory, Opened, To};
pub use history::{HistoryLimits, HistoryPage, Position, RoomHistory};
pub use hub::{Hub, KeyTaken, Members};
pub use leaving::Drain;
pub use member::{JoinError, Joined, Member, NotInRoom};
pub use outbox::{OutboxLimits, SlowPolicy};
pub use presence::PresenceChange;
pub use published::Published;
pub use room::JoinOptions;
pub use shared::HubConfig;
pub use socket::{CloseCause, MemberEvent};

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
