//! A minimal echo server on epoll, without a runtime. Its connections share one buffer.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::handshake;
use super::rewriter::Rewriter;
use crate::contestant::{Contestant, Server, Side};
use crate::server;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "raw epoll",
    package: None,
    side: Side::Floor,
    codec: None,
    server: Some(Server::Echo(|| serve().expect("epoll"))),
};

const BUFFER: usize = 256 * 1024;
const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    state: State,
    /// Output that the socket did not accept.
    unwritten: Vec<u8>,
}

enum State {
    Head(Vec<u8>),
    Open(Rewriter),
}

fn serve() -> io::Result<()> {
    server::exit_with_input();
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let listener = server::bind();
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections = HashMap::new();
    let mut next_token = 0;
    let (mut input, mut output) = (vec![0; BUFFER], Vec::new());
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    drop(stream.set_nodelay(true));
                    let token = Token(next_token);
                    next_token += 1;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, token, interest)?;
                    let state = State::Head(Vec::new());
                    connections.insert(token, Connection { stream, state, unwritten: Vec::new() });
                }
            } else if let Some(connection) = connections.get_mut(&event.token())
                && !connection.advance(&mut input, &mut output).unwrap_or(false)
            {
                connections.remove(&event.token());
            }
        }
    }
}

impl Connection {
    /// Reads and writes until the socket would block. Returns whether the connection continues.
    fn advance(&mut self, input: &mut [u8], output: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            while !self.unwritten.is_empty() {
                match self.stream.write(&self.unwritten) {
                    Ok(written) => drop(self.unwritten.drain(..written)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
            self.unwritten = Vec::new();
            let read = match self.stream.read(input) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            output.clear();
            match &mut self.state {
                State::Head(head) => {
                    head.extend_from_slice(&input[..read]);
                    if let Some(response) = handshake::response(head) {
                        output.extend_from_slice(&response);
                        self.state = State::Open(Rewriter::default());
                    }
                }
                State::Open(rewriter) => {
                    if !rewriter.rewrite(&mut input[..read], output) {
                        return Ok(false);
                    }
                }
            }
            let written = match self.stream.write(output) {
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            self.unwritten.extend_from_slice(&output[written..]);
            // A short read has drained the socket: epoll reports what arrives from now on.
            if self.unwritten.is_empty() && read < input.len() {
                return Ok(true);
            }
        }
    }
}
