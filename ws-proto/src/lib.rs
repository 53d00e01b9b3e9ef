//! A complete WebSocket connection (RFC 6455, RFC 7692) without I/O: bytes in, events and bytes out.
//!
//! The core implements the whole protocol — both opening handshakes, frames, fragmentation, control
//! frames, closing, UTF-8, compression, limits, deadlines — and nothing else: no sockets, no clock, no random
//! source, no `async`, no `unsafe`. It runs under any runtime, on bare metal (`no_std` with
//! `alloc`), in a simulation and in a fuzzer.
//!
//! - [`server::ServerHandshake`] and [`client::ClientRequest`] open a connection.
//! - [`proxy::Tunnel`] reaches a server through a proxy, before that.
//! - [`Connection`] is an open connection: its documentation has the contract.
//! - [`Config`] has the limits and deadlines, all bounded by default.
//! - [`adapter_guide`] shows how to bind it to a byte stream.
//!
//! # Features
//!
//! - `std` (default): lets the dependencies use the standard library.
//! - `deflate`: permessage-deflate, switched on by [`Config`]. Needs `std`.
//! - `simdutf8` (default): checks text with SIMD instructions. The `unsafe` is that crate's own.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod close;
mod close_code;
mod config;
mod connection;
mod credentials;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate/disabled.rs"]
mod deflate;
mod error;
mod event;
mod frame;
mod handshake;
mod mask;
mod payload;
mod prepared;
pub mod proxy;
mod stats;
mod time;
mod utf8;

#[doc = include_str!("../docs/adapter.md")]
pub mod adapter_guide {}

pub use close::{Close, Closed, Initiator, MAX_REASON};
pub use close_code::CloseCode;
pub use config::{Config, Delivery, Limits};
pub use connection::{Connection, Frame, Role, State};
pub use credentials::{Credentials, InvalidCredentials};
#[cfg(feature = "deflate")]
pub use deflate::{Deflate, EnginePool, Offers};
pub use error::{Error, ErrorKind, SendError};
pub use event::Event;
pub use handshake::{Headers, InvalidHeader, client, server};
pub use payload::{Compression, Payload};
pub use prepared::Prepared;
pub use stats::{Stats, Traffic};
pub use time::Instant;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
