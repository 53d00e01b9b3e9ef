//! A complete WebSocket connection (RFC 6455) without I/O.
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core)]
#![doc = ""]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod close;
mod config;
mod connection;
mod error;
mod event;
mod frame;
mod handshake;
mod mask;
mod message;
mod time;
mod utf8;

pub use close::{Close, CloseCode, Closed, Initiator, MAX_REASON};
pub use config::{Config, Delivery, Limits};
pub use connection::{Connection, Frame, Role, State, Stats, Traffic};
pub use error::{Error, ErrorKind, SendError};
pub use event::Event;
pub use handshake::{Headers, InvalidHeader, client, server};
pub use message::Message;
pub use time::Instant;
