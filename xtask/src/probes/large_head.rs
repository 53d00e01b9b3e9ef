use core::fmt::Write as _;

use crate::failure::{Result, bail};
use crate::probes::server::Server;
use crate::wire::{Wire, request};

const FIELDS: usize = 1024;

/// A head without measure gets 431 or, when the peer does not stop to listen, the end of the
/// connection.
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let mut text = request(server.address, "GET", "/", 13);
    text.truncate(text.len() - "\r\n".len());
    let value = "x".repeat(1024);
    for number in 0..FIELDS {
        write!(text, "X-Fill-{number}: {value}\r\n").expect("a string takes everything");
    }
    text.push_str("\r\n");

    let mut wire = Wire::connect(server.address)?;
    // The server may end the connection long before all is sent.
    let sent = wire.send(text.as_bytes());
    match wire.head()? {
        Some(head) if head.status == 431 => Ok("431".to_owned()),
        Some(head) => bail!("{head}"),
        None if sent.is_err() => Ok("the connection ended while the head was sent".to_owned()),
        None => Ok("the connection ended".to_owned()),
    }
}
