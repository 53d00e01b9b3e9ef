use crate::failure::{Context as _, Result, bail};
use crate::probes::server::Server;
use crate::wire::{Wire, request};

/// Another method than GET gets 405 with the list of those that are allowed (RFC 9110 §15.5.6).
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let mut wire = Wire::connect(server.address)?;
    wire.send(request(server.address, "POST", "/", 13).as_bytes())?;
    let head = wire.head()?.context("no answer")?;
    let allowed = head.field("Allow").unwrap_or_default();
    if head.status != 405 || !allowed.split(',').any(|method| method.trim() == "GET") {
        bail!("{head}");
    }
    Ok(format!("405, Allow: {allowed}"))
}
