//! Whether everything can move between threads: that this file compiles is most of the test.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::client::ClientRequest;
use ws_futures::proto::{Connection, SendError};
use ws_futures::{
    Batch, CloseCode, Config, Error, HandshakeError, Incoming, Instant, Message, ReadHalf,
    Shutdown, ShutdownGuard, Timer, TrySendError, WebSocket, WriteHalf, accept, connect_on,
};

/// A minimal stream and timer: not `Sync`, since nothing requires it.
struct Nothing(std::cell::Cell<()>);

fn nothing() -> Nothing {
    Nothing(std::cell::Cell::new(()))
}

impl AsyncRead for Nothing {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }
}

impl AsyncWrite for Nothing {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Timer for Nothing {
    fn now(&self) -> Instant {
        Instant::EPOCH
    }

    fn poll_until(&mut self, _deadline: Instant, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The same, but `Sync`.
struct Shareable;

type Socket = WebSocket<Nothing, Nothing>;

fn send<T: Send>(_value: T) {}

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_unpin<T: Unpin>() {}
fn is_static<T: 'static>() {}

#[test]
fn types() {
    is_send::<Socket>();
    is_send::<Incoming<Nothing, Nothing>>();
    is_send::<Batch<'_>>();
    // The lock of a split makes them `Sync` whatever the stream is.
    is_send::<ReadHalf<Nothing, Nothing>>();
    is_send::<WriteHalf<Nothing, Nothing>>();
    is_sync::<ReadHalf<Nothing, Nothing>>();
    is_sync::<WriteHalf<Nothing, Nothing>>();

    is_sync::<WebSocket<Shareable, Shareable>>();
    is_sync::<Incoming<Shareable, Shareable>>();
    is_sync::<Batch<'_>>();

    is_unpin::<Socket>();
    is_unpin::<WebSocket<std::marker::PhantomPinned, std::marker::PhantomPinned>>();
    is_unpin::<ReadHalf<Nothing, Nothing>>();
    is_unpin::<WriteHalf<Nothing, Nothing>>();

    is_send::<Shutdown>();
    is_sync::<Shutdown>();
    is_static::<Shutdown>();
    is_send::<ShutdownGuard>();
    is_sync::<ShutdownGuard>();

    is_send::<Message>();
    is_sync::<Message>();
    is_static::<Message>();
}

/// They convert into `Box<dyn Error + Send + Sync>`, as `?` requires.
#[test]
fn errors() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<Error>();
    is_error::<HandshakeError>();
    is_error::<TrySendError<Message>>();
    is_error::<SendError>();
}

/// Never run: it is enough that it compiles.
#[expect(dead_code, reason = "its types are the test")]
fn futures(mut socket: Socket, incoming: [Incoming<Nothing, Nothing>; 3], shutdown: Shutdown) {
    send(shutdown.begun());
    send(shutdown.drained());
    send(shutdown.guard().aborted());

    send(socket.read());
    send(socket.recv());
    send(socket.send("text"));
    send(socket.feed("text"));
    send(socket.ready());
    send(socket.flush());
    send(socket.close(CloseCode::NORMAL));
    send(socket.close_and_discard(CloseCode::NORMAL));

    let (mut reader, mut writer) = socket.split();
    send(reader.recv());
    send(writer.send("text"));
    send(writer.feed("text"));
    send(writer.flush());
    send(writer.close(CloseCode::NORMAL));

    send(accept(nothing(), nothing(), Config::default()));
    send(Incoming::read(nothing(), nothing(), Config::default()));
    let [one, two, three] = incoming;
    send(one.accept());
    send(two.accept_with(Ok));
    send(three.reject(403, Ok));
    let request = ClientRequest::new("example.com", "/");
    send(connect_on(nothing(), nothing(), Config::default(), request, [0; 32]));
}

/// A task that holds a connection, or waits for one, stays small.
#[test]
fn sizes() {
    let pointer = size_of::<usize>();
    assert_eq!(size_of::<Socket>(), pointer);
    assert!(size_of::<ReadHalf<Nothing, Nothing>>() <= size_of::<[u64; 5]>());
    assert_eq!(size_of::<WriteHalf<Nothing, Nothing>>(), pointer);
    // The memory that a shutdown costs a connection that takes no part in it.
    assert_eq!(size_of::<Option<ShutdownGuard>>(), pointer);
    let connection = Connection::server(Config::default());
    let mut socket = WebSocket::new(nothing(), nothing(), connection, &[]);
    assert!(size_of_val(&socket.recv()) <= 4 * pointer);
    assert!(size_of_val(&socket.read()) <= 6 * pointer);
    assert!(size_of_val(&accept(nothing(), nothing(), Config::default())) <= 2 * pointer);
}
