//! No runtime: tasks that are polled by hand, streams that follow a script, a clock that is moved
//! by hand.

pub(crate) mod conversation;
pub(crate) mod handshake;
pub(crate) mod link;
pub(crate) mod reading;
pub(crate) mod seeds;
pub(crate) mod server;

use ws_futures::client::ClientRequest;
use ws_futures::proto::{Connection, Role};
use ws_futures::{Config, ReadHalf, WebSocket, WriteHalf, accept, connect_on};

pub(crate) use ws_testkit::fake::{clock, script, stream, task};
pub(crate) use ws_wire::{self as wire, ROLES};

use clock::{Alarm, Clock};
use script::Script;
use stream::{Remote, Stream};

/// The seed of every client in these tests.
pub(crate) const SEED: [u8; 32] = [7; 32];

pub(crate) type Socket = WebSocket<Stream, Alarm>;
pub(crate) type Reader = ReadHalf<Stream, Alarm>;
pub(crate) type Writer = WriteHalf<Stream, Alarm>;

/// An open connection in this role, the other end of its stream, and its clock.
pub(crate) fn open(role: Role, config: &Config, script: Script) -> (Socket, Remote, Clock) {
    let clock = Clock::default();
    let (stream, remote) = stream::with_remote(script);
    let socket = WebSocket::new(stream, clock.alarm(), connection(role, config), &[]);
    (socket, remote, clock)
}

/// The same with the default configuration, over a stream without a script.
pub(crate) fn open_plainly(role: Role) -> (Socket, Remote, Clock) {
    open(role, &Config::default(), Script::default())
}

/// A client and a server, joined.
pub(crate) fn open_both(config: &Config, scripts: [Script; 2]) -> (Socket, Socket, Clock) {
    let clock = Clock::default();
    let [client, server] = stream::joined(scripts);
    let client = WebSocket::new(client, clock.alarm(), connection(Role::Client, config), &[]);
    let server = WebSocket::new(server, clock.alarm(), connection(Role::Server, config), &[]);
    (client, server, clock)
}

pub(crate) fn connection(role: Role, config: &Config) -> Connection {
    match role {
        Role::Server => Connection::server(config.clone()),
        Role::Client => Connection::client(config.clone(), SEED),
    }
}

/// A client and a server, joined by their opening handshake.
pub(crate) fn shake_hands(config: &Config, scripts: [Script; 2]) -> (Socket, Socket, Clock) {
    let clock = Clock::default();
    let [client, server] = stream::joined(scripts);
    let request = ClientRequest::new("example.com", "/");
    let (connected, accepted) = task::run_both(
        connect_on(client, clock.alarm(), config.clone(), request, SEED),
        accept(server, clock.alarm(), config.clone()),
    );
    (connected.expect("a valid response").0, accepted.expect("a valid request"), clock)
}
