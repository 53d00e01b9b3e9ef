//! The options and messages that `connect`, `bench` and `healthcheck` share.

mod closing;
mod failure;
mod target;
mod trust;

pub(crate) use closing::words;
pub(crate) use failure::explain;
pub(crate) use target::Target;
pub(crate) use trust::{Trust, TrustError};
