//! The asynchronous WebSocket loop, over `futures-io` streams, for any runtime.
//!
//! Use it directly with smol and other runtimes whose streams have the `futures-io` traits; for Tokio
//! there is `ws-tokio`. A runtime provides a byte stream and a [`Timer`] of two methods.
//!
//! [`accept`] and [`connect_on`] open a [`WebSocket`]. It lends events in batches
//! ([`WebSocket::read`]), returns owned messages ([`WebSocket::recv`], `Stream`, `Sink`), or splits
//! into halves for two tasks ([`WebSocket::split`]). [`proto`] implements the protocol.
//!
//! [`serve`] provides robust servers, for runtimes with tasks; [`Shutdown`] closes connections
//! together.
//!
//! [`WebSocket::send`] returns when the stream has accepted the message. [`WebSocket::feed`] leaves
//! writing to the next `recv`, which writes before it waits: in a loop of the two, the replies to all
//! messages of one read are sent in one write.
//!
//! An idle connection owns no buffer: read and write buffers belong to the thread, at most a
//! few of about 64 KiB each, and one of 256 KiB for reading large messages.
//!
//! # Features
//!
//! - `deflate` (default): permessage-deflate, enabled per connection by [`Config`].
//! - `simdutf8` (default): validates text with SIMD instructions. The `unsafe` is that crate's own.
//! - `tracing`: logs the start and end of connections, and kinds and sizes of messages.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod batch;
mod connect;
mod error;
mod input;
mod lock;
mod message;
mod opening;
mod output;
mod output_queue;
mod pool;
mod send;
mod sending;
pub mod serve;
mod shutdown;
mod socket;
mod split;
mod tasks;
mod timer;
mod trace;
mod web_socket;

pub use accept::{Incoming, accept};
pub use batch::Batch;
pub use bytes::Bytes;
pub use bytestring::ByteString;
pub use connect::connect_on;
pub use error::{Error, HandshakeError, TrySendError};
pub use message::Message;
pub use shutdown::{Drained, Shutdown, ShutdownGuard};
pub use split::{ReadHalf, ReadHalfBatch, ReuniteError, WriteHalf};
pub use timer::Timer;
pub use web_socket::WebSocket;
pub use ws_proto::{
    self as proto, Close, CloseCode, Closed, Compression, Config, Delivery, ErrorKind, Event,
    Initiator, Instant, Limits, MAX_REASON, Payload, Prepared, Role, SendError, State, Stats,
    Traffic, client, server,
};
#[cfg(feature = "deflate")]
pub use ws_proto::{Deflate, EnginePool, Offers};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
