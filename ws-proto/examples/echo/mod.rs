//! What the echo servers share, which is all but their I/O.

mod clock;
mod options;
mod session;

pub(crate) use clock::Clock;
pub(crate) use options::Options;
pub(crate) use session::Session;

/// From so much unwritten output on, nothing is read.
pub(crate) const HIGH_WATER: usize = 64 * 1024;
