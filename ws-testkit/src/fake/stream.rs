//! A byte stream in memory that does what its script says.
//!
//! It follows the traits to the letter: only the waker of the latest call is woken, and only if
//! that call was Pending.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

use super::script::{Script, Turns};

/// More calls than any test needs: only an endless loop reaches it.
const TOO_MANY: usize = 20_000_000;

/// One direction.
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// What its reader finds after the bytes.
    end: Option<End>,
    /// The error that its writer receives.
    refuses: Option<ErrorKind>,
    /// The number of bytes its writer may still write before it receives that error.
    allowed: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The lengths of the writes.
    writes: Vec<usize>,
    reads: usize,
    flushes: usize,
    closes: usize,
    dropped: bool,
    /// Whether a flush has to wait.
    stalled: bool,
    /// Whether writing accepts nothing, and returns zero.
    useless: bool,
    /// Whether a writer is woken for room only by [`Remote::tell`].
    lazy: bool,
}

#[derive(Clone, Copy)]
enum End {
    Closed,
    Broken(ErrorKind),
}

impl Default for Pipe {
    fn default() -> Self {
        Self {
            bytes: VecDeque::new(),
            capacity: usize::MAX,
            end: None,
            refuses: None,
            allowed: usize::MAX,
            reader: None,
            writer: None,
            writes: Vec::new(),
            reads: 0,
            flushes: 0,
            closes: 0,
            dropped: false,
            stalled: false,
            useless: false,
            lazy: false,
        }
    }
}

impl Pipe {
    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wake_writer(&mut self) {
        if !self.lazy {
            self.tell_writer();
        }
    }

    fn tell_writer(&mut self) {
        self.writer.take().into_iter().for_each(Waker::wake);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        if !bytes.is_empty() {
            self.wake_reader();
        }
    }

    fn end(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
        }
        self.wake_reader();
    }

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.bytes.len())
    }
}

type Shared = Arc<Mutex<Pipe>>;

fn lock(pipe: &Shared) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end that is under test.
pub struct Stream {
    incoming: Shared,
    outgoing: Shared,
    script: Script,
    held: Vec<u8>,
    calls: usize,
}

/// The other end: the peer, and the network between.
#[derive(Clone)]
pub struct Remote {
    /// To the stream.
    incoming: Shared,
    outgoing: Shared,
}

/// A stream and its other end.
pub fn with_remote(script: Script) -> (Stream, Remote) {
    let (incoming, outgoing) = (Shared::default(), Shared::default());
    let stream = Stream { incoming, outgoing, script, held: Vec::new(), calls: 0 };
    let remote = stream.remote();
    (stream, remote)
}

/// Two streams, joined.
pub fn joined([one, other]: [Script; 2]) -> [Stream; 2] {
    let (stream, remote) = with_remote(one);
    let Remote { incoming, outgoing } = remote;
    let back = Stream {
        incoming: outgoing,
        outgoing: incoming,
        script: other,
        held: Vec::new(),
        calls: 0,
    };
    [stream, back]
}

impl Remote {
    /// Makes bytes available for the stream to read.
    pub fn send(&self, bytes: &[u8]) {
        lock(&self.incoming).push(bytes);
    }

    /// The bytes that the stream has not read.
    pub fn unread(&self) -> usize {
        lock(&self.incoming).bytes.len()
    }

    /// Takes the written bytes, which makes room.
    pub fn take(&self) -> Vec<u8> {
        self.take_some(usize::MAX)
    }

    /// Takes at most this number of them.
    pub fn take_some(&self, len: usize) -> Vec<u8> {
        let mut pipe = lock(&self.outgoing);
        let len = len.min(pipe.bytes.len());
        let taken = pipe.bytes.drain(..len).collect();
        if pipe.room() > 0 {
            pipe.wake_writer();
        }
        taken
    }

    /// Sets how many bytes the stream takes before it returns Pending.
    pub fn set_capacity(&self, capacity: usize) {
        let mut pipe = lock(&self.outgoing);
        pipe.capacity = capacity;
        if pipe.room() > 0 {
            pipe.wake_writer();
        }
    }

    /// Makes a flush wait, or lets it complete.
    pub fn stall(&self, stalled: bool) {
        let mut pipe = lock(&self.outgoing);
        pipe.stalled = stalled;
        pipe.wake_writer();
    }

    /// Makes writing accept zero bytes, which is not an error by itself.
    pub fn be_useless(&self) {
        let mut pipe = lock(&self.outgoing);
        pipe.useless = true;
        pipe.wake_writer();
    }

    /// From now on, the writer is not woken when there is room.
    pub fn be_lazy(&self) {
        lock(&self.outgoing).lazy = true;
    }

    /// Wakes a writer that waits, if there is room.
    pub fn tell(&self) {
        let mut pipe = lock(&self.outgoing);
        if pipe.room() > 0 || pipe.refuses.is_some() {
            pipe.tell_writer();
        }
    }

    /// Ends the stream after the bytes that were sent.
    pub fn end(&self) {
        lock(&self.incoming).end(End::Closed);
    }

    /// Makes reading fail after the bytes that were sent.
    pub fn break_reading(&self, kind: ErrorKind) {
        lock(&self.incoming).end(End::Broken(kind));
    }

