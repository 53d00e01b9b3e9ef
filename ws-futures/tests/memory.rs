//! The memory that connections hold and allocate.
//!
//! The counters are those of the whole process, so the checks run one after the other, without the
//! threads of the usual test harness.

use std::alloc::System;
use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use stats_alloc::StatsAlloc;
use ws_futures::proto::{Connection, Role};
use ws_futures::{Config, Event, Instant, Limits, Message, Shutdown, Timer, WebSocket, accept};
use ws_testkit::raw::REQUEST;
use ws_wire::{self as wire, BINARY, FIN, PING, ROLES, TEXT};

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

/// What a thread may keep for its connections: buffers of both kinds, and one for large reads.
const POOL: usize = 2 * 4 * 66 * 1024 + 256 * 1024;

const CHECKS: [(&str, fn()); 15] = [
    ("an idle connection owns no buffer", an_idle_connection_owns_no_buffer),
    ("a part of a frame holds what has arrived", a_part_of_a_frame_holds_what_has_arrived),
    ("an idle handshake owns no buffer", an_idle_handshake_owns_no_buffer),
    ("an end gives all buffers back", an_end_gives_all_buffers_back),
    ("what is dropped is freed", what_is_dropped_is_freed),
    ("claims cost nothing", claims_cost_nothing),
    ("a ping flood keeps memory flat", a_ping_flood_keeps_memory_flat),
    ("an echo by batches asks for nothing", an_echo_by_batches_asks_for_nothing),
    ("a million messages ask for nothing", a_million_messages_ask_for_nothing),
    ("a million sends ask for nothing", a_million_sends_ask_for_nothing),
    ("large sends of a server ask for nothing", large_sends_of_a_server_ask_for_nothing),
    ("a thread keeps few buffers", a_thread_keeps_few_buffers),
    ("many connections share their buffers", many_connections_share_their_buffers),
    ("taking part in a shutdown costs little", taking_part_in_a_shutdown_costs_little),
    // Its connections are dropped with buffers, which the others would miss.
    ("a busy connection holds no large buffer", a_busy_connection_holds_no_large_buffer),
];

fn main() {
    println!("running {} checks", CHECKS.len());
    for (name, check) in CHECKS {
        println!("{name}");
        check();
    }
}

/// The bytes that are allocated now.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The number of allocations so far.
fn requests() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// A stream that allocates nothing: it returns the bytes of a slice as far as they are released,
/// and takes what fits.
struct Wire<'w> {
    bytes: &'w [u8],
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    released: Cell<usize>,
    read: Cell<usize>,
    written: Cell<usize>,
    room: Cell<usize>,
    ended: Cell<bool>,
}

impl State {
    fn generous() -> Self {
        Self { room: Cell::new(usize::MAX), ..Self::default() }
    }
}

impl AsyncRead for Wire<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let State { released, read, ended, .. } = &*self.state;
        let left = &self.bytes[read.get()..released.get().min(self.bytes.len())];
        if left.is_empty() && !ended.get() {
            return Poll::Pending;
        }
        let len = left.len().min(buffer.len());
        buffer[..len].copy_from_slice(&left[..len]);
        read.set(read.get() + len);
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Wire<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let State { room, written, .. } = &*self.state;
        let len = bytes.len().min(room.get());
        if len == 0 {
            return Poll::Pending;
        }
        room.set(room.get() - len);
        written.set(written.get() + len);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// No deadlines.
struct Never;

impl Timer for Never {
    fn now(&self) -> Instant {
        Instant::EPOCH
    }

