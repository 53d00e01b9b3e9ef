//! Clients on loopback: raw TCP streams that send prepared frames and compare each byte of the reply.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use ws_proto::Role;

use crate::Result;
use crate::content::{Content, Kind};

/// What the clients send.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// The size of a message.
    pub(crate) size: usize,
    /// The number of messages that are sent together; the next ones follow when all are echoed.
    pub(crate) depth: usize,
}

/// When clients stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    Time(Duration),
    /// The number of messages of each connection is this times the depth.
    Exchanges(usize),
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
/// The answer to the key of the request (RFC 6455 §1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Connections that are opened at the same time.
const OPENING: usize = 64;

/// A wait that exceeds this is an error.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Opens a connection. When it is dropped, it is reset, so that its port is free at once.
pub(crate) async fn open(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    stream.write_all(REQUEST.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("the server closed the connection during the handshake".into());
        }
    }
    let head = String::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ACCEPT) {
        return Err(format!("not accepted: {head}").into());
    }
    Ok(stream)
}

pub(crate) async fn open_all(address: SocketAddr, count: usize) -> Result<Vec<TcpStream>> {
    let opening = stream::iter(0..count).map(|_| open(address)).buffer_unordered(OPENING);
    within(opening.try_collect()).await
}

async fn within<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| "the server does not answer")?
}

/// A connection whose messages are echoed.
struct Client {
    stream: TcpStream,
    request: Arc<[u8]>,
    reply: Arc<[u8]>,
    buffer: Vec<u8>,
}

impl Client {
    async fn exchange(&mut self) -> Result<()> {
        let (mut read, mut write) = self.stream.split();
        if self.request.len() < 64 * 1024 {
            write.write_all(&self.request).await?;
            read.read_exact(&mut self.buffer).await?;
        } else {
            // Neither side may wait for the other one to read.
            tokio::try_join!(write.write_all(&self.request), read.read_exact(&mut self.buffer))?;
        }
        if *self.buffer != *self.reply {
            return Err("the echo differs from the message".into());
        }
        Ok(())
    }

    async fn run(mut self, until: Until) -> Result<(Self, usize)> {
        let mut exchanges = 0;
        let begin = Instant::now();
        let ended = |exchanges| match until {
            Until::Time(time) => begin.elapsed() >= time,
            Until::Exchanges(count) => exchanges == count,
        };
        while !ended(exchanges) {
            self.exchange().await?;
            exchanges += 1;
        }
        Ok((self, exchanges))
    }
}

/// Opens connections and exchanges messages. `snapshot` is called at the beginning and at the end of the
/// measured part. Returns both, and the number of messages between them.
pub(crate) async fn echo<T>(
    address: SocketAddr,
    load: Load,
    until: Until,
    mut snapshot: impl FnMut() -> Result<T>,
) -> Result<(T, T, usize)> {
    let content = Content::new(Kind::Binary, load.size);
    let request: Arc<[u8]> = content.wire(Role::Server, 1).repeat(load.depth).into();
    let reply: Arc<[u8]> = content.wire(Role::Client, 1).repeat(load.depth).into();
    let streams = open_all(address, load.connections).await?;
    let clients = streams.into_iter().map(|stream| {
        let (request, reply) = (Arc::clone(&request), Arc::clone(&reply));
        let buffer = vec![0; reply.len()];
        Client { stream, request, reply, buffer }
    });
    // The first exchanges allocate.
    let (clients, _) = run_all(clients.collect(), Until::Exchanges(2)).await?;
    let before = snapshot()?;
    let (_clients, exchanges) = run_all(clients, until).await?;
    let after = snapshot()?;
    Ok((before, after, exchanges * load.depth))
}

async fn run_all(clients: Vec<Client>, until: Until) -> Result<(Vec<Client>, usize)> {
    let tasks = clients.into_iter().map(|client| async move {
        // Tasks, so that each is polled on its own.
        let run = async move { client.run(until).await.map_err(|error| error.to_string()) };
        tokio::spawn(run).await?.map_err(Into::into)
    });
    let done = within(try_join_all(tasks)).await?;
    let (clients, exchanges): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    Ok((clients, exchanges.into_iter().sum()))
}

/// A publisher and its receivers.
pub(crate) struct Audience {
    publisher: TcpStream,
    receivers: Vec<Option<TcpStream>>,
}

impl Audience {
    /// Opens the connections; all receivers are registered when this returns.
    pub(crate) async fn open(address: SocketAddr, receivers: usize) -> Result<Self> {
        let mut publisher = open(address).await?;
        publisher.write_all(&frame(b"p")).await?;
        let register = |_| async move {
            let mut stream = open(address).await?;
            stream.write_all(&frame(b"r")).await?;
            let mut answer = [0; 3];
            stream.read_exact(&mut answer).await?;
            if answer[1..] != [1, b'r'] {
                return Err("a receiver was not registered".into());
            }
            Ok(Some(stream))
        };
        let opening = stream::iter(0..receivers).map(register).buffer_unordered(OPENING);
        Ok(Self { publisher, receivers: within(opening.try_collect()).await? })
    }

    /// Publishes `count` times `depth` messages; the next ones follow when all receivers have the last
    /// ones. Returns the number of deliveries.
    pub(crate) async fn publish(
        &mut self,
        size: usize,
        depth: usize,
        count: usize,
    ) -> Result<usize> {
        let content = Content::new(Kind::Binary, size);
        let request = content.wire(Role::Server, 1).repeat(depth);
        let expected: Arc<[u8]> = content.wire(Role::Client, 1).repeat(depth).into();
        let arrived = Arc::new((AtomicUsize::new(0), Notify::new()));
        let receivers = self.receivers.len();
        let tasks: Vec<_> = self
            .receivers
            .iter_mut()
            .map(|stream| {
                let mut stream = stream.take().expect("not in use");
                let (expected, arrived) = (Arc::clone(&expected), Arc::clone(&arrived));
                tokio::spawn(async move {
                    let mut buffer = vec![0; expected.len()];
                    for round in 1..=count {
                        stream.read_exact(&mut buffer).await?;
                        if *buffer != *expected {
                            return Err(std::io::Error::other("a message arrived changed"));
                        }
                        if arrived.0.fetch_add(1, Ordering::Relaxed) + 1 == receivers * round {
                            arrived.1.notify_one();
                        }
                    }
                    Ok(stream)
                })
            })
            .collect();
        let publisher = &mut self.publisher;
        within(async {
            for _ in 0..count {
                publisher.write_all(&request).await?;
                arrived.1.notified().await;
            }
            Ok(())
        })
        .await?;
        for (task, place) in tasks.into_iter().zip(&mut self.receivers) {
            *place = Some(task.await??);
        }
        Ok(receivers * depth * count)
    }
}

fn frame(payload: &[u8]) -> Vec<u8> {
    ws_wire::binary(Role::Server, payload)
}
