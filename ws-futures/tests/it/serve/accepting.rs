//! Errors of accepting.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ws_futures::serve::ServeError;

use crate::serve::{Server, echo, is_served};

const PAUSE: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);

/// EMFILE, on Unix.
fn no_descriptors() -> io::Error {
    io::Error::from_raw_os_error(24)
}

#[test]
fn the_server_accepts_again_after_a_pause() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let before = server.open(&mut tasks);
    server.queue.fail(no_descriptors());
    let remote = server.client();
    tasks.wait();
    assert_eq!(server.queue.len(), 1, "no pause");
    // The others are not affected.
    assert!(is_served(&before, &mut tasks));
    server.hands.clock.advance(PAUSE);
    tasks.wait();
    assert!(remote.take().starts_with(b"HTTP/1.1 101 "));
    assert!(is_served(&remote, &mut tasks));
}

#[test]
fn it_is_reported_at_once_and_then_every_ten_seconds() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    for _ in 0..250 {
        server.queue.fail(no_descriptors());
        tasks.wait();
        server.hands.clock.advance(PAUSE);
    }
    let reports: Vec<_> = server.reports.take();
    let unreported: Vec<_> = reports
        .iter()
        .map(|report| match report {
            ServeError::Accept { error, unreported } => {
                assert_eq!(error.raw_os_error(), Some(24));
                *unreported
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(unreported, [0, 99, 99]);
    assert_eq!(reports[0].to_string(), format!("accept: {}", no_descriptors()));
    assert!(reports[1].to_string().ends_with(" (and 99 errors since the last report)"));
}

/// A connection that ended in the system's queue does not affect the next one.
#[test]
fn errors_of_single_connections_need_no_pause() {
    for kind in [ErrorKind::ConnectionAborted, ErrorKind::HostUnreachable, ErrorKind::Interrupted] {
        let server = Server::default();
        let mut tasks = server.run(server.serve(echo));
        for _ in 0..200 {
            server.queue.fail(kind.into());
            let remote = server.open(&mut tasks);
            assert!(is_served(&remote, &mut tasks));
        }
        assert!(server.reports.take().is_empty());
    }
}

#[test]
fn unless_there_is_nothing_else() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    for _ in 0..100 {
        server.queue.fail(ErrorKind::ConnectionAborted.into());
    }
    tasks.wait();
    assert_eq!(server.queue.len(), 100 - 64);
    assert_eq!(server.reports.take().len(), 1);
    server.hands.clock.advance(PAUSE);
    tasks.wait();
    assert_eq!(server.queue.len(), 0);
}

/// A pause does not prevent the server from shutting down.
#[test]
fn a_server_that_pauses_can_be_stopped() {
    let server = Server::default();
    let shutdown = ws_futures::Shutdown::new();
    let mut tasks = server.run(server.serve(echo).shutdown(&shutdown));
    server.queue.fail(no_descriptors());
    tasks.wait();
    shutdown.begin();
    tasks.finish();
    assert!(server.queue.is_closed());
    assert!(server.hands.clock.next().is_none_or(|next| next < MINUTE));
}
