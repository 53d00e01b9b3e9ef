//! The opening handshake (RFC 6455 §4).

mod body;
mod characters;
pub mod client;
pub(crate) mod extensions;
pub(crate) mod head;
pub(crate) mod headers;
mod host;
mod key;
pub mod server;

pub use headers::{Headers, InvalidHeader};
