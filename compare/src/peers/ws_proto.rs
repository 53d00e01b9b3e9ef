//! `ws-proto`, the core without a runtime: a loop that reads into one buffer.

use std::io::{Read, Write};

use ws_proto::{Config, Connection, Event, Limits, Role};

use super::MAX_MESSAGE;
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Side};
use crate::driven;
use crate::memory::Memory;

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "ws-proto",
    package: Some("ws-proto"),
    side: Side::Ours,
    codec: Some(driven::open::<Core>),
    server: None,
};

/// The size of the read buffer, and that from which output is written.
const BUFFER: usize = 64 * 1024;

pub(super) fn config() -> Config {
    let incoming = Limits { max_message_size: MAX_MESSAGE, ..Limits::UNLIMITED };
    Config { incoming, ..Config::default() }
}

struct Core {
    stream: Memory,
    connection: Connection,
    buffer: Vec<u8>,
    /// The input in `buffer`.
    start: usize,
    end: usize,
    output: Vec<u8>,
}

impl Core {
    /// Reads behind the input. A message that does not fit makes the buffer grow as it arrives.
    fn read(&mut self) -> usize {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.end..]).expect("memory");
        self.end += read;
        read
    }

    /// Passes each message to `act`, with the output for replies. Returns the number of messages, which is
    /// smaller than `count` only if one was invalid or the stream has ended.
    #[inline]
    fn drive(
        &mut self,
        count: usize,
        mut act: impl FnMut(&mut Connection, Event<'_>, &mut Vec<u8>),
    ) -> usize {
        let mut done = 0;
        let mut more = true;
        while done < count && more {
            let mut input = &mut self.buffer[self.start..self.end];
            while done < count {
                match self.connection.receive_whole(&mut input) {
                    Ok(Some(event)) => act(&mut self.connection, event, &mut self.output),
                    Ok(None) => break,
                    Err(_) => {
                        more = false;
                        break;
                    }
                }
                done += 1;
            }
            self.start = self.end - input.len();
            if done < count && more {
                if self.output.len() >= BUFFER {
                    self.flush();
                }
                more = self.read() > 0;
            }
        }
        self.flush();
        done
    }

    fn flush(&mut self) {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).expect("memory");
            self.output.clear();
        }
    }
}

impl Open for Core {
    fn open(stream: Memory, role: Role) -> Self {
        let connection = match role {
            Role::Server => Connection::server(config()),
            Role::Client => Connection::client(config(), [7; 32]),
        };
        let buffer = vec![0; BUFFER];
        Self { stream, connection, buffer, start: 0, end: 0, output: Vec::new() }
    }
}

impl Peer for Core {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        self.drive(count, |_, event, _| match event {
            Event::Text(text) => each(text.as_bytes()),
            Event::Binary(data) => each(&data),
            other => panic!("{other:?}"),
        })
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            self.connection.send(&*message.data, &mut self.output).expect("open");
            if self.output.len() >= BUFFER {
                self.flush();
            }
        }
        self.flush();
    }

    async fn echo(&mut self, count: usize) {
        self.drive(count, |connection, event, output| {
            let sent = match event {
                Event::Text(text) => connection.send(text, output),
                Event::Binary(data) => connection.send(data, output),
                other => panic!("{other:?}"),
            };
            sent.expect("open");
        });
    }
}
