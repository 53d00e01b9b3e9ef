//! Whom a client trusts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

/// What the command line says about it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Trust {
    /// Certificates (PEM) to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Trusts any certificate: for servers whose name or issuer cannot be checked
    #[arg(long, conflicts_with = "cacert")]
    insecure: bool,
}

impl Trust {
    /// What makes TLS connections.
    ///
    /// # Errors
    ///
    /// [`TrustError`] if there is no certificate to trust.
    pub(super) fn connector(&self) -> Result<TlsConnector, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Tls)?;
        let config = if self.insecure {
            config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        } else {
            config.with_root_certificates(roots(self.cacert.as_deref())?)
        };
        Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
    }
}

fn roots(cacert: Option<&Path>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    match cacert {
        Some(path) => {
            let fail = |source| TrustError::File { path: path.to_owned(), source };
            for certificate in CertificateDer::pem_file_iter(path).map_err(fail)? {
                roots.add(certificate.map_err(fail)?).map_err(TrustError::Tls)?;
            }
        }
        None => {
            // Some of a system's certificates are unusable as a rule.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() { Err(TrustError::Nobody) } else { Ok(roots) }
}

/// Trusts anyone who holds the key of the certificate that is shown.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// TLS connections cannot be made.
#[derive(Debug)]
pub(crate) enum TrustError {
    File { path: PathBuf, source: pem::Error },
    Nobody,
    Tls(Error),
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source: pem::Error::Io(error) } => {
                write!(f, "{}: {error}", path.display())
            }
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Nobody => f.write_str("there is no certificate to trust"),
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TrustError {}
