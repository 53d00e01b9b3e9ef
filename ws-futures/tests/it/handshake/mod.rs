//! Opening handshakes over streams that cut, end and fail at any byte.

mod accepting;
mod connecting;
mod deadlines;
mod refusing;
mod two_steps;

use ws_futures::{Config, HandshakeError, accept, connect_on};

use crate::support::clock::Clock;
use crate::support::script::Script;
use crate::support::stream::{self, Remote};
use crate::support::task::Task;
use crate::support::{SEED, Socket};

type Accepting = Task<'static, Result<Socket, HandshakeError>>;
type Connecting = Task<'static, Result<(Socket, ws_futures::client::Response), HandshakeError>>;

/// The widths of reads and writes at which the tests run.
const CUTS: [&[usize]; 6] = [&[usize::MAX], &[1], &[0, 1], &[2], &[3, 0], &[7, 50]];

/// A server that waits for a request.
fn accepting(config: &Config, script: Script) -> (Accepting, Remote, Clock) {
    let clock = Clock::default();
    let (stream, remote) = stream::with_remote(script);
    (Task::new(accept(stream, clock.alarm(), config.clone())), remote, clock)
}

/// A client that is about to send its request.
fn connecting(
    config: &Config,
    script: Script,
    request: ws_futures::client::ClientRequest,
) -> (Connecting, Remote, Clock) {
    let clock = Clock::default();
    let (stream, remote) = stream::with_remote(script);
    (Task::new(connect_on(stream, clock.alarm(), config.clone(), request, SEED)), remote, clock)
}

fn request() -> ws_futures::client::ClientRequest {
    ws_futures::client::ClientRequest::new("example.com", "/chat")
}

fn text(remote: &Remote) -> String {
    String::from_utf8(remote.take()).expect("a head in ASCII")
}
