//! Stands in for both implementations where neither feature is on, so that the rest has no
//! conditions.

use super::error::TlsError;
use super::secured::Secured;
use crate::byte_stream::ByteStream;

/// Whom to trust, and by which implementation of TLS: there is none without one of the features
/// `rustls` and `native-tls`.
#[derive(Clone, Debug)]
pub enum TlsConnector {}

impl TlsConnector {
    pub(crate) async fn connect<S: ByteStream>(
        &self,
        _host: &str,
        _stream: S,
    ) -> Result<Secured<S>, TlsError> {
        match *self {}
    }
}
