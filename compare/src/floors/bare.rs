//! A minimal endpoint: it parses frames, unmasks in place, validates text and assembles fragments, but knows
//! no control frames, limits, deadlines or closing.

use std::io::{Read, Write};

use ws_proto::Role;

use super::header::{self, BINARY, CONTINUATION, FIN, Header, TEXT, mask};
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Side};
use crate::driven;
use crate::memory::Memory;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "bare loop",
    package: None,
    side: Side::Floor,
    codec: Some(driven::open::<Bare>),
    server: None,
};

const BUFFER: usize = 64 * 1024;

struct Bare {
    stream: Memory,
    role: Role,
    /// The state of a generator of masking keys.
    keys: u64,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The opcode and the payload of a message whose last fragment has not arrived.
    kind: u8,
    fragments: Vec<u8>,
    output: Vec<u8>,
}

impl Bare {
    /// Passes the messages to `act`. Returns their number, which is smaller than `count` only if one was
    /// not UTF-8.
    #[inline]
    fn drive(
        &mut self,
        count: usize,
        mut act: impl FnMut(u8, &[u8], &mut Vec<u8>, &mut u64, Role),
    ) -> usize {
        let mut done = 0;
        while done < count {
            let input = &mut self.buffer[self.start..self.end];
            let header = Header::parse(input);
            let Some(header) = header.filter(|header| input.len() - header.size >= header.len)
            else {
                self.read(header.map_or(0, |header| header.size + header.len));
                continue;
            };
            let payload = &mut input[header.size..][..header.len];
            if let Some(key) = header.key {
                mask(payload, key);
            }
            self.start += header.size + header.len;
            let (kind, payload) = if header.is_whole() {
                (header.opcode(), &*payload)
            } else {
                if header.opcode() != CONTINUATION {
                    self.kind = header.opcode();
                }
                self.fragments.extend_from_slice(payload);
                if header.first & FIN == 0 {
                    continue;
                }
                (self.kind, &*self.fragments)
            };
            if kind == TEXT && simdutf8::basic::from_utf8(payload).is_err() {
                break;
            }
            act(kind, payload, &mut self.output, &mut self.keys, self.role);
            self.fragments.clear();
            done += 1;
            if self.output.len() >= BUFFER {
                self.flush();
            }
        }
        self.flush();
        done
    }

    /// Reads behind the input, with room for a frame of `size` bytes.
    fn read(&mut self, size: usize) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        self.end += self.stream.read(&mut self.buffer[self.end..]).expect("memory");
    }

    fn flush(&mut self) {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).expect("memory");
            self.output.clear();
        }
    }
}

#[inline]
fn append(opcode: u8, payload: &[u8], output: &mut Vec<u8>, keys: &mut u64, role: Role) {
    let key = (role == Role::Client).then(|| {
        *keys =
            keys.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*keys >> 32) as u32).to_ne_bytes()
    });
    header::write(output, FIN | opcode, key, payload.len());
    let start = output.len();
    output.extend_from_slice(payload);
    if let Some(key) = key {
        mask(&mut output[start..], key);
    }
}

impl Open for Bare {
    fn open(stream: Memory, role: Role) -> Self {
        let buffer = vec![0; BUFFER];
        let (start, end, kind) = (0, 0, BINARY);
        let (fragments, output) = (Vec::new(), Vec::new());
        Self { stream, role, keys: 7, buffer, start, end, kind, fragments, output }
    }
}

impl Peer for Bare {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        self.drive(count, |_, payload, _, _, _| each(payload))
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            append(BINARY, &message.data, &mut self.output, &mut self.keys, self.role);
            if self.output.len() >= BUFFER {
                self.flush();
            }
        }
        self.flush();
    }

    async fn echo(&mut self, count: usize) {
        self.drive(count, append);
    }
}
