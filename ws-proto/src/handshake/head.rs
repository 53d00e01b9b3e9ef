//! The head of a request or a response as it arrives (RFC 9112 §2).

mod grammar;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use self::grammar::State;
use super::headers::Headers;
use crate::config::Config;

/// The content type of an alert, the first byte of its record.
const TLS_ALERT: u8 = 21;

/// The limits of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    pub(crate) bytes: usize,
    pub(crate) headers: usize,
}

impl From<&Config> for HeadLimits {
    fn from(config: &Config) -> Self {
        Self { bytes: config.max_head_size, headers: config.max_headers }
    }
}

/// A head up to the blank line that ends it. Every byte is checked once as it arrives, at any
/// chunking, and the whole is parsed once (CVE-2023-43669).
#[derive(Debug)]
pub(crate) struct HeadBuffer {
    bytes: Vec<u8>,
    /// The state before the first byte.
    start: State,
    state: State,
    /// Field lines that have begun.
    fields: usize,
}

/// A complete head.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    fields: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    Malformed,
    /// The first byte is that of a TLS alert (RFC 8446 §5.1).
    TlsAlert,
    /// A request of another version than HTTP/1.0 and HTTP/1.1.
    UnsupportedVersion,
    TooLarge,
    TooManyHeaders,
}

impl HeadBuffer {
    pub(crate) fn request() -> Self {
        Self::new(State::Request)
    }

    pub(crate) fn response() -> Self {
        Self::new(State::ResponseVersion(0))
    }

    fn new(start: State) -> Self {
        Self { bytes: Vec::new(), start, state: start, fields: 0 }
    }

    /// Takes bytes up to the end of the head; returns the head when it is complete, and is ready for
    /// another one.
    pub(crate) fn receive(
        &mut self,
        input: &mut &mut [u8],
        limits: HeadLimits,
    ) -> Result<Option<Head>, HeadError> {
        let room = limits.bytes.saturating_sub(self.bytes.len());
        let within = &input[..input.len().min(room)];
        let mut len = 0;
        while self.state != State::Complete {
            len += self.state.run(&within[len..]);
            let Some(byte) = within.get(len) else { break };
            let next = self.state.next(*byte).map_err(|error| match *byte {
                TLS_ALERT if self.bytes.is_empty() && len == 0 => HeadError::TlsAlert,
                _ => error,
            })?;
            if (self.state, next) == (State::FieldStart, State::FieldName) {
                self.fields += 1;
                if self.fields > limits.headers {
                    return Err(HeadError::TooManyHeaders);
                }
            }
            self.state = next;
            len += 1;
        }

        let (piece, rest) = mem::take(input).split_at_mut(len);
        *input = rest;
        self.bytes.extend_from_slice(piece);
        if self.state != State::Complete {
            return if input.is_empty() { Ok(None) } else { Err(HeadError::TooLarge) };
        }
        let Self { bytes, fields, .. } = mem::replace(self, Self::new(self.start));
        Ok(Some(Head { bytes, fields }))
    }
}

pub(crate) struct RequestLine {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Whether the request is of HTTP/1.1.
    pub(crate) current: bool,
}

impl Head {
    /// The number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// # Errors
    ///
    /// [`HeadError::Malformed`]: the target is not UTF-8. Everything else was checked as it arrived.
    pub(crate) fn parse_request(&self) -> Result<(RequestLine, Headers), HeadError> {
        self.with_fields(|fields| {
            let mut request = httparse::Request::new(fields);
            request.parse(&self.bytes).map_err(|_error| HeadError::Malformed)?;
            let (Some(method), Some(target)) = (request.method, request.path) else {
                return Err(HeadError::Malformed);
            };
            let line = RequestLine {
                method: method.into(),
                target: target.into(),
                current: request.version == Some(1),
            };
            Ok((line, gather(request.headers)))
        })
    }

    pub(crate) fn parse_response(&self) -> Result<(u16, Headers), HeadError> {
        self.with_fields(|fields| {
            let mut response = httparse::Response::new(fields);
            response.parse(&self.bytes).map_err(|_error| HeadError::Malformed)?;
            let status = response.code.ok_or(HeadError::Malformed)?;
            Ok((status, gather(response.headers)))
        })
    }

    /// Room for the fields: on the stack for the usual number.
    fn with_fields<'h, R>(&'h self, parse: impl FnOnce(&mut [httparse::Header<'h>]) -> R) -> R {
        let mut few = [httparse::EMPTY_HEADER; 100];
        match few.get_mut(..self.fields) {
            Some(fields) => parse(fields),
            None => parse(&mut vec![httparse::EMPTY_HEADER; self.fields]),
        }
    }
}

fn gather(fields: &[httparse::Header<'_>]) -> Headers {
    let bytes = fields.iter().map(|field| field.name.len() + field.value.len()).sum();
    let mut headers = Headers::with_capacity(fields.len(), bytes);
    for field in fields {
        headers.push_valid(field.name, field.value);
    }
    headers
}
