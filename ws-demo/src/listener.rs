//! The sockets that clients connect to.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use ws_tokio::TlsAcceptor;
use ws_tokio::serve::AnyListener;

use crate::endpoint::{Endpoint, Listen};

/// A socket that listens.
pub(crate) struct Bound {
    pub(crate) listener: AnyListener,
    pub(crate) endpoint: Endpoint,
    pub(crate) path: Option<SocketPath>,
}

/// The path of a Unix socket, removed when this is dropped.
pub(crate) struct SocketPath {
    path: PathBuf,
    file: Option<(u64, u64)>,
}

/// Listens, on all addresses of a host, with TLS if there is an acceptor: a local socket has no use for
/// it.
///
/// # Errors
///
/// [`BindError`] if it cannot.
pub(crate) async fn bind(
    listen: &Listen,
    tls: Option<TlsAcceptor>,
) -> Result<Vec<Bound>, BindError> {
    let fail = |source| BindError { listen: listen.to_string(), source };
    match listen {
        Listen::Tcp(address) => {
            let mut bound = Vec::new();
            for listener in bind_all(address).await.map_err(fail)? {
                let address = listener.local_addr().map_err(fail)?;
                let endpoint = Endpoint::Tcp { address, secure: tls.is_some() };
                let listener = match &tls {
                    Some(acceptor) => acceptor.clone().listen(listener).into(),
                    None => listener.into(),
                };
                bound.push(Bound { listener, endpoint, path: None });
            }
            Ok(bound)
        }
        #[cfg(unix)]
        Listen::Unix(path) => {
            remove_if_abandoned(path).await.map_err(fail)?;
            let listener = tokio::net::UnixListener::bind(path).map_err(fail)?.into();
            let endpoint = Endpoint::Unix(path.clone());
            let path = SocketPath { path: path.clone(), file: file(path) };
            Ok(vec![Bound { listener, endpoint, path: Some(path) }])
        }
        #[cfg(not(unix))]
        Listen::Unix(_) => Err(fail(io::ErrorKind::Unsupported.into())),
    }
}

/// Listens on all addresses of a host, on the same port. Those that this machine does not have, such as
/// IPv6 where it is off, are left out if there is another.
async fn bind_all(address: &str) -> io::Result<Vec<TcpListener>> {
    /// A port that is free for the first address may be taken for the second.
    const ATTEMPTS: usize = 16;

    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host(address).await? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut attempts = 0;
    loop {
        attempts += 1;
        match bind_once(&addresses).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts < ATTEMPTS => {
                if addresses.iter().any(|address| address.port() != 0) {
                    return Err(error);
                }
            }
            bound => return bound,
        }
    }
}

async fn bind_once(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        let mut address = *address;
        if let Some(first) = listeners.first() {
            address.set_port(first.local_addr()?.port());
        }
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => missing = error,
        }
    }
    if listeners.is_empty() { Err(missing) } else { Ok(listeners) }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        // Another server may listen there by now.
        if self.file.is_some() && file(&self.path) == self.file {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The device and the number of a file.
#[cfg(unix)]
fn file(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file(_path: &Path) -> Option<(u64, u64)> {
    None
}

/// Removes the socket that a server has left behind.
///
/// # Errors
///
/// A process listens there, or it is no socket: neither is removed.
#[cfg(unix)]
async fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;

    let taken = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            // Does not wait for a server that accepts nothing.
            match tokio::net::UnixStream::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    taken("a socket of another user is there")
                }
                _ => taken("another process listens there"),
            }
        }
        Ok(_) => taken("a file that is no socket is there; it was not removed"),
        Err(_) => Ok(()),
    }
}

/// The server cannot listen.
#[derive(Debug)]
pub(crate) struct BindError {
    listen: String,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.listen, self.source)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
