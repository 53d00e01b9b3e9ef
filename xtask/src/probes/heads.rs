//! Requests that are wrong, too large, too slow, or sent together with frames.

use core::fmt::Write as _;
use core::time::Duration;
use std::time::Instant;

use ws_tokio::proto::client::Response;
use ws_tokio::proto::{Config, Connection, Event};

use crate::failure::{Context as _, Result, bail};
use crate::probes::server::Server;
use crate::wire::{Arrival, Wire, request};

/// The header fields of a large head, each of 1 KiB.
const FIELDS: usize = 1024;

/// A handshake timeout of one second is enforced within this time, and not before `EARLIEST`, which
/// would indicate another reason.
const LATEST: Duration = Duration::from_secs(4);
const EARLIEST: Duration = Duration::from_millis(500);

/// The wait for an answer after each byte.
const PACE: Duration = Duration::from_millis(50);

/// Another version gets 426 and the supported one (RFC 6455 §4.4).
pub(crate) fn wrong_version(server: &mut Server) -> Result<String> {
    let response = changed(server, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8")?;
    if response.status() != 426 || response.header("Sec-WebSocket-Version") != Some("13") {
        bail!("{response:?}");
    }
    Ok("426, Sec-WebSocket-Version: 13".to_owned())
}

/// Another method than GET gets 405 with the list of those that are allowed (RFC 9110 §15.5.6).
pub(crate) fn wrong_method(server: &mut Server) -> Result<String> {
    let response = changed(server, "GET ", "POST ")?;
    let allowed = response.header("Allow").unwrap_or_default();
    if response.status() != 405 || !allowed.split(',').any(|method| method.trim() == "GET") {
        bail!("{response:?}");
    }
    Ok(format!("405, Allow: {allowed}"))
}

/// The response to a request with a part of it replaced.
fn changed(server: &Server, right: &str, wrong: &str) -> Result<Response> {
    let (request, handshake) = request(server.address, "/")?;
    let mut wire = Wire::connect(server.address)?;
    wire.send(request.replacen(right, wrong, 1).as_bytes())?;
    wire.response(handshake)?.context("no answer")
}

/// A head of 1 MiB gets 431 or, if the peer does not stop sending to receive it, the end of the
/// connection.
pub(crate) fn large(server: &mut Server) -> Result<String> {
    let (mut request, handshake) = request(server.address, "/")?;
    request.truncate(request.len() - "\r\n".len());
    let value = "x".repeat(1024);
    for number in 0..FIELDS {
        write!(request, "X-Fill-{number}: {value}\r\n").expect("writing into a string");
    }
    request.push_str("\r\n");
    let mut wire = Wire::connect(server.address)?;
    // The server may end the connection long before all is sent.
    let _ = wire.send(request.as_bytes());
    match wire.response(handshake)? {
        Some(response) if response.status() == 431 => Ok("431".to_owned()),
        Some(response) => bail!("{response:?}"),
        None => Ok("the connection ended".to_owned()),
    }
}

/// Bytes that keep arriving, one at a time, do not extend the handshake timeout.
pub(crate) fn slow(server: &mut Server) -> Result<String> {
    let (request, _) = request(server.address, &format!("/{}", "slow".repeat(256)))?;
    let start = Instant::now();
    let mut wire = Wire::connect(server.address)?;
    for byte in request.as_bytes() {
        let sent = wire.send(&[*byte]);
        let time = start.elapsed();
        if sent.is_err() || wire.read(PACE)? == Arrival::End {
            if time < EARLIEST {
                bail!("the connection ended at once, after {} ms", time.as_millis());
            }
            return Ok(format!("the connection ended after {} ms", time.as_millis()));
        }
        if time > LATEST {
            bail!("the connection is still open after {} ms", time.as_millis());
        }
    }
    bail!("the whole head was accepted")
}

/// Frames that arrive with the request, in one packet, are answered.
pub(crate) fn pipelined(server: &mut Server) -> Result<String> {
    let (request, handshake) = request(server.address, "/")?;
    let mut packet = request.into_bytes();
    let mut early = Connection::client(Config::default(), [7; 32]);
    early.send("early", &mut packet).context("a text")?;
    early.ping(b"too", &mut packet).context("a ping")?;
    let mut wire = Wire::connect(server.address)?;
    wire.send(&packet)?;
    match wire.response(handshake)? {
        Some(response) if response.status() == 101 => {}
        response => bail!("the handshake was answered by {response:?}"),
    }
    let (mut echoed, mut ponged) = (false, false);
    wire.wait_for(|event| {
        echoed |= server.is_reply(event, "early");
        ponged |= matches!(event, Event::Pong(payload) if **payload == *b"too");
        echoed && ponged
    })?;
    Ok("echo and pong".to_owned())
}
