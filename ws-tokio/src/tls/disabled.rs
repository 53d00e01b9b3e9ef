//! Stands in for both implementations where neither feature is on, so that the rest has no
//! conditions.
#![allow(clippy::needless_pass_by_ref_mut, reason = "the signatures are those of the real ones")]

use std::pin::Pin;

use super::error::TlsError;
use crate::connect::{Stream, Transport};

/// Whom to trust, and by which implementation of TLS: there is none without one of the features
/// `rustls` and `native-tls`.
#[derive(Clone, Debug)]
pub enum TlsConnector {}

#[derive(Debug)]
pub(crate) enum Secured {}

impl TlsConnector {
    pub(crate) async fn connect(
        &self,
        _host: &str,
        _transport: Transport,
    ) -> Result<Secured, TlsError> {
        match *self {}
    }
}

impl Secured {
    pub(crate) fn transport(&self) -> &Transport {
        match *self {}
    }

    pub(crate) fn is_write_vectored(&self) -> bool {
        match *self {}
    }

    pub(crate) fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match *self {}
    }
}
