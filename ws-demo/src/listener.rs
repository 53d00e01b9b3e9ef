//! The sockets that clients connect to.

use std::fmt;
use std::io;
use std::path::PathBuf;

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
pub(crate) struct SocketPath(PathBuf);

/// Listens, with TLS if there is an acceptor: a local socket has no use for it.
///
/// # Errors
///
/// [`BindError`] if it cannot.
pub(crate) async fn bind(listen: &Listen, tls: Option<TlsAcceptor>) -> Result<Bound, BindError> {
    let fail = |source| BindError { listen: listen.to_string(), source };
    match listen {
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address).await.map_err(fail)?;
            let address = listener.local_addr().map_err(fail)?;
            let endpoint = Endpoint::Tcp { address, secure: tls.is_some() };
            let listener = match tls {
                Some(acceptor) => acceptor.listen(listener).into(),
                None => listener.into(),
            };
            Ok(Bound { listener, endpoint, path: None })
        }
        #[cfg(unix)]
        Listen::Unix(path) => {
            remove_if_abandoned(path).map_err(fail)?;
            let listener = tokio::net::UnixListener::bind(path).map_err(fail)?.into();
            let endpoint = Endpoint::Unix(path.clone());
            Ok(Bound { listener, endpoint, path: Some(SocketPath(path.clone())) })
        }
        #[cfg(not(unix))]
        Listen::Unix(_) => Err(fail(io::ErrorKind::Unsupported.into())),
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        // It may have been removed already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes the socket that a server has left behind, but no other file, and no socket at which a
/// server listens.
#[cfg(unix)]
fn remove_if_abandoned(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;

    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            match std::os::unix::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
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
