//! Replaces permessage-deflate where the feature `deflate` is off: an extension that no connection can
//! have.
#![allow(clippy::needless_pass_by_ref_mut, reason = "the signatures of the real one")]

use alloc::string::String;

use crate::config::Config;
use crate::error::ErrorKind;
use crate::handshake::client::ClientHandshakeErrorKind;
use crate::handshake::extensions::{Malformed, parse};
use crate::stats::Saved;
use crate::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameters {}

pub(crate) enum Extension {}

impl Extension {
    pub(crate) fn new(parameters: Parameters) -> Self {
        match parameters {}
    }

    pub(crate) fn saved(&self) -> Saved {
        match *self {}
    }

    pub(crate) fn count_sent(&mut self, _: usize, _: usize) {
        match *self {}
    }

    pub(crate) fn timeout_changed(&self) -> bool {
        match *self {}
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match *self {}
    }

    pub(crate) fn poll_timeout(&mut self, _: &Config, _: Instant) -> Option<Instant> {
        match *self {}
    }

    pub(crate) fn handle_timeout(&mut self, _: &Config, _: Instant) {
        match *self {}
    }

    pub(crate) fn compresses(&self, _: &Config, _: usize) -> bool {
        match *self {}
    }

    pub(crate) fn can_compress(&self) -> bool {
        match *self {}
    }

    pub(crate) fn end(&mut self) {
        match *self {}
    }

    pub(crate) fn message_sent(&mut self) {
        match *self {}
    }

    pub(crate) fn shared_window_bits(&self) -> Option<u8> {
        match *self {}
    }

    pub(crate) fn compress(&mut self, _: &Config, _: &[u8], _: bool, _: bool) -> &[u8] {
        match *self {}
    }

    pub(crate) fn inflate(
        &mut self,
        _: &Config,
        _: &[u8],
        _: bool,
        _: usize,
        _: impl FnMut(&[u8]) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        match *self {}
    }
}

pub(crate) fn accept_offers<'h>(
    _: impl Iterator<Item = &'h [u8]>,
    _: &Config,
) -> Result<Option<(String, Parameters)>, Malformed> {
    Ok(None)
}

pub(crate) fn write_offers(_: &Config) -> Option<String> {
    None
}

pub(crate) fn check_response<'h>(
    fields: impl Iterator<Item = &'h [u8]>,
    _: &Config,
) -> Result<Option<Parameters>, ClientHandshakeErrorKind> {
    match parse(fields) {
        Ok(elements) if elements.is_empty() => Ok(None),
        _ => Err(ClientHandshakeErrorKind::InvalidExtension),
    }
}
