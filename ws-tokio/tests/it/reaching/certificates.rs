//! Certificates, generated for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::CertificateDer;
use ws_tokio::{TlsAcceptor, TlsConnector};

/// The name in the certificates.
pub(crate) const NAME: &str = "server.example";

/// An authority that issues certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Valid {
    Now,
    Earlier,
    Later,
}

impl Authority {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::new([]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, key());
        Self(issuer.expect("a certificate"))
    }

    /// A client that trusts this authority alone.
    pub(crate) fn trusted(&self) -> TlsConnector {
        TlsConnector::trusting(self.0.pem()).expect("a certificate")
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A server with a certificate of this authority.
    pub(crate) fn server(&self, name: &str, valid: Valid) -> TlsAcceptor {
        let key = key();
        let certificate = params(name, valid).signed_by(&key, &self.0).expect("a certificate");
        TlsAcceptor::from_pem(certificate.pem(), key.serialize_pem()).expect("a pair")
    }
}

/// A self-signed certificate, and its key.
pub(crate) struct SelfSigned {
    certificate: Certificate,
    key: KeyPair,
}

impl SelfSigned {
    /// As `openssl req -x509 -addext subjectAltName=DNS:…` generates it, with a change.
    pub(crate) fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = params(NAME, Valid::Now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages.clear();
        change(&mut params);
        let key = key();
        Self { certificate: params.self_signed(&key).expect("a certificate"), key }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn key(&self) -> &KeyPair {
        &self.key
    }

    /// A client that trusts this certificate alone.
    pub(crate) fn trusted(&self) -> TlsConnector {
        TlsConnector::trusting(self.pem()).expect("a certificate")
    }

    /// A server that presents it.
    pub(crate) fn server(&self) -> TlsAcceptor {
        TlsAcceptor::from_pem(self.pem(), self.key.serialize_pem()).expect("a pair")
    }
}

/// A server with a self-signed certificate.
pub(crate) fn self_signed() -> TlsAcceptor {
    SelfSigned::new(|params| params.is_ca = IsCa::NoCa).server()
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(name: &str, valid: Valid) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid.set(&mut params);
    params
}

impl Valid {
    pub(crate) fn set(self, params: &mut CertificateParams) {
        (params.not_before, params.not_after) = match self {
            Self::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(4000, 1, 1)),
            Self::Earlier => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            Self::Later => (date_time_ymd(3000, 1, 1), date_time_ymd(4000, 1, 1)),
        };
    }
}
