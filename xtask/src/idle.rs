mod leaving;

use core::net::SocketAddr;
use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use clap::Args;
use tokio::runtime::Builder;
use ws_tokio::{ClientStream, Config, Connector, Deflate, WebSocket};

use crate::artifacts::Artifacts;
use crate::failure::{Context as _, Result, bail};
use crate::memory::Memory;
use crate::note;
use crate::outcome::Outcome;
use crate::service::{BUILD_ECHO_SERVER, ECHO_SERVER, Service};

const CONNECTIONS: u64 = 5_000;

/// Connections that have exchanged compressed messages.
const COMPRESSED: u64 = 1_000;
const MESSAGES: usize = 100;
const MESSAGE: usize = 2048;

/// The files that are open besides the connections.
const OTHER_FILES: u64 = 100;

/// Without compression far above the target, and below what a buffer per connection would take;
/// with it two histories of 4 KiB, the connection itself, and its part of the pool.
const MAX_BYTES_EACH: u64 = 16 * 1024;

/// The memory has settled when its size has not changed for this time. Connections return their
/// engines within two seconds.
const SETTLED: Duration = Duration::from_secs(4);
const SETTLING: Duration = Duration::from_secs(60);

type Client = WebSocket<ClientStream>;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// How many connections to open without compression, by default 5000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    connections: Option<u64>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let connections = options.connections.unwrap_or(CONNECTIONS);
    let needed = connections.max(COMPRESSED) + OTHER_FILES;
    // The server inherits the limit.
    if rlimit::increase_nofile_limit(needed)? < needed {
        bail!("{needed} open files needed, more than this system allows (`ulimit -Hn`)");
    }
    let programs = Artifacts::build_released(&BUILD_ECHO_SERVER)?;
    let program = programs.path(ECHO_SERVER)?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        plain(program, connections).await?;
        compressed(program).await?;
        leaving::run(program).await
    })?;
    Ok(Outcome::Passed)
}

async fn plain(program: &Path, connections: u64) -> Result {
    let server = Service::echo(program, &[], "idle")?;
    // The server's allocations for the first connection are not a cost of the others.
    let _first = open(server.address, None).await?;
    let before = Memory::of(server.process.id())?;
    let mut clients = Vec::new();
    for count in 1..=connections {
        let client = open(server.address, None).await;
        clients.push(client.context(format_args!("connection {count}"))?);
    }
    let after = Memory::of(server.process.id())?;

    let each = after.since(before) * 1024 / connections;
    println!("resident: {} KiB before, {} KiB after", before.resident, after.resident);
    note::print(&format!("{each} bytes for each of {connections} idle connections"));
    check(each)
}

async fn compressed(program: &Path) -> Result {
    let server = Service::echo(program, &["--deflate"], "idle-compressed")?;
    let process = server.process.id();
    // The pool of engines is part of the measurement: this connection does not fill it.
    let _first = open(server.address, Some(Deflate::default())).await?;
    let before = Memory::of(process)?;
    let _clients = converse(&server, COMPRESSED).await?;
    let busy = Memory::of(process)?;
    let idle = settled(process)?;

    let each = |memory: Memory| memory.since(before) * 1024 / COMPRESSED;
    note::print(&format!(
        "{} bytes for each of {COMPRESSED} connections after {MESSAGES} compressed messages, {} when \
         they were idle",
        each(busy),
        each(idle),
    ));
    check(each(idle))
}

fn check(each: u64) -> Result {
    if each > MAX_BYTES_EACH {
        bail!("an idle connection takes {each} bytes, more than {MAX_BYTES_EACH}");
    }
    Ok(())
}

async fn open(address: SocketAddr, deflate: Option<Deflate>) -> Result<Client> {
    let compresses = deflate.is_some();
    let connector = Connector::new().config(Config { deflate, ..Config::default() });
    let (client, _) = connector.connect(&format!("ws://{address}/")).await.context("connecting")?;
    if client.is_compressed() != compresses {
        bail!("compression requested: {compresses}, negotiated: {}", !compresses);
    }
    Ok(client)
}

/// Opens connections that exchange compressed messages.
async fn converse(server: &Service, connections: u64) -> Result<Vec<Client>> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(open(server.address, Some(Deflate::default())).await?);
    }
    for i in 0..MESSAGES {
        let message = message(i);
        for client in &mut clients {
            client.send(&*message).await.context("sending")?;
        }
        for client in &mut clients {
            let mut echo = client.recv().await.context("receiving")?;
            while echo.as_ref().is_some_and(|message| !message.is_data()) {
                echo = client.recv().await.context("receiving")?;
            }
            if echo.as_ref().and_then(|echo| echo.as_text()) != Some(&*message) {
                bail!("expected an echo, received {echo:?}");
            }
        }
    }
    Ok(clients)
}

fn message(i: usize) -> String {
    let item = |k| format!(r#"{{"id":{},"name":"item {i}-{k}","tags":["a","b"]}},"#, i * 7919 + k);
    let mut text: String = (0..).map(item).take(MESSAGE / 30).collect();
    text.truncate(MESSAGE);
    text
}

fn settled(process: u32) -> Result<Memory> {
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
