//! The body of a refused handshake's response, up to a limit (RFC 9112 §6).

use alloc::vec::Vec;
use core::mem;

use super::headers::Headers;

#[derive(Debug)]
pub(super) struct Body {
    framing: Framing,
    /// What of a chunk has come.
    raw: Vec<u8>,
    data: Vec<u8>,
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(u64),
    Chunked,
    UntilEof,
}

impl Body {
    pub(super) fn new(status: u16, headers: &Headers, limit: usize) -> Self {
        let length = headers
            .get("content-length")
            .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|value| value.parse().ok());
        let framing = match (status, length) {
            (204 | 304, _) => Framing::Length(0),
            _ if headers.has_token("transfer-encoding", "chunked") => Framing::Chunked,
            (_, Some(length)) => Framing::Length(length),
            _ => Framing::UntilEof,
        };
        Self { framing, raw: Vec::new(), data: Vec::new(), limit }
    }

    /// Takes what belongs to the body; says whether it is complete or has reached the limit.
    pub(super) fn receive(&mut self, input: &mut &mut [u8]) -> bool {
        match self.framing {
            Framing::Length(length) => {
                let left = usize::try_from(length).unwrap_or(usize::MAX) - self.data.len();
                let piece = take(input, left.min(self.limit - self.data.len()));
                self.data.extend_from_slice(piece);
                self.data.len() as u64 == length || self.data.len() == self.limit
            }
            Framing::UntilEof => {
                let piece = take(input, self.limit - self.data.len());
                self.data.extend_from_slice(piece);
                self.data.len() == self.limit
            }
            Framing::Chunked => {
                // A chunk's size line is not data, so it gets some room of its own.
                let room = (2 * self.limit + 64).saturating_sub(self.raw.len() + self.data.len());
                let piece = take(input, room);
                self.raw.extend_from_slice(piece);
                self.decode_chunks() || piece.len() == room
            }
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.data
    }

    /// Decodes whole chunks; says whether the last one or the limit is reached, or the encoding
    /// makes no sense.
    fn decode_chunks(&mut self) -> bool {
        let mut rest = self.raw.as_slice();
        let done = loop {
            let (start, size) = match httparse::parse_chunk_size(rest) {
                Ok(httparse::Status::Complete((_, 0))) | Err(_) => break true,
                Ok(httparse::Status::Complete(chunk)) => chunk,
                Ok(httparse::Status::Partial) => break false,
            };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let room = self.limit - self.data.len();
            let chunk = &rest[start..];
            if size >= room && chunk.len() >= room {
                self.data.extend_from_slice(&chunk[..room]);
                break true;
            }
            // The chunk and its line end.
            let Some(after) = size.checked_add(2).and_then(|len| chunk.get(len..)) else {
                break false;
            };
            self.data.extend_from_slice(&chunk[..size]);
            rest = after;
        };
        let used = self.raw.len() - rest.len();
        self.raw.drain(..used);
        done
    }
}

fn take<'i>(input: &mut &'i mut [u8], len: usize) -> &'i [u8] {
    let len = len.min(input.len());
    let (piece, rest) = mem::take(input).split_at_mut(len);
    *input = rest;
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)], limit: usize, input: &[u8], step: usize) -> (bool, Vec<u8>) {
        let mut fields = Headers::new();
        for (name, value) in headers {
            fields.push_valid(name, value);
        }
        let mut body = Body::new(403, &fields, limit);
        let mut input = input.to_vec();
        let done = input.chunks_mut(step).any(|mut piece| body.receive(&mut piece));
        (done, body.finish())
    }

    #[test]
    fn every_framing_at_every_chunking() {
        let chunked = [("Transfer-Encoding", "chunked")];
        let length = [("Content-Length", "5")];
        let wiki = b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\n";
        for step in [1, 2, 3, 100] {
            assert_eq!(read(&length, 64, b"helloworld", step), (true, b"hello".to_vec()));
            assert_eq!(read(&length, 3, b"hello", step), (true, b"hel".to_vec()));
            assert_eq!(read(&[], 64, b"hello", step), (false, b"hello".to_vec()));
            assert_eq!(read(&[], 4, b"hello", step), (true, b"hell".to_vec()));
            assert_eq!(read(&chunked, 64, wiki, step), (true, b"Wikipedia ".to_vec()));
            assert_eq!(read(&chunked, 6, wiki, step), (true, b"Wikipe".to_vec()));
            assert_eq!(read(&chunked, 64, b"FFFFFFFFFFFFFFFF\r\nabc", step), (false, Vec::new()));
        }
    }
}
