//! What `wss` uses where nothing was chosen.

use super::connector::TlsConnector;
use super::error::TlsError;

#[cfg(any(feature = "rustls-platform-verifier", feature = "webpki-roots", feature = "native-tls"))]
/// The first of the features that bring root certificates. It is made once.
pub(crate) fn of_features() -> Result<TlsConnector, TlsError> {
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
/// An error that names the features.
pub(crate) fn of_features() -> Result<TlsConnector, TlsError> {
    use super::error::TlsErrorKind;

    Err(match cfg!(feature = "rustls") {
        true => TlsErrorKind::MissingRoots,
        false => TlsErrorKind::MissingFeature,
    }
    .into())
}
