//! The certificate of the server, which can be replaced while it serves.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ws_tokio::TlsAcceptor;

/// Where the certificate and its key are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    /// The chain, the server's own certificate first.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The certificate that clients are shown.
pub(crate) struct Certificate {
    files: Files,
    acceptor: TlsAcceptor,
}

/// Which versions of HTTP are offered to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    One,
    OneAndTwo,
}

impl Certificate {
    /// Reads the certificate. A TLS handshake may take `handshake_timeout`.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the key does not belong to the certificate.
    pub(crate) fn load(
        files: Files,
        http: Http,
        handshake_timeout: Option<Duration>,
    ) -> Result<Self, LoadError> {
        let acceptor = read(&files)?.handshake_timeout(handshake_timeout);
        let acceptor = match http {
            Http::One => acceptor,
            Http::OneAndTwo => acceptor.http2(),
        };
        Ok(Self { files, acceptor })
    }

    /// Reads it again, for connections from now on. If that fails the former one stays.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub(crate) fn reload(&self) -> Result<(), LoadError> {
        self.acceptor.replace(read(&self.files)?);
        Ok(())
    }

    /// Does the TLS handshakes; reloading has an effect on it.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

fn read(files: &Files) -> Result<TlsAcceptor, LoadError> {
    let fail = |path: &Path, error: &dyn fmt::Display| {
        LoadError(format!("TLS: {}: {error}", path.display()))
    };
    let Files { certificate, key } = files;
    let chain = fs::read(certificate).map_err(|error| fail(certificate, &error))?;
    let secret = fs::read(key).map_err(|error| fail(key, &error))?;
    TlsAcceptor::from_pem(chain, secret).map_err(|error| {
        let (certificate, key) = (certificate.display(), key.display());
        LoadError(format!("TLS: certificate {certificate}, key {key}: {error}"))
    })
}

/// There is no certificate to show.
#[derive(Debug)]
pub(crate) struct LoadError(String);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LoadError {}
