//! TLS for clients.

use std::fmt;
#[cfg(feature = "rustls")]
use std::sync::Arc;

#[cfg(feature = "rustls")]
use tokio_rustls::rustls::{
    ClientConfig, ConfigBuilder, WantsVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::error::TlsError;
#[cfg(feature = "rustls")]
use super::error::TlsErrorKind;
use super::secured::Secured;
#[cfg(feature = "rustls")]
use super::verifier::Verifier;
use crate::byte_stream::ByteStream;

/// A TLS implementation with its trusted certificates.
///
/// Converted [`From`] an `Arc<rustls::ClientConfig>` or a `native_tls::TlsConnector` it supports all of
/// their options, such as client certificates; but the ALPN protocols (RFC 7301) of a rustls configuration
/// are replaced by `http/1.1`.
#[derive(Clone)]
pub struct TlsConnector(Backend);

#[derive(Clone)]
enum Backend {
    #[cfg(feature = "rustls")]
    Rustls(tokio_rustls::TlsConnector),
    #[cfg(feature = "native-tls")]
    Native(tokio_native_tls::TlsConnector),
}

impl TlsConnector {
    /// Uses rustls with the system's root certificates and verifier.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`](crate::TlsErrorKind::Setup): the system has none.
    #[cfg(feature = "rustls-platform-verifier")]
    pub fn platform_verifier() -> Result<Self, TlsError> {
        use rustls_platform_verifier::BuilderVerifierExt as _;

        let config = rustls()?.with_platform_verifier().map_err(TlsError::setup)?;
        Ok(Arc::new(config.with_no_client_auth()).into())
    }

    /// Uses rustls with Mozilla's root certificates, as of the release of the crate `webpki-roots`.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`](crate::TlsErrorKind::Setup)
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots() -> Result<Self, TlsError> {
        let roots =
            tokio_rustls::rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Ok(Arc::new(rustls()?.with_root_certificates(roots).with_no_client_auth()).into())
    }

    /// Uses rustls and trusts only these certificates: one or more in PEM.
    ///
    /// They are root certificates, or self-signed certificates of servers, as created by
    /// `openssl req -x509`. A server's name must be among the
    /// alternative names of its certificate (`-addext subjectAltName=DNS:localhost`); the common name
    /// is ignored (RFC 9525 §2).
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`](crate::TlsErrorKind::Setup): not PEM, or without a certificate.
    #[cfg(feature = "rustls")]
    pub fn trusting(pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(pem.as_ref()).collect();
        let verifier = Verifier::new(certificates.map_err(TlsError::setup)?, provider())?;
        let config = rustls()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(Arc::new(config.with_no_client_auth()).into())
    }

    /// Uses the system's TLS: OpenSSL, Schannel or Secure Transport.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`](crate::TlsErrorKind::Setup)
    #[cfg(feature = "native-tls")]
    pub fn native_tls() -> Result<Self, TlsError> {
        let mut builder = native_tls::TlsConnector::builder();
        Ok(builder.request_alpns(&["http/1.1"]).build().map_err(TlsError::setup)?.into())
    }

    /// Performs the handshake with the server of this name or address.
    pub(crate) async fn connect<S: ByteStream>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<Secured<S>, TlsError> {
        // SNI has no trailing dot (RFC 6066 §3).
        let host = host.strip_suffix('.').unwrap_or(host);
        match &self.0 {
            #[cfg(feature = "rustls")]
            Backend::Rustls(connector) => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| TlsError::with(TlsErrorKind::InvalidName, error))?;
                let alpn = vec![super::ALPN.to_vec()];
                let stream = connector.with_alpn(alpn).connect(name, stream).await?;
                Ok(Secured::Rustls(Box::new(stream)))
            }
            #[cfg(feature = "native-tls")]
            Backend::Native(connector) => {
                Ok(Secured::Native(Box::new(connector.connect(host, stream).await?)))
            }
        }
    }
}

/// Sets the crypto provider: without one rustls panics if the program has no default provider, or two.
#[cfg(feature = "rustls")]
fn rustls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::setup)
}

#[cfg(feature = "rustls")]
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(feature = "rustls")]
impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(Backend::Rustls(config.into()))
    }
}

#[cfg(feature = "native-tls")]
impl From<native_tls::TlsConnector> for TlsConnector {
    fn from(connector: native_tls::TlsConnector) -> Self {
        Self(Backend::Native(connector.into()))
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            #[cfg(feature = "rustls")]
            Backend::Rustls(_) => f.write_str("TlsConnector(rustls)"),
            #[cfg(feature = "native-tls")]
            Backend::Native(_) => f.write_str("TlsConnector(native-tls)"),
        }
    }
}
