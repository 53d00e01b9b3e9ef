//! Connections that have exchanged compressed messages.

use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::echo::Echo;
use crate::failure::{Result, bail};
use crate::memory::Memory;
use crate::note;
use crate::wire::{COMPRESSED, PING, TEXT, Wire, masked, request};

pub(super) const CONNECTIONS: u64 = 1_000;
const MESSAGES: usize = 100;
const MESSAGE: usize = 2048;

/// Two histories of 4 KiB each, what the connection itself takes, and its part of the pool.
const MAX_BYTES_EACH: u64 = 16 * 1024;

/// Memory whose size has not changed for this long is as small as it gets. Connections return their
/// engines within two seconds.
const SETTLED: Duration = Duration::from_secs(4);
const SETTLING: Duration = Duration::from_secs(60);

pub(super) fn run(program: &Path) -> Result {
    let server = Echo::start(program, &["--deflate"], "idle-compressed")?;
    let process = server.process.id();
    // The pool of engines belongs to what is measured: this connection does not fill it.
    let _first = open(&server)?;
    let before = Memory::of(process)?;
    let _clients = converse(&server, CONNECTIONS)?;
    let busy = Memory::of(process)?;
    let idle = settled(process)?;

    let each = |memory: Memory| memory.since(before) * 1024 / CONNECTIONS;
    note::print(&format!(
        "{} bytes for each of {CONNECTIONS} connections after {MESSAGES} compressed messages, {} when \
         they were idle",
        each(busy),
        each(idle),
    ));
    if each(idle) > MAX_BYTES_EACH {
        bail!("an idle connection takes {} bytes, more than {MAX_BYTES_EACH}", each(idle));
    }
    Ok(())
}

/// Opens connections that exchange messages.
pub(super) fn converse(server: &Echo, connections: u64) -> Result<Vec<Wire>> {
    let mut wires = (0..connections).map(|_| open(server)).collect::<Result<Vec<_>>>()?;
    for i in 0..MESSAGES {
        for wire in &mut wires {
            wire.send(&message(i))?;
        }
        wires.iter_mut().try_for_each(expect)?;
    }
    Ok(wires)
}

pub(super) fn open(server: &Echo) -> Result<Wire> {
    let mut wire = Wire::connect(server.address)?;
    let mut request = request(server.address, "GET", "/", 13);
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    request.insert_str(request.len() - 2, offer);
    wire.send(request.as_bytes())?;
    match wire.head()? {
        Some(head) if head.field("Sec-WebSocket-Extensions").is_some() => Ok(wire),
        Some(head) => bail!("the handshake was answered by: {head}"),
        None => bail!("the connection ended before the handshake was done"),
    }
}

/// The echo has arrived, smaller than the message. A ping before it needs no pong: the next message
/// counts as well.
fn expect(wire: &mut Wire) -> Result {
    loop {
        match wire.frame()? {
            Some(frame) if frame.opcode == PING => {}
            Some(frame) if frame.opcode == TEXT && frame.payload.len() < MESSAGE => return Ok(()),
            frame => bail!("expected a compressed echo, received {frame:?}"),
        }
    }
}

/// A compressed message, of stored blocks (RFC 1951 §3.2.4): that is what a deflater may send, and
/// what this side can make.
fn message(i: usize) -> Vec<u8> {
    let item = |k| format!(r#"{{"id":{},"name":"item {i}-{k}","tags":["a","b"]}},"#, i * 7919 + k);
    let mut text: String = (0..).map(item).take(MESSAGE / 30).collect();
    text.truncate(MESSAGE);
    let length = u16::try_from(MESSAGE).expect("a block");
    let mut payload = vec![0];
    payload.extend(length.to_le_bytes());
    payload.extend((!length).to_le_bytes());
    payload.extend(text.as_bytes());
    // The flush, less the bytes that RFC 7692 takes from it (§7.2.1).
    payload.push(0);
    masked(COMPRESSED | TEXT, &payload)
}

pub(super) fn settled(process: u32) -> Result<Memory> {
    let begin = Instant::now();
    let (mut memory, mut since) = (Memory::of(process)?, Instant::now());
    while since.elapsed() < SETTLED {
        if begin.elapsed() > SETTLING {
            bail!("the memory of the server has not settled within {} s", SETTLING.as_secs());
        }
        // A process does not notify others when it returns memory.
        thread::sleep(Duration::from_millis(100));
        let now = Memory::of(process)?;
        if now.resident != memory.resident {
            (memory, since) = (now, Instant::now());
        }
    }
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_size_it_says() {
        let frame = message(7);
        let framing = 2 + 2 + 4 + 5 + 1;
        assert_eq!(frame.len(), MESSAGE + framing);
    }
}
