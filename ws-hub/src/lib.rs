//! Rooms, members, fan-out and bounded outboxes for WebSocket servers, on any runtime.
//!
//! Each connection enters a [`Hub`] as a [`Member`], which its task holds. [`Member::read`] stands in
//! for [`WebSocket::read`](ws_futures::WebSocket::read): it waits for input, and sends meanwhile what
//! others have published.
//!
//! ```
//! use std::sync::Arc;
//!
//! use ws_futures::{Error, Event, Prepared, Timer, WebSocket};
//! use ws_hub::{Hub, To};
//! # use futures_io::{AsyncRead, AsyncWrite};
//!
//! /// Hands what each member of a room says to the others.
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
//! Publishing never waits, so what a member does not take must be bounded: in bytes, by
//! [`OutboxLimits::capacity`] and the 64 KiB that the socket itself holds, and in time, by
//! [`OutboxLimits::timeout`], in which the connection must take some of its output. What becomes of a member
//! over either is [`SlowPolicy`]: it is closed with 1013, or misses messages. A message is encoded once, and
//! all outboxes refer to the same bytes; `Prepared::deflated` compresses it once, too.
//!
//! # Back-pressure
//!
//! A peer whose output is full is not read from: one that publishes must take what it is sent.
//!
//! # Counting
//!
//! Nothing is logged or counted here. [`Hub::publish`] returns what became of a message, and
//! [`Member::next_event`], which [`Member::read`] is a short form of, what was sent and missed.
//!
//! # Several nodes
//!
//! An [`Engine`] connects the hubs of several processes over a broker of any kind.
//!
//! # Features
//!
//! None. `Prepared::deflated` is feature `deflate` of the crate that the sockets come from.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod engine;
mod hub;
mod leaving;
mod member;
mod outbox;
mod progress;
mod rooms;
mod roster;
mod shards;
mod shared;
mod socket;

pub use engine::{Engine, Memory, Opened, To};
pub use hub::{Hub, KeyTaken, Members};
pub use leaving::Drain;
pub use member::{JoinError, Joined, Member, NotInRoom};
pub use outbox::{OutboxLimits, SlowPolicy};
pub use shared::{HubConfig, Published};
pub use socket::{CloseCause, MemberEvent};

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
