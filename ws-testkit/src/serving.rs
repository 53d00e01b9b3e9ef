//! Faults that a runtime's own server must handle.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use ws_futures::proto::Role;
use ws_futures::serve::ServeError;
use ws_futures::{Drained, Shutdown};

use crate::TIMEOUT;
use crate::raw::{REQUEST, RESPONSE, connect, expect, open, prepared, rest};
use crate::server::listener;

/// A server of a runtime: its `serve`, with echoes.
pub trait Serves {
    /// Serves until the shutdown has ended, on the caller's thread.
    fn serve(
        listener: TcpListener,
        shutdown: &Shutdown,
        on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
    ) -> Drained;
}

/// All clients receive a Close frame, and the shutdown waits for all of them.
pub fn a_shutdown_closes_all<S: Serves>() {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    let shutdown = Shutdown::new();
    thread::scope(|scope| {
        let serving = scope.spawn(|| S::serve(listener, &shutdown, |error| panic!("{error}")));
        let mut clients: Vec<_> = (0..50).map(|_| open(address)).collect();
        clients.iter_mut().for_each(assert_served);
        // It has not sent its request, and the shutdown does not wait for it.
        let mut silent = connect(address);
        assert_served(&mut open(address));
        shutdown.begin();
        // Both end promptly.
        let _ = silent.read_to_end(&mut Vec::new());
        for client in &mut clients {
            assert_eq!(expect(client, 4), [0x88, 2, 0x03, 0xE9]);
            client.write_all(&ws_wire::frame(Role::Server, 0x88, &[0x03, 0xE9])).expect("open");
            assert_eq!(rest(client), []);
        }
        let ended = serving.join().expect("no panic");
        assert_eq!(ended.clean, 50);
        assert!(TcpStream::connect(address).is_err(), "it still listens");
    });
}

/// The process has no file descriptor left. The test needs a process of its own, since the limit
/// applies to the whole process.
#[cfg(unix)]
pub fn without_file_descriptors<S: Serves>() {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    let shutdown = Shutdown::new();
    let (sender, errors) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            S::serve(listener, &shutdown, move |error| drop(sender.send(error)));
        });
        // The runtime has opened all that it needs by then.
        assert_served(&mut open(address));
        let (_, hard) = rlimit::Resource::NOFILE.get().expect("a limit");
        // More than the test itself needs.
        rlimit::Resource::NOFILE.set(128, hard).expect("a lower limit");
        // One of the streams waits in the system's queue when the server has no descriptor for it.
        let mut streams = Vec::new();
        let error = loop {
            streams.extend(use_up(address));
            match errors.recv_timeout(TIMEOUT).expect("a report") {
                ServeError::Accept { error, unreported: 0 } => break error,
                other => assert!(matches!(other, ServeError::Connection { .. }), "{other}"),
            }
        };
        assert!(error.to_string().contains("Too many open files"), "{error}");

        // Other connections end; those that wait are served.
        let waiting = streams.pop().expect("many");
        drop(streams);
        let mut waiting = prepared(waiting);
        waiting.write_all(REQUEST.as_bytes()).expect("open");
        assert_eq!(expect(&mut waiting, RESPONSE.len()), RESPONSE.as_bytes());
        assert_served(&mut waiting);
        while let Ok(error) = errors.try_recv() {
            assert!(matches!(error, ServeError::Connection { .. }), "reported again: {error}");
        }
        drop(waiting);
        shutdown.begin();
    });
}

/// Connects until the process has no file descriptor left.
#[cfg(unix)]
fn use_up(address: SocketAddr) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => streams.push(stream),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::ConnectionRefused, "the server has ended");
                return streams;
            }
        }
    }
}

fn assert_served(client: &mut TcpStream) {
    client.write_all(&ws_wire::frame(Role::Server, 0x81, b"hello")).expect("open");
    let answer = ws_wire::frame(Role::Client, 0x81, b"hello");
    assert_eq!(expect(client, answer.len()), answer);
}
