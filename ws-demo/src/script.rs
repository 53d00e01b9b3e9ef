//! The demonstration.

use std::error::Error;
use std::io::Write;

pub(crate) async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "=== WebSocket Server Demo ===")?;
    Ok(())
}
