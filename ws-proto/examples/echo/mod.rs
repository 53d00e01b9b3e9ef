//! What the echo servers share: everything but their I/O.

mod clock;
mod options;
mod session;

pub(crate) use clock::Clock;
pub(crate) use options::Options;
pub(crate) use session::Session;

/// While there is this much unwritten output, nothing is read.
pub(crate) const HIGH_WATER: usize = 64 * 1024;