    /// Makes writing fail from now on.
    pub fn break_writing(&self, kind: ErrorKind) {
        let mut pipe = lock(&self.outgoing);
        pipe.refuses = Some(kind);
        pipe.wake_writer();
    }

    /// Makes writing fail after this number of bytes.
    pub fn break_writing_after(&self, len: usize) {
        lock(&self.outgoing).allowed = len;
        if len == 0 {
            self.break_writing(ErrorKind::BrokenPipe);
        }
    }

    /// Makes both fail.
    pub fn reset(&self) {
        self.break_reading(ErrorKind::ConnectionReset);
        self.break_writing(ErrorKind::ConnectionReset);
    }

    /// Whether the stream has ended its direction.
    pub fn is_ended(&self) -> bool {
        lock(&self.outgoing).closes > 0
    }

    /// The number of times the stream has ended its direction: once to half-close, once to close.
    pub fn ends(&self) -> usize {
        lock(&self.outgoing).closes
    }

    /// Whether the stream was dropped.
    pub fn is_dropped(&self) -> bool {
        lock(&self.outgoing).dropped
    }

    /// The lengths of the writes so far.
    pub fn writes(&self) -> Vec<usize> {
        lock(&self.outgoing).writes.clone()
    }

    /// The number of flushes that completed.
    pub fn flushes(&self) -> usize {
        lock(&self.outgoing).flushes
    }

    /// The number of reads that returned bytes.
    pub fn reads(&self) -> usize {
        lock(&self.incoming).reads
    }
}

/// What the script returns for a call.
enum Said {
    Go(usize),
    Wait,
}

fn ask(turns: &mut Turns, cx: &Context<'_>) -> Said {
    match turns.take() {
        Some(0) => {
            cx.waker().wake_by_ref();
            Said::Wait
        }
        Some(length) => Said::Go(length),
        None => Said::Wait,
    }
}

impl Stream {
    /// A handle to its other end.
    pub fn remote(&self) -> Remote {
        Remote { incoming: Arc::clone(&self.incoming), outgoing: Arc::clone(&self.outgoing) }
    }

    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls < TOO_MANY, "called {TOO_MANY} times");
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.count();
        let this = &mut *self;
        let mut pipe = lock(&this.incoming);
        pipe.reader = None;
        if pipe.bytes.is_empty() {
            return match pipe.end {
                Some(End::Closed) => Poll::Ready(Ok(0)),
                Some(End::Broken(kind)) => Poll::Ready(Err(kind.into())),
                None => {
                    pipe.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let Said::Go(most) = ask(&mut this.script.reads, cx) else { return Poll::Pending };
        let len = most.min(buffer.len()).min(pipe.bytes.len());
        pipe.bytes.read_exact(&mut buffer[..len])?;
        pipe.reads += 1;
        pipe.wake_writer();
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.count();
        let this = &mut *self;
        let mut pipe = lock(&this.outgoing);
        assert!(pipe.closes == 0, "written to after its end");
        pipe.writer = None;
        if let Some(kind) = pipe.refuses {
            return Poll::Ready(Err(kind.into()));
        }
        if pipe.useless {
            return Poll::Ready(Ok(0));
        }
        let room = pipe.room().saturating_sub(this.held.len());
        if room == 0 {
            // Bytes that wait for a flush must leave before there can be room.
            pipe.push(&std::mem::take(&mut this.held));
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let Said::Go(most) = ask(&mut this.script.writes, cx) else { return Poll::Pending };
        let most = most.min(room).min(pipe.allowed);
        let mut bytes = Vec::new();
        for piece in pieces {
            let len = piece.len().min(most - bytes.len());
            bytes.extend_from_slice(&piece[..len]);
        }
        assert!(!bytes.is_empty(), "nothing to write");
        pipe.writes.push(bytes.len());
        pipe.allowed -= bytes.len();
        if pipe.allowed == 0 {
            pipe.refuses = Some(ErrorKind::BrokenPipe);
        }
        match this.script.holds {
            true => this.held.extend_from_slice(&bytes),
            false => pipe.push(&bytes),
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.count();
        let this = &mut *self;
        let mut pipe = lock(&this.outgoing);
        pipe.writer = None;
        if let Some(kind) = pipe.refuses {
            return Poll::Ready(Err(kind.into()));
        }
        if pipe.stalled {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let Said::Go(_) = ask(&mut this.script.flushes, cx) else { return Poll::Pending };
        pipe.push(&std::mem::take(&mut this.held));
        pipe.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.count();
        let this = &mut *self;
        let mut pipe = lock(&this.outgoing);
        pipe.writer = None;
        if let Some(kind) = pipe.refuses {
            return Poll::Ready(Err(kind.into()));
        }
        let Said::Go(_) = ask(&mut this.script.closes, cx) else { return Poll::Pending };
        pipe.push(&std::mem::take(&mut this.held));
        pipe.closes += 1;
        pipe.end(End::Closed);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut outgoing = lock(&self.outgoing);
        outgoing.dropped = true;
        outgoing.end(End::Closed);
        drop(outgoing);
        let mut incoming = lock(&self.incoming);
        incoming.refuses = Some(ErrorKind::BrokenPipe);
        incoming.wake_writer();
    }
}
