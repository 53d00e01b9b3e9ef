//! No runtime: futures that are polled by hand and only when they were woken, a stream in memory, and
//! a clock that moves only when told.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::proto::{Connection, Role};
use ws_futures::{Config, Event, Instant, Prepared, Timer, WebSocket};
use ws_hub::{Hub, HubConfig, Member, MemberEvent};

pub(crate) type Clients = Hub<u32, &'static str>;
pub(crate) type Client = Member<u32, &'static str>;
pub(crate) type Socket = WebSocket<Stream, Alarm>;

/// A member with its socket, and its peer.
pub(crate) fn enter(hub: &Clients, key: u32) -> (Client, Socket, Peer) {
    enter_with(hub, key, Config::default())
}

pub(crate) fn enter_with(hub: &Clients, key: u32, config: Config) -> (Client, Socket, Peer) {
    let wire = Arc::new(Mutex::new(Wire::default()));
    let clock = Clock::default();
    let stream = Stream(Arc::clone(&wire));
    let socket = WebSocket::new(stream, Alarm(clock.clone()), Connection::server(config), &[]);
    let member = hub.enter(key, ()).expect("a free key");
    (member, socket, Peer { wire, clock, unread: Vec::new() })
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
        Some(MemberEvent::RoomReady { room, members }) => Seen::RoomReady(room, members),
        Some(MemberEvent::Missed { messages }) => Seen::Missed(messages),
        Some(MemberEvent::Closing(cause)) => Seen::Closing(cause),
        None => Seen::Ended,
    }
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;

/// The client at the other end of the stream, and the time of the socket.
pub(crate) struct Peer {
    wire: Arc<Mutex<Wire>>,
    pub(crate) clock: Clock,
    /// Half a frame.
    unread: Vec<u8>,
}

impl Peer {
    fn send_frame(&self, first: u8, payload: &[u8]) {
        let mut wire = self.wire();
        wire.incoming.extend(ws_wire::frame(Role::Server, first, payload));
        wire.wake_reader();
    }

    pub(crate) fn send(&self, text: &str) {
        self.send_frame(TEXT, text.as_bytes());
    }

    pub(crate) fn send_close(&self, code: u16) {
        self.send_frame(CLOSE, &code.to_be_bytes());
    }

    /// Ends the stream in its direction.
    pub(crate) fn end(&self) {
        let mut wire = self.wire();
        wire.has_ended = true;
        wire.wake_reader();
    }

    /// How many bytes the stream takes that are not read from it.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        let mut wire = self.wire();
        wire.capacity = capacity;
        wire.wake_writer();
    }

    /// Reads what was written, as whole frames.
    pub(crate) fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut wire = self.wire.lock().expect("no panic");
        self.unread.append(&mut wire.outgoing);
        wire.wake_writer();
        drop(wire);
        ws_wire::take_contents(&mut self.unread)
    }

    pub(crate) fn texts(&mut self) -> Vec<String> {
        let text = |(first, payload)| {
            assert_eq!(first, TEXT);
            String::from_utf8(payload).expect("UTF-8")
        };
        self.frames().into_iter().map(text).collect()
    }

    /// The bytes that the stream has not been read of.
    pub(crate) fn unread_by_socket(&self) -> usize {
        self.wire().incoming.len()
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().expect("no panic")
    }
}

pub(crate) struct Stream(Arc<Mutex<Wire>>);

struct Wire {
    incoming: VecDeque<u8>,
    has_ended: bool,
    outgoing: Vec<u8>,
    capacity: usize,
    is_closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            incoming: VecDeque::new(),
            has_ended: false,
            outgoing: Vec::new(),
            capacity: usize::MAX,
            is_closed: false,
            reader: None,
            writer: None,
        }
    }
}

impl Wire {
    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wake_writer(&mut self) {
        self.writer.take().into_iter().for_each(Waker::wake);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.0.lock().expect("no panic");
        if wire.incoming.is_empty() && !wire.has_ended {
            wire.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(io::Read::read(&mut wire.incoming, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.0.lock().expect("no panic");
        assert!(!wire.is_closed, "written to after its end");
        let len = bytes.len().min(wire.capacity.saturating_sub(wire.outgoing.len()));
        if len == 0 {
            wire.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        wire.outgoing.extend(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().expect("no panic").is_closed = true;
        Poll::Ready(Ok(()))
    }
}

/// The time of one socket.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Face>>);

#[derive(Default)]
struct Face {
    now: Duration,
    alarm: Option<(Duration, Waker)>,
}

impl Clock {
    fn face(&self) -> MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn advance(&self, duration: Duration) {
        let mut face = self.face();
        face.now += duration;
        let now = face.now;
        let due = face.alarm.take_if(|(at, _)| *at <= now);
        drop(face);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

pub(crate) struct Alarm(Clock);

impl Timer for Alarm {
    fn now(&self) -> Instant {
        Instant::from_epoch(self.0.face().now)
    }

    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut face = self.0.face();
        if deadline.since_epoch() <= face.now {
            face.alarm = None;
            return Poll::Ready(());
        }
        face.alarm = Some((deadline.since_epoch(), cx.waker().clone()));
        Poll::Pending
    }
}

/// A future that is polled when it was woken.
pub(crate) struct Task<'f, R> {
    future: Pin<Box<dyn Future<Output = R> + 'f>>,
    bell: Arc<Bell>,
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'f, R> Task<'f, R> {
    pub(crate) fn new(future: impl Future<Output = R> + 'f) -> Self {
        Self { future: Box::pin(future), bell: Arc::new(Bell(AtomicBool::new(true))) }
    }

    fn run(&mut self) -> Poll<R> {
        let waker = Waker::from(Arc::clone(&self.bell));
        while self.bell.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(result) = self.future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Poll::Ready(result);
            }
        }
        Poll::Pending
    }

    /// Runs it to its end, which nothing else is needed for.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> R {
        match self.run() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("waits, and nothing will wake it"),
        }
    }

    /// Runs it until it waits.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        assert!(self.run().is_pending(), "ended instead of waiting");
    }
}

/// Runs a future to its end, which nothing else is needed for.
#[track_caller]
pub(crate) fn run<R>(future: impl Future<Output = R>) -> R {
    Task::new(future).finish()
}

/// Runs the member until it waits; returns what happened to it.
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

/// Makes a call, drops its future when it was polled once, and so on until one is ready at once.
pub(crate) async fn insist<R>(mut call: impl AsyncFnMut() -> R) -> R {
    loop {
        // Dropped before it was polled at all.
        drop(call());
        let mut future = pin!(call());
        let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(result) = polled {
            return result;
        }
        let mut was_polled = false;
        // Until the task is woken.
        poll_fn(|_| match std::mem::replace(&mut was_polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}
