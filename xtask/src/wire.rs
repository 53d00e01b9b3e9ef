mod frame;
mod head;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::failure::{Result, bail};
pub(crate) use crate::wire::frame::{COMPRESSED, Frame, PING, PONG, TEXT, claiming, masked};
pub(crate) use crate::wire::head::Head;

/// How long a peer on the same machine may take for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The key of RFC 6455's own example, and the answer to it (§1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A bare connection, on which anything can be said.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What reading brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Bytes,
    /// The peer has closed or reset the connection.
    End,
    TimedOut,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new() })
    }

    pub(crate) fn local_port(&self) -> Result<u16> {
        Ok(self.stream.local_addr()?.port())
    }

    pub(crate) fn set_write_timeout(&self, limit: Duration) -> Result {
        Ok(self.stream.set_write_timeout(Some(limit))?)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads once, for at most `limit`.
    pub(crate) fn read(&mut self, limit: Duration) -> Result<Arrival> {
        // A limit of zero would mean none at all.
        self.stream.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok(Arrival::End),
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                Ok(Arrival::Bytes)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(Arrival::TimedOut),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ok(Arrival::End),
                _ => Err(error.into()),
            },
        }
    }

    /// Whether the peer has ended the connection already.
    pub(crate) fn ended(&mut self) -> Result<bool> {
        Ok(self.read(Duration::ZERO)? == Arrival::End)
    }

    /// Reads, and forgets it, until the peer ends the connection.
    pub(crate) fn read_to_end(&mut self, limit: Duration) -> Result {
        let deadline = Instant::now() + limit;
        loop {
            match self.read(deadline.saturating_duration_since(Instant::now()))? {
                Arrival::Bytes => self.received.clear(),
                Arrival::End => return Ok(()),
                Arrival::TimedOut => bail!("the connection is open after {} s", limit.as_secs()),
            }
        }
    }

    /// The head of the answer, or `None` when the peer ended the connection without one.
    pub(crate) fn head(&mut self) -> Result<Option<Head>> {
        self.until(Head::take)
    }

    /// The next frame, or `None` when the peer ended the connection.
    pub(crate) fn frame(&mut self) -> Result<Option<Frame>> {
        self.until(Frame::take)
    }

    /// Sends the request for an upgrade and checks the answer.
    pub(crate) fn upgrade(&mut self, target: &str) -> Result {
        let host = self.stream.peer_addr()?;
        self.send(request(host, "GET", target, 13).as_bytes())?;
        self.upgraded()
    }

    /// Checks the answer to a request for an upgrade.
    pub(crate) fn upgraded(&mut self) -> Result {
        let Some(head) = self.head()? else {
            bail!("the connection ended before the handshake was done");
        };
        if head.status != 101 || head.field("Sec-WebSocket-Accept") != Some(ACCEPT) {
            bail!("the handshake was answered by: {head}");
        }
        Ok(())
    }

    fn until<T>(&mut self, take: impl Fn(&mut Vec<u8>) -> Option<T>) -> Result<Option<T>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(taken) = take(&mut self.received) {
                return Ok(Some(taken));
            }
            match self.read(deadline.saturating_duration_since(Instant::now()))? {
                Arrival::Bytes => {}
                Arrival::End => return Ok(None),
                Arrival::TimedOut => bail!("no answer within {} s", PATIENCE.as_secs()),
            }
        }
    }
}

/// A request for an upgrade that is right but for what the caller makes wrong in it.
pub(crate) fn request(host: SocketAddr, method: &str, target: &str, version: u8) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: {version}\r\n\r\n"
    )
}
