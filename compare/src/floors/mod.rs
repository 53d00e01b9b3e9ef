//! The least loops that work, without the features of an implementation: what can be reached.

mod bare;
mod copy_and_xor;
mod handshake;
mod header;
mod raw_epoll;
mod raw_tokio;
mod rewriter;

pub(crate) use bare::CONTESTANT as BARE;
pub(crate) use copy_and_xor::CONTESTANT as COPY_AND_XOR;
pub(crate) use raw_epoll::CONTESTANT as RAW_EPOLL;
pub(crate) use raw_tokio::CONTESTANT as RAW_TOKIO;