    fn poll_until(&mut self, _deadline: Instant, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

type Socket<'w> = WebSocket<Wire<'w>, Never>;

fn open(role: Role, bytes: &[u8]) -> (Socket<'_>, Rc<State>) {
    open_with(&Config::default(), role, bytes)
}

fn open_with<'w>(config: &Config, role: Role, bytes: &'w [u8]) -> (Socket<'w>, Rc<State>) {
    let state = Rc::new(State::generous());
    let wire = Wire { bytes, state: Rc::clone(&state) };
    let connection = match role {
        Role::Server => Connection::server(config.clone()),
        Role::Client => Connection::client(config.clone(), [7; 32]),
    };
    (WebSocket::new(wire, Never, connection, &[]), state)
}

/// Polls once, without an allocation of its own.
fn poll<R>(future: impl Future<Output = R>) -> Poll<R> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Echoes in batches until there is nothing more to read; returns whether the connection has ended.
fn echo(socket: &mut Socket<'_>) -> bool {
    loop {
        let Poll::Ready(batch) = poll(socket.read()) else { return false };
        let Ok(Some(mut batch)) = batch else { return true };
        while let Some(event) = batch.next() {
            let sent = match event {
                Event::Text(text) => batch.send(text),
                Event::Binary(data) => batch.send(data),
                Event::TextChunk { data, fin } => batch.send_fragment(data, fin),
                Event::BinaryChunk { data, fin } => batch.send_fragment(data, fin),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => Ok(()),
            };
            sent.expect("open");
        }
    }
}

/// The same with owned messages.
fn echo_owned(socket: &mut Socket<'_>) -> bool {
    loop {
        let Poll::Ready(message) = poll(socket.recv()) else { return false };
        let Ok(Some(message)) = message else { return true };
        if message.is_data() {
            let sent = poll(socket.send(message));
            assert!(matches!(sent, Poll::Ready(Ok(()))), "there is room");
        }
    }
}

type Echo = fn(&mut Socket<'_>) -> bool;

const ECHOES: [(&str, Echo); 2] = [("batches", echo), ("messages", echo_owned)];

/// Messages of many sizes, one of them of 1 MiB, and pings.
fn conversation(to: Role) -> Vec<u8> {
    let half = vec![0xB1; 1 << 19];
    [
        wire::text(to, "hello"),
        wire::frame(to, PING, b"there?"),
        wire::text(to, &"x".repeat(1 << 20)),
        wire::frame(to, BINARY, &half),
        wire::frame(to, FIN, &half),
        wire::binary(to, &[1; 10_000]),
        wire::binary(to, &[1; 70_000]),
    ]
    .concat()
}

fn an_idle_connection_owns_no_buffer() {
    for role in ROLES {
        let conversation = conversation(role);
        for (name, echo) in ECHOES {
            let held = held_after(role, &conversation, |socket, state| {
                state.released.set(conversation.len());
                assert!(!echo(socket), "{role:?}, {name}");
                assert!(state.written.get() > 2 << 20, "{role:?}, {name}: no echo");
            });
            assert!(held <= CROWD * 1024, "{held} bytes as {role:?}, {name}");
        }
    }
}

/// A connection that waits for the rest of a frame owns no read buffer.
fn a_part_of_a_frame_holds_what_has_arrived() {
    const PART: usize = 1000;

    for role in ROLES {
        for size in [60_000, 1 << 20] {
            let frame = wire::binary(role, &vec![1; size]);
            let held = held_after(role, &frame, |socket, state| {
                state.released.set(PART);
                assert!(poll(socket.recv()).is_pending());
                assert_eq!(socket.stats().received.bytes, PART as u64);
            });
            assert!(held <= CROWD * (2 * PART + 1024), "{held} bytes as {role:?}, {size}");
        }
    }
}

/// The application takes its time between two reads, or waits until the peer reads.
fn a_busy_connection_holds_no_large_buffer() {
    const SEND: usize = 10_000;

    for role in ROLES {
        let frames = [wire::binary(role, &[1; 400_000]), wire::text(role, "and a small one")];
        // The last read of the first one is large; the second one is in it, or not.
        for (more, sends) in [(false, false), (false, true), (true, true)] {
            let held = held_after(role, &frames.concat(), |socket, state| {
                state.released.set(frames[0].len() + if more { frames[1].len() } else { 0 });
                assert!(matches!(poll(socket.recv()), Poll::Ready(Ok(Some(_)))));
                state.room.set(0);
                if sends {
                    assert!(poll(socket.send(vec![1; SEND])).is_pending());
                }
            });
            let expected = [0, SEND][usize::from(sends)] + [0, 66 * 1024][usize::from(more)] + 1024;
            assert!(held <= CROWD * expected, "{held} bytes as {role:?}, {more}, {sends}");
        }
    }
}

/// More connections than the thread keeps buffers for.
const CROWD: usize = 16;

/// The memory that newly opened connections hold in addition after each has exchanged messages.
fn held_after(role: Role, bytes: &[u8], act: impl Fn(&mut Socket<'_>, &State)) -> usize {
    let crowd = || {
        let mut sockets: Vec<_> = (0..CROWD).map(|_| open(role, bytes)).collect();
        for (socket, _) in &mut sockets {
            assert!(poll(socket.recv()).is_pending());
        }
        sockets
    };
    // A first round, for the buffers that the thread keeps.
    for (socket, state) in &mut crowd() {
        act(socket, state);
    }
    let mut sockets = crowd();
    let before = live();
    for (socket, state) in &mut sockets {
        act(socket, state);
    }
    live().saturating_sub(before)
}

fn an_idle_handshake_owns_no_buffer() {
    let request = REQUEST.as_bytes();
    let state = Rc::new(State::generous());
    let stream = Wire { bytes: request, state: Rc::clone(&state) };
    let before = live();
    let mut task = pin!(accept(stream, Never, Config::default()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(task.as_mut().poll(&mut cx).is_pending());
    for _ in 1..request.len() {
        state.released.set(state.released.get() + 1);
        assert!(task.as_mut().poll(&mut cx).is_pending());
        let held = live() - before;
        assert!(held < 4096 + 2 * request.len(), "{held} bytes");
    }
}

fn an_end_gives_all_buffers_back() {
    for role in ROLES {
        for end in [wire::close(role, 1000, ""), vec![0xFF; 1000], Vec::new()] {
            let wire = [conversation(role), end].concat();
            let held = held_after(role, &wire, |socket, state| {
                state.released.set(wire.len());
                state.ended.set(true);
                assert!(echo(socket), "{role:?}");
            });
            assert!(held <= CROWD * 1024, "{held} bytes as {role:?}");
        }
    }
}

fn what_is_dropped_is_freed() {
    for role in ROLES {
        let conversation = conversation(role);
        let before = live();
        for cut in [10, 1000, 1 << 19, 1 << 20] {
            let (mut socket, state) = open(role, &conversation);
            state.room.set(1000);
            state.released.set(cut);
            drop(poll(socket.recv()));
            for _ in 0..3 {
                let _ = poll(socket.feed(vec![1; 100_000]));
                let _ = poll(socket.feed("small"));
            }
        }
        assert!(live() <= before + POOL, "{role:?}");
        // The buffers that the thread keeps stay the same.
        let before = live();
        let (mut socket, state) = open(role, &conversation);
        state.released.set(1 << 19);
        drop(poll(socket.recv()));
        drop((socket, state));
        assert!(live() <= before, "{role:?}: {} bytes", live() - before);
    }
}

/// RUSTSEC-2022-0035.
fn claims_cost_nothing() {
    let config = Config { incoming: Limits::UNLIMITED, ..Config::default() };
    for role in ROLES {
        let header = wire::header(role, FIN | BINARY, 1 << 40);
        let before = live();
        let sockets: Vec<_> = (0..64)
            .map(|_| {
                let (mut socket, state) = open_with(&config, role, &header);
                state.released.set(header.len());
                assert!(poll(socket.recv()).is_pending());
                (socket, state)
            })
            .collect();
        let held = live() - before;
        assert!(held < 1 << 20, "{held} bytes as {role:?}");
        drop(sockets);
    }
}

fn a_ping_flood_keeps_memory_flat() {
    for role in ROLES {
        let pings = wire::frame(role, PING, &[b'p'; 125]).repeat(100_000);
        let (mut socket, state) = open(role, &pings);
        state.room.set(0);
        let before = live();
        let mut most = 0;
        while state.released.get() < pings.len() {
            state.released.set(state.released.get() + 100_000);
            while poll(socket.recv()).is_ready() {}
            most = most.max(live().saturating_sub(before));
        }
        assert!(most < 256 * 1024, "{most} bytes as {role:?}");
        assert_eq!(state.read.get(), pings.len(), "{role:?}");
    }
}

fn an_echo_by_batches_asks_for_nothing() {
    for role in ROLES {
        // Each in one piece, as from a peer that waits for the answer.
        for len in [0, 16, 125, 1000] {
            let message = wire::frame(role, FIN | TEXT, &vec![b'x'; len]);
            let wire = message.repeat(2000);
            let (mut socket, state) = open(role, &wire);
            let mut step = || {
                state.released.set(state.released.get() + message.len());
                echo(&mut socket);
            };
            for _ in 0..1000 {
                step();
            }
            let before = requests();
            for _ in 0..1000 {
                step();
            }
            assert_eq!(requests(), before, "{role:?}, {len} bytes");
        }
    }
}

/// Received and sent back, many with each read.
fn a_million_messages_ask_for_nothing() {
    const EACH: usize = 2_500;

    for role in ROLES {
        let wire = wire::binary(role, &[0xB1; 16]).repeat(EACH);
        let (mut socket, state) = open(role, &wire);
        let mut round = || {
            state.read.set(0);
            state.released.set(wire.len());
            echo(&mut socket);
        };
        round();
        let before = requests();
        for _ in 0..500_000 / EACH {
            round();
        }
        assert_eq!(requests(), before, "{role:?}");
        let received = socket.stats().received.messages;
        assert_eq!(received, 500_000 + EACH as u64, "{role:?}");
        assert_eq!(socket.stats().sent.messages, received, "{role:?}");
    }
}

fn a_million_sends_ask_for_nothing() {
    for role in ROLES {
        let (mut socket, _state) = open(role, &[]);
        let message = Message::binary(ws_futures::Bytes::from_static(b"owned"));
        let mut round = || {
            let fed = poll(socket.feed(message.clone()));
            assert!(matches!(fed, Poll::Ready(Ok(()))), "{role:?}");
            let sent = poll(socket.send_fragment("lent", true));
            assert!(matches!(sent, Poll::Ready(Ok(()))), "{role:?}");
        };
        round();
        let before = requests();
        for _ in 0..250_000 {
            round();
        }
        assert_eq!(requests(), before, "{role:?}");
        assert_eq!(socket.stats().sent.messages, 500_002, "{role:?}");
    }
}

/// The payload goes to the stream from where it is.
fn large_sends_of_a_server_ask_for_nothing() {
    let (mut socket, state) = open(Role::Server, &[]);
    let payload = ws_futures::Bytes::from(vec![0xA5; 1 << 20]);
    let mut send = || {
        let sent = poll(socket.send(Message::binary(payload.clone())));
        assert!(matches!(sent, Poll::Ready(Ok(()))));
    };
    send();
    let before = requests();
    for _ in 0..1000 {
        send();
    }
    assert_eq!(requests(), before);
    assert!(state.written.get() > 1000 << 20);
}

fn many_connections_share_their_buffers() {
    let message = wire::text(Role::Server, &"x".repeat(1000));
    let before = live();
    let mut sockets: Vec<_> = (0..1000).map(|_| open(Role::Server, &message)).collect();
    for (socket, _) in &mut sockets {
        assert!(poll(socket.recv()).is_pending());
    }
    let idle = live() - before;
    assert!(idle < 1000 * 1024, "{idle} bytes");
    for (socket, state) in &mut sockets {
        state.released.set(message.len());
        echo(socket);
    }
    let held = live() - before;
    assert!(held <= idle + POOL, "{held} bytes, {idle} before");
}

fn taking_part_in_a_shutdown_costs_little() {
    let shutdown = Shutdown::new();
    let before = live();
    let mut sockets: Vec<_> = (0..1024).map(|_| open(Role::Server, &[])).collect();
    let alone = live() - before;
    for (socket, _) in &mut sockets {
        socket.close_on(&shutdown);
        assert!(poll(socket.recv()).is_pending());
    }
    let more = live() - before - alone;
    assert!(more <= 1024 * 128, "{} bytes each", more / 1024);
}

/// Connections that all need buffers at the same time, and then none.
fn a_thread_keeps_few_buffers() {
    let message = wire::text(Role::Server, "x");
    let wire = [message.clone(), vec![0; 60_000]].concat();
    let before = live();
    let mut sockets: Vec<_> = (0..64).map(|_| open(Role::Server, &wire)).collect();
    let idle = live() - before;
    for (socket, state) in &mut sockets {
        state.room.set(0);
        state.released.set(wire.len());
        let Poll::Ready(Ok(Some(batch))) = poll(socket.read()) else { panic!("no batch") };
        drop(batch);
        for _ in 0..8 {
            // Together more than the size of a buffer that is kept.
            let _ = poll(socket.feed(vec![1; 8191]));
        }
        let _ = poll(socket.feed(vec![1; 8191]));
    }
    assert!(live() - before > idle + 64 * 100_000, "they need no buffers");
    for (socket, state) in &mut sockets {
        state.room.set(usize::MAX);
        assert!(matches!(poll(socket.flush()), Poll::Ready(Ok(()))));
        while poll(socket.recv()).is_ready() {}
    }
    let held = live().saturating_sub(before + idle);
    assert!(held <= POOL + 64 * 1024, "{held} bytes");
}
