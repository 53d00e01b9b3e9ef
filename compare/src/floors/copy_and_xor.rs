//! Receiving without parsing: each byte is copied once and masked once. What it returns is not the message.

use std::io::Read;

use ws_proto::Role;

use super::header::{BINARY, FIN, Header, mask};
use crate::codec::{Codec, Work};
use crate::content::Content;
use crate::contestant::{Contestant, Side};
use crate::memory::Memory;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "copy and XOR",
    package: None,
    side: Side::Floor,
    codec: Some(|stream, role| Box::new(CopyAndXor { stream, role, buffer: vec![0; 64 * 1024] })),
    server: None,
};

struct CopyAndXor {
    stream: Memory,
    role: Role,
    buffer: Vec<u8>,
}

impl Codec for CopyAndXor {
    fn supports(&self, work: Work) -> bool {
        work == Work::Receive
    }

    fn check(&mut self, _: Work, _: &Content, _: usize) {}

    fn receives(&mut self) -> bool {
        false
    }

    fn run(&mut self, _: Work, content: &Content, count: usize) {
        let len = content.data.len();
        let header = ws_wire::header(self.role, FIN | BINARY, len as u64);
        let header = Header::parse(&header).expect("a header");
        let mut left = (header.size + len) * count;
        while left > 0 {
            let room = left.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..room]).expect("memory");
            if let Some(key) = header.key {
                mask(&mut self.buffer[..read], key);
            }
            std::hint::black_box(&self.buffer);
            left -= read;
        }
    }
}
