//! The asynchronous WebSocket loop, over `futures-io` streams, for any runtime.

mod accept;
mod batch;
mod connect;
mod error;
mod input;
mod message;
mod opening;
mod output;
mod pool;
mod send;
mod socket;
mod split;
mod timer;
mod web_socket;

pub use accept::{Incoming, accept};
pub use batch::Batch;
pub use bytes::Bytes;
pub use bytestring::ByteString;
pub use connect::connect;
pub use error::{Error, HandshakeError, TrySendError};
pub use message::Message;
pub use split::{ReadHalf, WriteHalf};
pub use timer::Timer;
pub use web_socket::WebSocket;
pub use ws_proto::{
    self as proto, Close, CloseCode, Closed, Config, Delivery, Event, Instant, Limits, client,
    server,
};
