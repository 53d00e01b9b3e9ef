//! The default TLS connector for `wss`.

use super::connector::TlsConnector;
use super::error::TlsError;

#[cfg(any(feature = "rustls-platform-verifier", feature = "webpki-roots", feature = "native-tls"))]
/// Returns the connector of the first enabled feature with root certificates. It is created once.
pub(crate) fn default_connector() -> Result<TlsConnector, TlsError> {
    use std::sync::OnceLock;

    static MADE: OnceLock<TlsConnector> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    #[cfg(feature = "rustls-platform-verifier")]
    let made = TlsConnector::platform_verifier()?;
    #[cfg(all(feature = "webpki-roots", not(feature = "rustls-platform-verifier")))]
    let made = TlsConnector::webpki_roots()?;
    #[cfg(not(any(feature = "rustls-platform-verifier", feature = "webpki-roots")))]
    let made = TlsConnector::native_tls()?;
    Ok(MADE.get_or_init(|| made).clone())
}

#[cfg(not(any(
    feature = "rustls-platform-verifier",
    feature = "webpki-roots",
    feature = "native-tls"
)))]
/// Returns an error with the names of the features.
pub(crate) fn default_connector() -> Result<TlsConnector, TlsError> {
    use super::error::TlsErrorKind;

    Err(match cfg!(feature = "rustls") {
        true => TlsErrorKind::MissingRoots,
        false => TlsErrorKind::MissingFeature,
    }
    .into())
}
