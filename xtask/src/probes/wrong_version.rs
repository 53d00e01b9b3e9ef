use crate::failure::{Context as _, Result, bail};
use crate::probes::server::Server;
use crate::wire::{Wire, request};

/// Another version gets 426 and the one that is spoken (RFC 6455 §4.4).
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let mut wire = Wire::connect(server.address)?;
    wire.send(request(server.address, "GET", "/", 8).as_bytes())?;
    let head = wire.head()?.context("no answer")?;
    if head.status != 426 || head.field("Sec-WebSocket-Version") != Some("13") {
        bail!("{head}");
    }
    Ok("426, Sec-WebSocket-Version: 13".to_owned())
}
