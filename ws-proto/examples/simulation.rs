//! Two ends of a connection in one thread, with a simulated clock: a minute takes no real time,
//! and every run is the same.
//!
//! The link between them has a latency of 20 ms, carries a byte each millisecond and delivers each
//! separately. It may also stall or fail. Events are printed with the time at which they happen.

use std::collections::VecDeque;
use std::time::Duration;

use ws_proto::{CloseCode, Config, Connection, Event, Instant, Role};

const LATENCY: Duration = Duration::from_millis(20);
const TIME_PER_BYTE: Duration = Duration::from_millis(1);

fn main() {
    use Act::{Close, Say};
    run("A conversation", Link::Works, &[(at(1), Say("hello")), (at(40), Close)]);
    run("The link stalls", Link::Stalls(at(29), at(45)), &[(at(55), Close)]);
    run("The link dies", Link::Dies(at(5)), &[(at(1), Say("hello"))]);
    run("The link dies before an answer", Link::Dies(at(2)), &[(at(2), Close)]);
}

fn at(second: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(second))
}

/// What the client does at a given time.
enum Act {
    /// Sends a text, in two fragments.
    Say(&'static str),
    /// Starts to close.
    Close,
}

#[derive(Clone, Copy)]
enum Link {
    Works,
    /// Delivers nothing during this period.
    Stalls(Instant, Instant),
    /// Delivers nothing any more.
    Dies(Instant),
}

impl Link {
    /// The time at which something arrives that was expected at `due`.
    fn arrival(self, due: Instant) -> Option<Instant> {
        match self {
            Self::Stalls(from, to) if due >= from => Some(due.max(to)),
            Self::Dies(from) if due >= from => None,
            _ => Some(due),
        }
    }
}

fn run(title: &str, link: Link, acts: &[(Instant, Act)]) {
    println!("{title}");
    let mut client = End::new("client", Connection::client(Config::default(), [7; 32]));
    let mut server = End::new("server", Connection::server(Config::default()));
    let mut acts = acts.iter().peekable();
    let mut now = Instant::EPOCH;
    while client.open || server.open {
        if let Some((_, act)) = acts.next_if(|(time, _)| *time <= now) {
            client.act(act, now);
        }
        client.turn(now, link, &mut server);
        server.turn(now, link, &mut client);
        let act = acts.peek().map(|(time, _)| *time);
        let next = [act, client.next(now), server.next(now)].into_iter().flatten().min();
        // There is no next event when both ends are done.
        now = next.unwrap_or(now);
    }
    println!();
}

struct End {
    name: &'static str,
    connection: Connection,
    output: Vec<u8>,
    /// The bytes in transit to this end, each by itself, and then the end of the stream.
    arriving: VecDeque<(Instant, Option<u8>)>,
    /// Whether this end's stream is still open.
    open: bool,
}

impl End {
    fn new(name: &'static str, connection: Connection) -> Self {
        Self { name, connection, output: Vec::new(), arriving: VecDeque::new(), open: true }
    }

    fn tell(&self, now: Instant, what: &str) {
        println!("{:7.3} s  {}  {what}", now.since_epoch().as_secs_f64(), self.name);
    }

    fn act(&mut self, act: &Act, now: Instant) {
        let sent = match act {
            Act::Say(text) => {
                self.tell(now, &format!("sends {text:?}"));
                let (first, last) = text.split_at(text.len() / 2);
                self.connection
                    .send_fragment(first, false, &mut self.output)
                    .and_then(|()| self.connection.send_fragment(last, true, &mut self.output))
            }
            Act::Close => {
                self.tell(now, "begins to close");
                self.connection.close(CloseCode::NORMAL, &mut self.output)
            }
        };
        if let Err(error) = sent {
            self.tell(now, &error.to_string());
        }
    }

    /// The next time at which this end has something to do.
    fn next(&mut self, now: Instant) -> Option<Instant> {
        let arrival = self.arriving.front().map(|(time, _)| *time);
        let deadline = self.connection.poll_timeout(now);
        [arrival, deadline].into_iter().flatten().min().filter(|_| self.open)
    }

    /// One turn of the loop that every adapter has.
    fn turn(&mut self, now: Instant, link: Link, other: &mut Self) {
        while self.open && self.arriving.front().is_some_and(|(time, _)| *time <= now) {
            match self.arriving.pop_front() {
                Some((_, Some(byte))) => self.receive(byte, now),
                _ => drop(self.connection.receive_eof()),
            }
        }
        if !self.open {
            return;
        }
        if let Err(error) = self.connection.handle_timeout(now) {
            self.tell(now, &format!("gives up: {error}"));
        }
        self.connection.poll_transmit(&mut self.output);

        let last = other.arriving.back().map_or(Instant::EPOCH, |(time, _)| *time);
        let mut due = last.max(now + LATENCY);
        let mut deliver = |what| {
            due = due + TIME_PER_BYTE;
            other.arriving.extend(link.arrival(due).map(|arrival| (arrival, what)));
        };
        self.output.drain(..).for_each(|byte| deliver(Some(byte)));
        if self.connection.wants_close() {
            deliver(None);
            self.open = false;
            let closed = self.connection.closed().expect("it is closing");
            let how = if closed.is_clean() { "clean" } else { "not clean" };
            self.tell(
                now,
                &format!("ends: {how}, code {}, begun by {:?}", closed.code(), closed.initiator),
            );
        }
    }

    fn receive(&mut self, mut byte: u8, now: Instant) {
        let mut input = std::slice::from_mut(&mut byte);
        while let Ok(Some(event)) = self.connection.receive(&mut input) {
            match event {
                Event::Text(text) => {
                    self.tell(now, &format!("receives {text:?}"));
                    if self.connection.role() == Role::Server {
                        let _ = self.connection.send(text, &mut self.output);
                    }
                }
                Event::Ping(_) => self.tell(now, "receives a ping"),
                Event::Pong(_) => {
                    // This call passes the time to the connection.
                    self.connection.poll_timeout(now);
                    let time = self.connection.rtt().unwrap_or_default();
                    self.tell(now, &format!("receives the pong to a ping of {time:?} ago"));
                }
                Event::Close(close) => self.tell(now, &format!("receives Close {}", close.code)),
                Event::Binary(_) | Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                    unreachable!("only whole texts are sent")
                }
            }
        }
    }
}
