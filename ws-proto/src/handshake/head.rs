//! The head of a request or a response as it arrives (RFC 9112 §2).

use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use super::headers::Headers;
use crate::config::Config;

/// How long a head may be.
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

/// A head up to the blank line that ends it. Every byte is looked at once while it arrives and
/// once when the whole is parsed, however it is cut (CVE-2023-43669).
#[derive(Debug, Default)]
pub(crate) struct HeadBuffer {
    bytes: Vec<u8>,
    /// Where the line begins whose end has not come.
    line: usize,
    lines: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    Malformed,
    TooLarge,
    TooManyHeaders,
}

impl HeadBuffer {
    /// Takes bytes up to the end of the head; returns the head when it is complete.
    pub(crate) fn receive(
        &mut self,
        input: &mut &mut [u8],
        limits: HeadLimits,
    ) -> Result<Option<Vec<u8>>, HeadError> {
        while !input.is_empty() {
            let end = input.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let room = limits.bytes - self.bytes.len().min(limits.bytes);
            let len = end.unwrap_or(input.len());
            if len > room {
                return Err(HeadError::TooLarge);
            }
            let (piece, rest) = mem::take(input).split_at_mut(len);
            *input = rest;
            self.bytes.extend_from_slice(piece);
            if end.is_none() {
                return Ok(None);
            }

            match &self.bytes[self.line..] {
                // The blank line; it cannot be the first one.
                b"\r\n" if self.lines > 0 => {
                    self.line = 0;
                    self.lines = 0;
                    return Ok(Some(mem::take(&mut self.bytes)));
                }
                [_, .., b'\r', b'\n'] => {}
                // RFC 9112 §2.2 lets a recipient take a bare line feed for a line's end, and
                // request smuggling lives on such leniency.
                _ => return Err(HeadError::Malformed),
            }
            self.line = self.bytes.len();
            self.lines += 1;
            if self.lines - 1 > limits.headers {
                return Err(HeadError::TooManyHeaders);
            }
        }
        Ok(None)
    }
}

pub(crate) struct RequestLine {
    pub(crate) method: Vec<u8>,
    pub(crate) target: Vec<u8>,
    /// Whether the request is of HTTP/1.1.
    pub(crate) current: bool,
}

pub(crate) fn parse_request(head: &[u8]) -> Result<(RequestLine, Headers), HeadError> {
    with_fields(head, |fields| {
        let mut request = httparse::Request::new(fields);
        request.parse(head).map_err(|_error| HeadError::Malformed)?;
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

pub(crate) fn parse_response(head: &[u8]) -> Result<(u16, Headers), HeadError> {
    with_fields(head, |fields| {
        let mut response = httparse::Response::new(fields);
        response.parse(head).map_err(|_error| HeadError::Malformed)?;
        let status = response.code.ok_or(HeadError::Malformed)?;
        Ok((status, gather(response.headers)))
    })
}

/// Room for the fields of `head`: on the stack for the usual number.
fn with_fields<'h, R>(head: &[u8], parse: impl FnOnce(&mut [httparse::Header<'h>]) -> R) -> R {
    let lines = head.iter().filter(|byte| **byte == b'\n').count();
    // The first line and the blank one hold no field.
    let count = lines.saturating_sub(2);
    let mut few = [httparse::EMPTY_HEADER; 100];
    match few.get_mut(..count) {
        Some(fields) => parse(fields),
        None => parse(&mut vec![httparse::EMPTY_HEADER; count]),
    }
}

fn gather(fields: &[httparse::Header<'_>]) -> Headers {
    let mut headers = Headers::new();
    for field in fields {
        headers.push_valid(field.name, field.value);
    }
    headers
}
