use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use crate::failure::{Result, bail};
use crate::process::Process;

/// A loopback address that nobody listens on.
pub(crate) fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Waits until a process that was just started accepts connections.
pub(crate) fn wait(address: SocketAddr, process: &mut Process, limit: Duration) -> Result {
    let deadline = Instant::now() + limit;
    while TcpStream::connect(address).is_err() {
        if let Some(status) = process.ended()? {
            bail!("the process that was to listen on {address} ended ({status})");
        }
        if Instant::now() > deadline {
            bail!("nothing listens on {address} after {} s", limit.as_secs());
        }
        // Nothing tells of a port that opens; it is asked for again.
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
