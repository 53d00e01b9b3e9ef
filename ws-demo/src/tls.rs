//! TLS, with a certificate that can be replaced while the server runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Where the certificate and its key are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    /// The chain, the server's own certificate first.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The certificate that is shown.
pub(crate) struct Tls {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the certificate.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the key does not belong to the certificate.
    pub(crate) fn load(files: Files) -> Result<Self, LoadError> {
        let config = RwLock::new(read(&files)?);
        Ok(Self { files, config })
    }

    /// Reads it again, for connections from now on. If that fails the one of before stays.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub(crate) fn reload(&self) -> Result<(), LoadError> {
        let config = read(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&config).into()
    }
}

fn read(files: &Files) -> Result<Arc<ServerConfig>, LoadError> {
    let fail = |path: &Path, error: &dyn fmt::Display| LoadError {
        path: path.to_owned(),
        explanation: error.to_string(),
    };
    let Files { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fail(certificate, &error))?;
    if chain.is_empty() {
        return Err(fail(certificate, &"there is no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| fail(key, &error))?;
    // The provider is named: which one is the default depends on what else is in the program.
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| fail(certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// There is no certificate to show.
#[derive(Debug)]
pub(crate) struct LoadError {
    path: PathBuf,
    explanation: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS: {}: {}", self.path.display(), self.explanation)
    }
}

impl std::error::Error for LoadError {}
