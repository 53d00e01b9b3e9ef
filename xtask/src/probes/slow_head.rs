use core::time::Duration;
use std::time::Instant;

use crate::failure::{Result, bail};
use crate::probes::server::Server;
use crate::wire::{Arrival, Wire, request};

/// A server with a handshake timeout of one second needs no longer than this to act on it.
const LIMIT: Duration = Duration::from_secs(4);

/// Ending sooner would be for some other reason than the timeout.
const EARLIEST: Duration = Duration::from_millis(500);

/// How long is waited for an answer to each byte.
const PACE: Duration = Duration::from_millis(50);

/// Bytes that keep coming, one at a time, do not make the time for the handshake longer.
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let text = request(server.address, "GET", &format!("/{}", "slow".repeat(256)), 13);
    let start = Instant::now();
    let mut wire = Wire::connect(server.address)?;
    for byte in text.as_bytes() {
        let sent = wire.send(&[*byte]);
        let time = start.elapsed();
        if sent.is_err() || wire.read(PACE)? == Arrival::End {
            if time < EARLIEST {
                bail!("the connection ended at once, after {} ms", time.as_millis());
            }
            return Ok(format!("the connection ended after {} ms", time.as_millis()));
        }
        if time > LIMIT {
            bail!("the connection is still open after {} ms", time.as_millis());
        }
    }
    bail!("the head was taken to its end")
}
