//! An echo server on mio, one thread for all connections:
//! `mio_echo ADDRESS [--max-message BYTES]`.
//!
//! All connections share one read buffer. A connection whose output is not taken is not read from
//! until it is. The earliest of all deadlines limits the wait for events.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::mem;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use ws_proto::{Config, Instant};

mod echo;
use echo::{Clock, HIGH_WATER, Options, Session};

const LISTENER: Token = Token(0);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse("mio_echo")?;
    let mut listener = TcpListener::bind(options.address.parse()?)?;
    println!("listening on ws://{}", listener.local_addr()?);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server {
        listener,
        config: Arc::new(options.config),
        peers: HashMap::new(),
        accepted: 0,
        reported: false,
        deadlines: BTreeSet::new(),
        ready: BTreeSet::new(),
    };

    let clock = Clock::start();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let wait = match server.deadlines.first() {
            _ if !server.ready.is_empty() => Some(Duration::ZERO),
            first => first.map(|(deadline, _)| *deadline - clock.now()),
        };
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => server.ready.extend(events.iter().map(|event| event.token())),
        }
        let now = clock.now();
        while server.deadlines.first().is_some_and(|(deadline, _)| *deadline <= now) {
            server.ready.extend(server.deadlines.pop_first().map(|(_, token)| token));
        }
        for token in mem::take(&mut server.ready) {
            match token {
                LISTENER => server.accept(&poll, now),
                token => server.turn(token, &mut buffer, now),
            }
        }
    }
}

struct Server {
    listener: TcpListener,
    config: Arc<Config>,
    peers: HashMap<Token, Peer>,
    accepted: usize,
    /// Whether an error of accepting was reported.
    reported: bool,
    deadlines: BTreeSet<(Instant, Token)>,
    /// Peers and the listener, if they have more to do: events only report changes.
    ready: BTreeSet<Token>,
}

impl Server {
    fn accept(&mut self, poll: &Poll, now: Instant) {
        match self.listener.accept() {
            Ok((mut stream, _address)) => {
                // There may be another connection.
                self.ready.insert(LISTENER);
                self.accepted += 1;
                let token = Token(self.accepted);
                let interest = Interest::READABLE | Interest::WRITABLE;
                if let Err(error) = poll.registry().register(&mut stream, token, interest) {
                    return eprintln!("register: {error}");
                }
                // Without it small replies would be delayed.
                let _ = stream.set_nodelay(true);
                let session = Session::new(&self.config);
                self.peers.insert(token, Peer { stream, session, deadline: None });
                self.ready.insert(token);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                // Usually out of file descriptors: connections must end first.
                if !mem::replace(&mut self.reported, true) {
                    eprintln!("accept: {error}; reported once");
                }
                self.deadlines.insert((now + Duration::from_millis(100), LISTENER));
            }
        }
    }

    fn turn(&mut self, token: Token, buffer: &mut [u8], now: Instant) {
        let Some(peer) = self.peers.get_mut(&token) else { return };
        if let Some(deadline) = peer.deadline {
            self.deadlines.remove(&(deadline, token));
        }
        // Errors of one peer affect only its own connection.
        match peer.turn(buffer, now).unwrap_or(Next::End) {
            Next::Event => {}
            Next::Turn => drop(self.ready.insert(token)),
            Next::End => {
                self.peers.remove(&token);
                return;
            }
        }
        self.deadlines.extend(peer.deadline.map(|deadline| (deadline, token)));
    }
}

struct Peer {
    stream: TcpStream,
    session: Session,
    deadline: Option<Instant>,
}

/// What a connection waits for after a turn.
enum Next {
    /// An event, or its deadline.
    Event,
    /// Only the turns of other connections.
    Turn,
    /// Nothing more.
    End,
}

impl Peer {
    /// Reads once, and writes what can be written.
    fn turn(&mut self, buffer: &mut [u8], now: Instant) -> io::Result<Next> {
        let full = self.session.output.len() >= HIGH_WATER;
        let mut read = None;
        if !full && !self.session.wants_close() {
            read = unless_it_blocks(self.stream.read(buffer))?;
        }
        if let Some(len) = read {
            self.session.receive(&mut buffer[..len]);
        }
        self.deadline = self.session.handle_time(now);
        self.write()?;
        if self.session.gave_up() {
            return Ok(Next::End);
        }
        if self.session.output.is_empty() {
            if self.session.wants_close() {
                return Ok(Next::End);
            }
            if self.session.poll_half_close() {
                // If that fails, reading finds out why.
                let _ = self.stream.shutdown(Shutdown::Write);
            }
        }
        let has_room = self.session.output.len() < HIGH_WATER;
        Ok(if has_room && (full || read.is_some()) { Next::Turn } else { Next::Event })
    }

    fn write(&mut self) -> io::Result<()> {
        let output = &mut self.session.output;
        let mut written = 0;
        while written < output.len() {
            let Some(len) = unless_it_blocks(self.stream.write(&output[written..]))? else { break };
            written += len;
        }
        output.drain(..written);
        if output.is_empty() {
            // An idle connection owns no buffer.
            *output = Vec::new();
        }
        let left = output.len();
        self.session.wrote(written, left);
        Ok(())
    }
}

fn unless_it_blocks(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}
