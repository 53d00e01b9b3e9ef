//! Every future is dropped at every point where it waits, and created again: nothing is lost,
//! nothing happens twice, and the bytes on the wire are those of an undisturbed run.

mod closing;
mod opening;
mod receiving;
mod sending;
mod split;

use ws_futures::Closed;

use crate::support::Socket;
use crate::support::stream::Remote;

/// How often a future is polled before it is dropped; the last one is never dropped.
const TIMEOUT: [usize; 9] = [1, 2, 3, 4, 5, 7, 16, 100, usize::MAX];

/// The observable state of a connection.
#[derive(Debug, PartialEq)]
struct Trace<T> {
    results: Vec<T>,
    written: Vec<u8>,
    closed: Option<Closed>,
}

impl<T> Trace<T> {
    fn of(results: Vec<T>, socket: &Socket, remote: &Remote) -> Self {
        Self { results, written: remote.take(), closed: socket.closed().cloned() }
    }
}

/// Compares the results of a conversation for every number of polls.
#[track_caller]
fn same_at_every_patience<T: std::fmt::Debug + PartialEq>(
    name: &str,
    converse: impl Fn(usize) -> Trace<T>,
) {
    let undisturbed = converse(usize::MAX);
    for timeout in TIMEOUT {
        let disturbed = converse(timeout);
        assert!(
            disturbed == undisturbed,
            "{name}, dropped after {timeout} polls: {disturbed:?} instead of {undisturbed:?}",
        );
    }
}
