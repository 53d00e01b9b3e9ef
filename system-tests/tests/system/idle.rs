//! The memory of an idle connection, and what remains of those that ended.

use std::env;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use ws_tokio::{ClientStream, Config, Connector, Deflate, WebSocket};

use crate::memory::Memory;
use crate::server::{Server, echo, listen_with};

const CONNECTIONS: u64 = 5_000;

/// Connections that have exchanged compressed messages.
const COMPRESSED: u64 = 1_000;
const MESSAGES: usize = 100;
const MESSAGE: usize = 2048;

/// The connections that end while they exchange compressed messages: far more than engines.
const ENDING: u64 = 300;

/// The files that are open besides the connections.
const OTHER_FILES: u64 = 100;

/// Without compression far above the target, and below what a buffer per connection would take;
/// with it two histories of 4 KiB, the connection itself, and its part of the pool.
const MAX_BYTES_EACH: u64 = 16 * 1024;

/// The memory has settled when its size has not changed for this time. Connections return their
/// engines within two seconds.
const SETTLED: Duration = Duration::from_secs(4);
const SETTLING: Duration = Duration::from_secs(60);

/// Returns free pages wherever they are, after a second.
const JEMALLOC: [(&str, &str); 2] = [
    ("LD_PRELOAD", "libjemalloc.so.2"),
    ("MALLOC_CONF", "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0"),
];

type Client = WebSocket<ClientStream>;

#[tokio::test]
async fn an_idle_connection_owns_no_buffer() {
    let connections = env::var("CONNECTIONS").map(|number| number.parse().expect("a number"));
    let connections = connections.unwrap_or(CONNECTIONS);
    allow(connections);
    let server = echo(&[]);
    // The server's allocations for the first connection are not a cost of the others.
    let _first = open(server.address, None).await;
    let before = Memory::of(server.process.id());
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(open(server.address, None).await);
    }
    let each = Memory::of(server.process.id()).since(before) * 1024 / connections;
    println!("summary: {each} bytes for each of {connections} idle connections");
    assert!(each <= MAX_BYTES_EACH);
}

#[tokio::test]
async fn an_idle_connection_with_compression_owns_no_engine() {
    allow(COMPRESSED);
    let server = echo(&["--deflate"]);
    let process = server.process.id();
    // The pool of engines is part of the measurement: this connection does not fill it.
    let _first = open(server.address, Some(Deflate::default())).await;
    let before = Memory::of(process);
    let _clients = converse(&server, COMPRESSED).await;
    let [busy, idle] = [Memory::of(process), settled(process)]
        .map(|memory| memory.since(before) * 1024 / COMPRESSED);
    println!(
        "summary: {busy} bytes for each of {COMPRESSED} connections after {MESSAGES} compressed \
         messages, {idle} when they were idle"
    );
    assert!(idle <= MAX_BYTES_EACH);
}

/// A block that is free returns to the system only if nothing above it is in use, such as one of the
/// small blocks that the allocator caches for each thread. When the same number of clients connects
/// again, they use the memory that has remained.
#[tokio::test]
async fn little_memory_remains_with_glibc() {
    end(&[], 1, 6 * 1024).await;
}

/// The reserve of the pool remains (0.9 MiB), and memory does not grow from one round to the next.
#[tokio::test]
async fn little_memory_remains_with_jemalloc() {
    end(&JEMALLOC, 3, 2 * 1024).await;
}

/// Has clients end that exchange compressed messages, in several rounds; at most `max_left` KiB may remain.
async fn end(environment: &[(&str, &str)], rounds: usize, max_left: u64) {
    allow(ENDING);
    let server = listen_with("echo_server", &["--deflate"], environment);
    let process = server.process.id();
    let _first = open(server.address, Some(Deflate::default())).await;
    let before = Memory::of(process);
    for _ in 0..rounds {
        let clients = converse(&server, ENDING).await;
        let busy = Memory::of(process).since(before);
        drop(clients);
        let left = settled(process).since(before);
        println!("summary: {left} of {busy} KiB remain after {ENDING} busy connections have ended");
        assert!(left <= max_left);
    }
}

/// Raises the limit of open files of this process, and of the server, which inherits it.
fn allow(connections: u64) {
    let needed = connections + OTHER_FILES;
    let limit = rlimit::increase_nofile_limit(needed).expect("a limit");
    assert!(limit >= needed, "{needed} open files needed, more than allowed (`ulimit -Hn`)");
}

async fn open(address: SocketAddr, deflate: Option<Deflate>) -> Client {
    let compresses = deflate.is_some();
    let connector = Connector::new().config(Config { deflate, ..Config::default() });
    let connected = connector.connect(&format!("ws://{address}/")).await;
    let (client, _) = connected.expect("a connection");
    assert_eq!(client.is_compressed(), compresses);
    client
}

/// Opens connections that exchange compressed messages.
async fn converse(server: &Server, connections: u64) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(open(server.address, Some(Deflate::default())).await);
    }
    for i in 0..MESSAGES {
        let message = message(i);
        for client in &mut clients {
            client.send(&*message).await.expect("a message sent");
        }
        for client in &mut clients {
            let echo = loop {
                let received = client.recv().await.expect("a good connection").expect("an echo");
                if received.is_data() {
                    break received;
                }
            };
            assert_eq!(echo.as_text(), Some(&*message));
        }
    }
    clients
}

fn message(i: usize) -> String {
    let item = |k| format!(r#"{{"id":{},"name":"item {i}-{k}","tags":["a","b"]}},"#, i * 7919 + k);
    let mut text: String = (0..).map(item).take(MESSAGE / 30).collect();
    text.truncate(MESSAGE);
    text
}

fn settled(process: u32) -> Memory {
    let begin = Instant::now();
    let (mut memory, mut since) = (Memory::of(process), Instant::now());
    while since.elapsed() < SETTLED {
        assert!(begin.elapsed() < SETTLING, "the memory of the server has not settled");
        // A process does not notify others when it returns memory.
        thread::sleep(Duration::from_millis(100));
        let now = Memory::of(process);
        if now.resident != memory.resident {
            (memory, since) = (now, Instant::now());
        }
    }
    memory
}
