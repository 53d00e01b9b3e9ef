//! permessage-deflate (RFC 7692): messages compressed with DEFLATE, in each direction separately.

mod config;
mod engine;
mod extension;
mod history;
mod negotiation;
mod pool;
mod receive;
mod send;

pub use config::{Deflate, Offers};
pub(crate) use extension::{Extension, Parameters};
pub(crate) use negotiation::{accept_offers, check_response, write_offers};
pub use pool::EnginePool;
pub(crate) use send::compress_alone;
