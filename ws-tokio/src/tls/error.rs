//! The errors of TLS.

use std::error::Error;
use std::{fmt, io};

/// An error of setting up TLS, or of its handshake.
#[derive(Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a [`TlsError`].
///
/// `native-tls` reports an invalid certificate as [`Handshake`](Self::Handshake); only the text has the
/// reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The crate was built without a TLS feature.
    MissingFeature,
    /// The crate was built without root certificates, and none were set.
    MissingRoots,
    /// A certificate or key of the application is invalid, or those of the system are unavailable.
    Setup,
    /// The host is not a valid name for a certificate.
    InvalidName,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The issuer of the certificate is not trusted; it may be self-signed.
    UnknownIssuer,
    /// The certificate is a CA certificate (`CA:TRUE`), as created by `openssl req -x509`, and
    /// is not trusted itself.
    CaUsedAsEndEntity,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is unusable for another reason.
    Certificate,
    /// The peer does not use TLS (rustls; `native-tls` reports it as [`Handshake`](Self::Handshake)).
    NotTls,
    /// No common parameters were found, or the peer aborted the handshake.
    Handshake,
    /// The handshake timed out.
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

    /// Returns the kind.
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }

    /// Whether the handshake timed out, or the operating system has reported a timeout of the
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
                "TLS not available: build ws-tokio with the feature `rustls-platform-verifier`, \
                 `webpki-roots` or `native-tls`"
            }
            TlsErrorKind::MissingRoots => {
                "no root certificates for TLS: build ws-tokio with the feature \
                 `rustls-platform-verifier` or `webpki-roots`, or set a `TlsConnector`"
            }
            TlsErrorKind::Setup => "cannot set up TLS",
            TlsErrorKind::InvalidName => "host is not a valid certificate name",
            TlsErrorKind::WrongName => "server certificate is for another name",
            TlsErrorKind::Expired => "server certificate has expired",
            TlsErrorKind::NotYetValid => "server certificate is not valid yet",
            TlsErrorKind::UnknownIssuer => {
                "unknown issuer of the server certificate, or self-signed"
            }
            TlsErrorKind::CaUsedAsEndEntity => {
                "server certificate is a CA certificate, perhaps self-signed, and is \
                 not trusted itself"
            }
            TlsErrorKind::Revoked => "server certificate was revoked",
            TlsErrorKind::Certificate => "invalid peer certificate",
            TlsErrorKind::NotTls => "peer does not use TLS",
            TlsErrorKind::Handshake => "TLS handshake failed",
            TlsErrorKind::Timeout => "TLS handshake timed out",
            TlsErrorKind::Io => "stream failed during the TLS handshake",
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

/// Converts an error of a rustls handshake.
#[cfg(feature = "rustls")]
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        use tokio_rustls::rustls;

        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(inner) => match kind_of(inner) {
                // rustls calls it a corrupt message, which says less.
                TlsErrorKind::NotTls => TlsErrorKind::NotTls.into(),
                kind => Self::with(kind, inner.clone()),
            },
            None => Self::with(TlsErrorKind::Io, error),
        }
    }
}

#[cfg(feature = "rustls")]
fn kind_of(error: &tokio_rustls::rustls::Error) -> TlsErrorKind {
    use tokio_rustls::rustls::{CertificateError, Error, InvalidMessage};

    let error = match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => return TlsErrorKind::NotTls,
        Error::InvalidCertificate(error) => error,
        _ => return TlsErrorKind::Handshake,
    };
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

/// Converts an error of a native-tls handshake.
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
