//! Members with sockets that have no runtime.

use std::task::Poll;

use ws_futures::proto::{Connection, Role};
use ws_futures::{Config, Event, Prepared, WebSocket};
use ws_hub::{Hub, HubConfig, Member, MemberEvent};
use ws_testkit::fake::clock::{Alarm, Clock};
use ws_testkit::fake::script::Script;
use ws_testkit::fake::stream::{self, Remote, Stream};
use ws_wire::Content;

pub(crate) use ws_testkit::fake::task::{Task, insist, run};
pub(crate) use ws_wire::{CLOSE, PING};

pub(crate) type Clients = Hub<u32, &'static str>;
pub(crate) type Client = Member<u32, &'static str>;
pub(crate) type Socket = WebSocket<Stream, Alarm>;

/// A member with its socket, and its peer.
pub(crate) fn enter(hub: &Clients, key: u32) -> (Client, Socket, Peer) {
    enter_with(hub, key, Config::default())
}

pub(crate) fn enter_with(hub: &Clients, key: u32, config: Config) -> (Client, Socket, Peer) {
    let clock = Clock::default();
    let (stream, remote) = stream::with_remote(Script::default());
    let socket = WebSocket::new(stream, clock.alarm(), Connection::server(config), &[]);
    let member = hub.enter(key, ()).expect("a free key");
    (member, socket, Peer { remote, clock, unread: Vec::new() })
}

pub(crate) fn hub() -> Clients {
    Hub::new(HubConfig::default())
}

pub(crate) fn text(text: &str) -> Prepared {
    Prepared::new(text)
}

/// What a test compares of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Received(Vec<String>),
    Sent { messages: usize, bytes: usize },
    RoomReady(&'static str, usize),
    Missed(usize),
    Closing(ws_hub::CloseCause),
    Ended,
}

pub(crate) async fn next(member: &mut Client, socket: &mut Socket) -> Seen {
    match member.next_event(socket).await.expect("no error") {
        Some(MemberEvent::Received(mut batch)) => {
            let mut texts = Vec::new();
            while let Some(event) = batch.next() {
                match event {
                    Event::Text(text) => texts.push(text.into_owned()),
                    other => texts.push(format!("{other:?}")),
                }
            }
            Seen::Received(texts)
        }
        Some(MemberEvent::Sent { messages, bytes }) => Seen::Sent { messages, bytes },
        Some(MemberEvent::RoomReady { room, members, .. }) => Seen::RoomReady(room, members),
        Some(MemberEvent::Missed { messages }) => Seen::Missed(messages),
        Some(MemberEvent::Closing(cause)) => Seen::Closing(cause),
        None => Seen::Ended,
    }
}

pub(crate) const TEXT: u8 = ws_wire::FIN | ws_wire::TEXT;

/// The client at the other end of the stream, and the time of the socket.
pub(crate) struct Peer {
    remote: Remote,
    pub(crate) clock: Clock,
    /// An incomplete frame.
    unread: Vec<u8>,
}

impl Peer {
    pub(crate) fn send(&self, text: &str) {
        self.remote.send(&ws_wire::text(Role::Server, text));
    }

    pub(crate) fn send_close(&self, code: u16) {
        self.remote.send(&ws_wire::close(Role::Server, code, ""));
    }

    /// Ends the stream in its direction.
    pub(crate) fn end(&self) {
        self.remote.end();
    }

    /// The number of bytes that the stream takes before they are read from it.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        self.remote.set_capacity(capacity);
    }

    /// Reads what was written, as complete frames.
    pub(crate) fn frames(&mut self) -> Vec<Content> {
        self.unread.append(&mut self.remote.take());
        ws_wire::take_contents(&mut self.unread)
    }

    pub(crate) fn texts(&mut self) -> Vec<String> {
        let text = |(first, payload)| {
            assert_eq!(first, TEXT);
            String::from_utf8(payload).expect("UTF-8")
        };
        self.frames().into_iter().map(text).collect()
    }

    /// The written bytes that have not been read from the stream.
    pub(crate) fn unread_by_socket(&self) -> usize {
        self.remote.unread()
    }
}

/// Runs the member until it waits; returns its events.
#[track_caller]
pub(crate) fn run_member(member: &mut Client, socket: &mut Socket) -> Vec<Seen> {
    let mut seen = Vec::new();
    loop {
        match Task::new(next(member, socket)).run() {
            Poll::Ready(event) => {
                seen.push(event);
                if seen.last() == Some(&Seen::Ended) {
                    return seen;
                }
            }
            Poll::Pending => return seen,
        }
    }
}
