//! Connections that have exchanged compressed messages.

use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::echo::Echo;
use crate::failure::{Result, bail};
use crate::memory::Memory;
use crate::note;
use crate::wire::{COMPRESSED, TEXT, Wire, masked, request};

pub(super) const CONNECTIONS: u64 = 1_000;
const MESSAGES: usize = 100;
const MESSAGE: usize = 2048;

/// Two histories of 4 KiB each, what the connection itself takes, and its part of the pool.
const MAX_BYTES_EACH: u64 = 16 * 1024;

/// Memory that has not changed for so long has been given back, as far as it will be. Connections
/// give their engines back within two seconds.
const SETTLED: Duration = Duration::from_secs(4);
const SETTLING: Duration = Duration::from_secs(60);

pub(super) fn run(program: &Path) -> Result {
    let server = Echo::start(program, &["--deflate"], "idle-compressed")?;
    // The pool of engines belongs to what is measured: this connection does not fill it.
    let _first = open(&server)?;
    let before = Memory::of(server.process.id())?;
    let mut wires = Vec::new();
    for _ in 0..CONNECTIONS {
        wires.push(open(&server)?);
    }
    for i in 0..MESSAGES {
        for wire in &mut wires {
            wire.send(&message(i))?;
        }
        wires.iter_mut().try_for_each(expect)?;
    }
    let busy = Memory::of(server.process.id())?;
    let idle = settled(server.process.id())?;

    let each =
        |memory: Memory| memory.resident.saturating_sub(before.resident) * 1024 / CONNECTIONS;
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

fn open(server: &Echo) -> Result<Wire> {
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

/// The echo has come, smaller than the message.
fn expect(wire: &mut Wire) -> Result {
    match wire.frame()? {
        Some(frame) if frame.opcode == TEXT && frame.payload.len() < MESSAGE => Ok(()),
        frame => bail!("instead of a compressed echo there came {frame:?}"),
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

fn settled(process: u32) -> Result<Memory> {
    let begin = Instant::now();
    let (mut memory, mut since) = (Memory::of(process)?, Instant::now());
    while since.elapsed() < SETTLED {
        if begin.elapsed() > SETTLING {
            bail!("the memory of the server has not settled within {} s", SETTLING.as_secs());
        }
        // Nothing tells that a process gives memory back.
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
