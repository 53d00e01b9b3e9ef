use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use ws_tokio::proto::client::{ClientHandshake, ClientProgress, ClientRequest, Response};
use ws_tokio::proto::{Config, Connection, Event};

use crate::failure::{Context as _, Result, bail};

/// The time limit for a peer on the same machine to answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// A connection on which any bytes can be sent; the core parses what arrives.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
    connection: Option<Connection>,
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Bytes,
    /// The peer has closed or reset the connection.
    End,
    TimedOut,
}

/// A valid request, which the caller may change, and the parser of its response.
pub(crate) fn request(address: SocketAddr, target: &str) -> Result<(String, ClientHandshake)> {
    let (request, mut bytes) = (ClientRequest::new(address.to_string(), target), Vec::new());
    let handshake = request.send(Config::default(), [7; 32], &mut bytes).context("a request")?;
    Ok((String::from_utf8(bytes).context("a request")?, handshake))
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { stream, received: Vec::new(), connection: None })
    }

    /// A connection after its handshake.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let mut wire = Self::connect(address)?;
        let (request, handshake) = request(address, "/")?;
        wire.send(request.as_bytes())?;
        match wire.response(handshake)? {
            Some(response) if response.status() == 101 => Ok(wire),
            response => bail!("the handshake was answered by {response:?}"),
        }
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

    /// Reads once; `false` at the end of the stream, an error after the deadline.
    fn read_before(&mut self, deadline: Instant) -> Result<bool> {
        match self.read(deadline.saturating_duration_since(Instant::now()))? {
            Arrival::Bytes => Ok(true),
            Arrival::End => Ok(false),
            Arrival::TimedOut => {
                bail!("the peer neither answered nor ended the connection in time")
            }
        }
    }

    /// Reads, and discards, until the peer ends the connection.
    pub(crate) fn read_to_end(&mut self, limit: Duration) -> Result {
        let deadline = Instant::now() + limit;
        while self.read_before(deadline)? {
            self.received.clear();
        }
        Ok(())
    }

    /// The response to a request, or `None` when the peer ended the connection without one.
    pub(crate) fn response(&mut self, mut handshake: ClientHandshake) -> Result<Option<Response>> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let mut input = &mut self.received[..];
            let progress = handshake.receive(&mut input).context("the response")?;
            let rest = input.len();
            self.received.drain(..self.received.len() - rest);
            match progress {
                ClientProgress::NeedsInput(waiting) => handshake = waiting,
                ClientProgress::Refused(response) => return Ok(Some(response)),
                ClientProgress::Open(connection, response) => {
                    self.connection = Some(connection);
                    return Ok(Some(response));
                }
            }
            if !self.read_before(deadline)? {
                return Ok(handshake.receive_eof().ok());
            }
        }
    }

    /// Receives up to a wanted event, and discards those before it.
    pub(crate) fn wait_for(&mut self, mut wanted: impl FnMut(&Event<'_>) -> bool) -> Result {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let connection = self.connection.as_mut().context("the handshake is not done")?;
            let (mut input, mut found) = (&mut self.received[..], false);
            while !found && let Some(event) = connection.receive(&mut input).context("a frame")? {
                found = wanted(&event);
            }
            let rest = input.len();
            self.received.drain(..self.received.len() - rest);
            if found {
                return Ok(());
            }
            if !self.read_before(deadline)? {
                bail!("the connection ended before the expected event");
            }
        }
    }
}
