//! Why there is no TLS.

use std::error::Error;
use std::{fmt, io};

/// TLS could not be set up, or the handshake failed.
#[derive(Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What exactly was wrong.
///
/// What `native-tls` finds wrong with a certificate is a [`Handshake`](Self::Handshake) error: it is
/// in the text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The crate was built without a feature for TLS.
    MissingFeature,
    /// The crate was built without root certificates, and none were given.
    MissingRoots,
    /// A certificate or a key of ours cannot be used, or the system's cannot be had.
    Setup,
    /// The host is no name that a certificate can have.
    InvalidName,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// Nobody whom we trust has issued the certificate; it may be signed by itself.
    UnknownIssuer,
    /// The certificate is that of an authority (`CA:TRUE`), such as `openssl req -x509` makes it, and
    /// not one of those that are trusted themselves.
    CaUsedAsEndEntity,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is unusable for another reason.
    Certificate,
    /// The peer does not speak TLS, nothing that both sides speak was found, or the peer gave up.
    Handshake,
    /// The handshake did not end in time.
    Timeout,
    /// The byte stream failed or ended.
    Io,
}

impl TlsError {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn with(
        kind: TlsErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn setup(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::with(TlsErrorKind::Setup, source)
    }

    /// What was wrong.
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }

    /// Whether the handshake did not end in time, or the operating system has reported a timeout of the
    /// stream.
    pub fn is_timeout(&self) -> bool {
        let mut cause = self.source.as_ref().map(|source| &**source as &(dyn Error + 'static));
        while let Some(error) = cause {
            let error_of_io = error.downcast_ref::<io::Error>();
            if error_of_io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                return true;
            }
            cause = error.source();
        }
        self.kind == TlsErrorKind::Timeout
    }
}

impl From<TlsErrorKind> for TlsError {
    fn from(kind: TlsErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TlsErrorKind::MissingFeature => {
                "TLS is missing: build ws-tokio with the feature `rustls-platform-verifier`, \
                 `webpki-roots` or `native-tls`"
            }
            TlsErrorKind::MissingRoots => {
                "root certificates for TLS are missing: build ws-tokio with the feature \
                 `rustls-platform-verifier` or `webpki-roots`, or give the connector a `TlsConnector`"
            }
            TlsErrorKind::Setup => "TLS cannot be set up",
            TlsErrorKind::InvalidName => "no certificate can be for this host",
            TlsErrorKind::WrongName => "the server's certificate is for another name",
            TlsErrorKind::Expired => "the server's certificate has expired",
            TlsErrorKind::NotYetValid => "the server's certificate is not valid yet",
            TlsErrorKind::UnknownIssuer => {
                "the server's certificate has an unknown issuer, or is signed by itself"
            }
            TlsErrorKind::CaUsedAsEndEntity => {
                "the server's certificate is that of an authority, perhaps signed by itself, and is \
                 not trusted itself"
            }
            TlsErrorKind::Revoked => "the server's certificate was revoked",
            TlsErrorKind::Certificate => "the peer's certificate cannot be used",
            TlsErrorKind::Handshake => "the TLS handshake failed",
            TlsErrorKind::Timeout => "the TLS handshake did not end in time",
            TlsErrorKind::Io => "the stream failed during the TLS handshake",
        })?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().and_then(|source| source.source())
    }
}

/// What a handshake of rustls's reports.
#[cfg(feature = "rustls")]
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        use tokio_rustls::rustls;

        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(inner) => Self::with(sort(inner), inner.clone()),
            None => Self::with(TlsErrorKind::Io, error),
        }
    }
}

#[cfg(feature = "rustls")]
fn sort(error: &tokio_rustls::rustls::Error) -> TlsErrorKind {
    use tokio_rustls::rustls::{CertificateError, Error};

    let Error::InvalidCertificate(error) = error else { return TlsErrorKind::Handshake };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            TlsErrorKind::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsErrorKind::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsErrorKind::WrongName
        }
        CertificateError::UnknownIssuer => TlsErrorKind::UnknownIssuer,
        CertificateError::Revoked => TlsErrorKind::Revoked,
        CertificateError::Other(other)
            if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
        {
            TlsErrorKind::CaUsedAsEndEntity
        }
        _ => TlsErrorKind::Certificate,
    }
}

/// What a handshake of native-tls's reports.
#[cfg(feature = "native-tls")]
impl From<native_tls::Error> for TlsError {
    fn from(error: native_tls::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(found) = cause {
            if found.is::<io::Error>() {
                return Self::with(TlsErrorKind::Io, error);
            }
            cause = found.source();
        }
        Self::with(TlsErrorKind::Handshake, error)
    }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        for (kind, is_timeout) in
            [(io::ErrorKind::TimedOut, true), (io::ErrorKind::ConnectionReset, false)]
        {
            let error = TlsError::from(io::Error::from(kind));
            assert_eq!((error.kind(), error.is_timeout()), (TlsErrorKind::Io, is_timeout));
        }
        assert!(TlsError::from(TlsErrorKind::Timeout).is_timeout());
        assert!(!TlsError::from(TlsErrorKind::Expired).is_timeout());
    }
}
