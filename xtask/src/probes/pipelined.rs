use crate::failure::{Context as _, Result};
use crate::probes::server::Server;
use crate::wire::{PING, PONG, TEXT, Wire, masked, request};

/// Frames that come with the request, in one packet, are answered.
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let mut packet = request(server.address, "GET", "/", 13).into_bytes();
    packet.extend(masked(TEXT, b"early"));
    packet.extend(masked(PING, b"too"));
    let mut wire = Wire::connect(server.address)?;
    wire.send(&packet)?;
    wire.upgraded()?;

    let (mut echoed, mut ponged) = (false, false);
    while !(echoed && ponged) {
        let frame = wire.frame()?.context("the connection ended before all was answered")?;
        echoed |= server.is_reply(&frame, "early");
        ponged |= frame.opcode == PONG && frame.payload == b"too";
    }
    Ok("echo and pong".to_owned())
}
