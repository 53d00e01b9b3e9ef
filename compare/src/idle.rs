//! The memory of idle connections, and the CPU time of handshakes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use ws_proto::Role;

use crate::contest::compete;
use crate::load;
use crate::mode::Mode;
use crate::peers::Bun;
use crate::process::Process;
use crate::table::{Row, Table};
use crate::{Options, Result};

/// Connections that are open before memory is measured, so that what a server allocates once is not
/// counted.
const FIRST: usize = 200;

pub(crate) fn memory(options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    let connections = if options.quick { 300 } else { 3_000 };
    let about = "Growth of the server's resident memory. Each connection has exchanged one message of 20 \
        bytes.";
    let mut table = Table::new("idle", "Memory of idle connections", "bytes per connection", about);
    let samples = compete(options, bun, Mode::Echo, 1, |process| {
        load::runtime().block_on(per_connection(process, connections))
    })?;
    table.rows.push(Row::new(format!("{connections} connections"), samples));
    table.finish();
    Ok(vec![table])
}

async fn per_connection(process: &Process, connections: usize) -> Result<f64> {
    let mut streams = load::open_all(process.address, FIRST).await?;
    exchange(&mut streams).await?;
    let before = settled(process)?;
    let mut more = load::open_all(process.address, connections).await?;
    exchange(&mut more).await?;
    let after = settled(process)?;
    Ok((after as f64 - before as f64) / connections as f64)
}

async fn exchange(streams: &mut [TcpStream]) -> Result<()> {
    let payload = [b'x'; 20];
    let request = ws_wire::binary(Role::Server, &payload);
    let expected = ws_wire::binary(Role::Client, &payload);
    for stream in streams {
        stream.write_all(&request).await?;
        let mut reply = vec![0; expected.len()];
        stream.read_exact(&mut reply).await?;
        if reply != expected {
            return Err("the echo differs from the message".into());
        }
    }
    Ok(())
}

/// Returns the resident memory when it has not changed for some time.
fn settled(process: &Process) -> Result<u64> {
    let begin = Instant::now();
    let (mut resident, mut since) = (process.resident()?, Instant::now());
    while since.elapsed() < Duration::from_millis(300) && begin.elapsed() < Duration::from_secs(5) {
        sleep(Duration::from_millis(50));
        let now = process.resident()?;
        if now != resident {
            (resident, since) = (now, Instant::now());
        }
    }
    Ok(resident)
}

pub(crate) fn handshakes(options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    let count = if options.quick { 300 } else { 3_000 };
    let about = "CPU time of the server's process for a connection: accepting it, the handshake, and its \
        end by a reset. fastwebsockets and yawc leave HTTP to hyper.";
    let mut table = Table::new("handshake", "Handshakes", "µs per connection", about);
    let samples = compete(options, bun, Mode::Echo, options.rounds(7, 1), |process| {
        load::runtime().block_on(async {
            drop(load::open_all(process.address, FIRST).await?);
            let before = process.cpu_time()?;
            drop(load::open_all(process.address, count).await?);
            let time = process.cpu_time()? - before;
            Ok(time.as_secs_f64() * 1e6 / count as f64)
        })
    })?;
    table.rows.push(Row::new(format!("{count} connections"), samples));
    table.finish();
    Ok(vec![table])
}
