//! The options that say which certificates of servers are trusted.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, fs, io};

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use ws_tokio::{TlsConnector, TlsError};

/// The certificates that a client trusts.
#[derive(Args, Clone, Debug)]
pub struct Trust {
    /// Certificates (PEM) to trust instead of the system's: those of issuers, or of servers themselves
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Trust any certificate of a server, whatever its issuer, name and dates
    #[arg(long, conflicts_with = "cacert")]
    insecure: bool,
}

impl Trust {
    /// Returns the connector for these options; `None` means the default of
    /// [`Connector`](ws_tokio::Connector), the system's certificates.
    ///
    /// # Errors
    ///
    /// [`TrustError`]: the file cannot be read, or contains no certificate.
    pub fn connector(&self) -> Result<Option<TlsConnector>, TrustError> {
        if self.insecure {
            return Ok(Some(insecure().map_err(TrustError::Setup)?));
        }
        let Some(path) = &self.cacert else { return Ok(None) };
        let pem = fs::read(path).map_err(|error| TrustError::File(path.clone(), error))?;
        let connector = TlsConnector::trusting(pem);
        connector.map(Some).map_err(|error| TrustError::Certificates(path.clone(), error))
    }
}

fn insecure() -> Result<TlsConnector, Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config).into())
}

/// Accepts every certificate whose key the server holds.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
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

/// The certificates to trust cannot be used.
#[derive(Debug)]
pub enum TrustError {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// The file contains no valid certificate.
    Certificates(PathBuf, TlsError),
    /// TLS cannot be set up.
    Setup(Error),
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Certificates(path, error) => {
                write!(f, "{}: no certificate to trust: {error}", path.display())
            }
            Self::Setup(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TrustError {}
