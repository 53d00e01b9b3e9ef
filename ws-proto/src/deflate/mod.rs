//! permessage-deflate (RFC 7692): messages compressed with DEFLATE, each direction on its own.

mod config;
mod engine;
mod extension;
mod history;
mod negotiation;
mod receive;
mod send;

pub use config::{Deflate, EnginePool};
pub(crate) use extension::{Extension, Parameters};
pub(crate) use negotiation::{accept_offers, check_response, write_offers};
pub(crate) use send::compress_alone;
