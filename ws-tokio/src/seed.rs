//! The system's randomness.

use std::io;

use rand::TryRng;
use rand::rngs::SysRng;

/// A seed for a client's generator, which must be used once.
pub(crate) fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed).map_err(io::Error::other)?;
    Ok(seed)
}
