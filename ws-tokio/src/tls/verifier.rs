//! The verifier of server certificates.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::db::rfc5280::ID_KP_SERVER_AUTH;
use x509_cert::ext::pkix::ExtendedKeyUsage;

use super::error::TlsError;

/// Verifies against root certificates, as rustls does, and accepts a server certificate that is itself
/// one of them.
///
/// webpki rejects a CA certificate as that of a server (`CaUsedAsEndEntity`), whichever
/// certificates are trusted; `openssl req -x509` creates certificates that are both.
#[derive(Debug)]
pub(super) struct Verifier {
    chains: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// Trusts these certificates, as roots and as server certificates.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`](super::TlsErrorKind::Setup): there is no certificate, or one is invalid.
    pub(super) fn new(
        trusted: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in &trusted {
            roots.add(certificate.clone()).map_err(TlsError::setup)?;
        }
        let chains = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
        Ok(Self { chains: chains.map_err(TlsError::setup)?, trusted })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.trusted.contains(end_entity) {
            let chains = &self.chains;
            return chains.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            );
        }
        // There is no path to verify (RFC 5280 §6.1), only the properties of the certificate.
        let parsed = ParsedCertificate::try_from(end_entity)?;
        verify_validity_and_purpose(end_entity, now)?;
        verify_server_name(&parsed, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// The validity period (RFC 5280 §4.1.2.5), and the extended key usage if the certificate has one
/// (§4.2.1.12).
fn verify_validity_and_purpose(
    certificate: &CertificateDer<'_>,
    now: UnixTime,
) -> Result<(), CertificateError> {
    let certificate = Certificate::from_der(certificate);
    let certificate = certificate.map_err(|_malformed| CertificateError::BadEncoding)?;
    let certificate = certificate.tbs_certificate();

    let since_epoch = Duration::from_secs(now.as_secs());
    let not_before = certificate.validity().not_before.to_unix_duration();
    if since_epoch < not_before {
        let not_before = UnixTime::since_unix_epoch(not_before);
        return Err(CertificateError::NotValidYetContext { time: now, not_before });
    }
    let not_after = certificate.validity().not_after.to_unix_duration();
    if since_epoch > not_after {
        let not_after = UnixTime::since_unix_epoch(not_after);
        return Err(CertificateError::ExpiredContext { time: now, not_after });
    }

    match certificate.get_extension::<ExtendedKeyUsage>() {
        Ok(None) => Ok(()),
        Ok(Some((_critical, usage))) if usage.0.contains(&ID_KP_SERVER_AUTH) => Ok(()),
        Ok(Some(_)) => Err(CertificateError::InvalidPurpose),
        Err(_malformed) => Err(CertificateError::BadEncoding),
    }
}
