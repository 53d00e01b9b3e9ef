//! The body of a refused handshake's response, up to a limit (RFC 9112 §6).

use alloc::vec::Vec;
use core::mem;

use super::headers::Headers;

/// The longest line with the size of a chunk, extensions included; real ones are short.
const MAX_CHUNK_LINE: usize = 256;

#[derive(Debug)]
pub(super) struct Body {
    framing: Framing,
    data: Vec<u8>,
    limit: usize,
}

#[derive(Debug)]
enum Framing {
    Length(u64),
    Chunked(Chunk),
    UntilEof,
}

/// Where in a chunk (RFC 9112 §7.1) the next byte belongs.
#[derive(Debug)]
enum Chunk {
    /// In the line with its size.
    Size(Vec<u8>),
    /// In its data, with this many bytes remaining.
    Data(u64),
    /// In the line end behind its data.
    End(Vec<u8>),
}

impl Body {
    pub(super) fn new(status: u16, headers: &Headers, limit: usize) -> Self {
        let length = headers
            .get("content-length")
            .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|value| value.parse().ok());
        let framing = match (status, length) {
            (204 | 304, _) => Framing::Length(0),
            _ if headers.has_token("transfer-encoding", "chunked") => {
                Framing::Chunked(Chunk::Size(Vec::new()))
            }
            (_, Some(length)) => Framing::Length(length),
            _ => Framing::UntilEof,
        };
        Self { framing, data: Vec::new(), limit }
    }

    /// Takes bytes of the body; returns whether it is complete, has reached the limit or is malformed.
    pub(super) fn receive(&mut self, input: &mut &mut [u8]) -> bool {
        let room = self.limit - self.data.len();
        match &mut self.framing {
            Framing::Length(left) => {
                let piece = take(input, *left, room);
                self.data.extend_from_slice(piece);
                *left -= piece.len() as u64;
                *left == 0 || piece.len() == room
            }
            Framing::UntilEof => {
                let piece = take(input, u64::MAX, room);
                self.data.extend_from_slice(piece);
                piece.len() == room
            }
            Framing::Chunked(_) => loop {
                if let Some(done) = self.receive_chunk(input) {
                    return done;
                }
            },
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.data
    }

    /// Takes the next part of a chunk; returns whether the body is complete, or `None` if the input has
    /// more to read.
    fn receive_chunk(&mut self, input: &mut &mut [u8]) -> Option<bool> {
        let Framing::Chunked(chunk) = &mut self.framing else { return Some(true) };
        match chunk {
            Chunk::Size(line) => {
                if !take_line(input, line) {
                    return Some(line.len() >= MAX_CHUNK_LINE);
                }
                match httparse::parse_chunk_size(line) {
                    Ok(httparse::Status::Complete((_, size))) if size > 0 => {
                        *chunk = Chunk::Data(size);
                    }
                    _ => return Some(true),
                }
            }
            Chunk::Data(left) => {
                let room = self.limit - self.data.len();
                let piece = take(input, *left, room);
                self.data.extend_from_slice(piece);
                *left -= piece.len() as u64;
                if *left > 0 || piece.len() == room {
                    return Some(piece.len() == room);
                }
                *chunk = Chunk::End(Vec::new());
            }
            Chunk::End(line) => {
                if !take_line(input, line) {
                    return Some(line.len() >= MAX_CHUNK_LINE);
                }
                if line != b"\r\n" {
                    return Some(true);
                }
                *chunk = Chunk::Size(Vec::new());
            }
        }
        None
    }
}

/// Takes at most `left` bytes, and at most `room`.
fn take<'i>(input: &mut &'i mut [u8], left: u64, room: usize) -> &'i [u8] {
    let len = usize::try_from(left).map_or(room, |left| left.min(room)).min(input.len());
    let (piece, rest) = mem::take(input).split_at_mut(len);
    *input = rest;
    piece
}

/// Takes the rest of a line; returns whether its end has arrived. A line that is too long never ends.
fn take_line(input: &mut &mut [u8], line: &mut Vec<u8>) -> bool {
    let end = input.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    let len = end.unwrap_or(input.len()) as u64;
    let piece = take(input, len, MAX_CHUNK_LINE.saturating_sub(line.len()));
    line.extend_from_slice(piece);
    line.ends_with(b"\n")
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
            assert_eq!(
                read(&chunked, 64, b"FFFFFFFFFFFFFFFF\r\nabc", step),
                (false, b"abc".to_vec())
            );
        }
    }
}
