//! Reaching a server through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928).
//!
//! ```
//! use ws_proto::proxy::{Destination, TunnelProgress, Tunnel};
//!
//! let destination = Destination::new("example.com", 443)?;
//! let mut output = Vec::new();
//! let mut tunnel = Tunnel::http(destination, None, &mut output);
//! assert_eq!(output, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
//!
//! let mut answer = *b"HTTP/1.1 200 Connection established\r\n\r\nthe server's";
//! let mut input = answer.as_mut_slice();
//! match tunnel.receive(&mut input, &mut output)? {
//!     TunnelProgress::NeedsInput => unreachable!("the answer is complete"),
//!     TunnelProgress::Open => assert_eq!(input, b"the server's"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod destination;
mod error;
mod http_connect;
mod socks5;

use alloc::vec::Vec;

use crate::credentials::Credentials;

pub use destination::{Destination, InvalidDestination};
pub use error::{TunnelError, TunnelErrorKind};

use http_connect::HttpConnect;
use socks5::Socks5;

/// A tunnel to a server through a proxy.
///
/// Write what was appended to the output, and pass what arrives to [`receive`](Self::receive) until that
/// returns [`TunnelProgress::Open`]: from then on the byte stream is the server's.
#[derive(Debug)]
#[must_use = "the proxy waits for what was appended to the output"]
pub struct Tunnel {
    protocol: Protocol,
    error: Option<TunnelError>,
}

#[derive(Debug)]
enum Protocol {
    HttpConnect(HttpConnect),
    Socks5(Socks5),
}

/// The result of [`Tunnel::receive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelProgress {
    /// The proxy's response is not complete. Write what was appended to the output.
    NeedsInput,
    /// The proxy has connected to the server. What follows in the input is from the server.
    Open,
}

impl Tunnel {
    /// Requests a tunnel of an HTTP proxy, by CONNECT. Credentials are sent at once, by the scheme Basic
    /// (RFC 7617).
    pub fn http(
        destination: Destination,
        credentials: Option<Credentials>,
        out: &mut Vec<u8>,
    ) -> Self {
        let protocol = Protocol::HttpConnect(HttpConnect::new(&destination, credentials, out));
        Self { protocol, error: None }
    }

    /// Requests a tunnel of a SOCKS5 proxy. Credentials are sent if the proxy asks for them (RFC 1929).
    ///
    /// # Errors
    ///
    /// [`TunnelErrorKind::CredentialsTooLong`]: a user name or a password of more than 255 bytes.
    pub fn socks5(
        destination: Destination,
        credentials: Option<Credentials>,
        out: &mut Vec<u8>,
    ) -> Result<Self, TunnelError> {
        let protocol = Protocol::Socks5(Socks5::new(destination, credentials, out)?);
        Ok(Self { protocol, error: None })
    }

    /// Takes bytes from the front of `input`, no further than the end of the proxy's response, and
    /// appends to `out` what is to be sent to the proxy.
    ///
    /// # Errors
    ///
    /// [`TunnelError`]: end the TCP connection. Later calls repeat it.
    pub fn receive(
        &mut self,
        input: &mut &mut [u8],
        out: &mut Vec<u8>,
    ) -> Result<TunnelProgress, TunnelError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let received = match &mut self.protocol {
            Protocol::HttpConnect(connect) => connect.receive(input),
            Protocol::Socks5(socks5) => socks5.receive(input, out),
        };
        self.error = received.err();
        received
    }

    /// Reports that the proxy's byte stream has ended before the tunnel was open; returns the error.
    pub fn receive_eof(&mut self) -> TunnelError {
        *self.error.get_or_insert(TunnelErrorKind::UnexpectedEof.into())
    }
}
