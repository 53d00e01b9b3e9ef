//! The server behind a proxy.

use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::handshake::client::{Uri, is_reg_name};

/// The longest name that SOCKS5 can carry; names of the DNS are shorter (RFC 1928 §5).
const MAX_NAME: usize = 255;

/// The server that a proxy connects to. The proxy resolves a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

/// A host that is neither a name of at most 255 bytes nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidDestination;

impl Destination {
    /// Creates a destination: a host, which is a name or an address (an IPv6 address with or without
    /// brackets), and a port.
    ///
    /// # Errors
    ///
    /// [`InvalidDestination`]
    pub fn new(host: &str, port: u16) -> Result<Self, InvalidDestination> {
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (bracketed, host.parse()) {
            (Some(address), _) => {
                let address: Ipv6Addr = address.parse().map_err(|_error| InvalidDestination)?;
                Host::Address(address.into())
            }
            (None, Ok(address)) => Host::Address(address),
            (None, Err(_)) if is_reg_name(host) && host.len() <= MAX_NAME => {
                Host::Name(host.into())
            }
            (None, Err(_)) => return Err(InvalidDestination),
        };
        Ok(Self { host, port })
    }
}

impl TryFrom<&Uri> for Destination {
    type Error = InvalidDestination;

    fn try_from(uri: &Uri) -> Result<Self, InvalidDestination> {
        Self::new(uri.host(), uri.port())
    }
}

/// Host and port, as in the target of CONNECT (RFC 9112 §3.2.3).
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}:{}", self.port),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

impl fmt::Display for InvalidDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("host is neither a name of at most 255 bytes nor an address")
    }
}

impl core::error::Error for InvalidDestination {}
