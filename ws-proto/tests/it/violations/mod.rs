//! Every way in which a peer can violate the protocol or a limit, and the result.

mod close;
mod header;
mod limits;
mod text;

use core::time::Duration;

use ws_proto::{Config, Connection, ErrorKind, Event, Initiator, Instant, Role, SendError, State};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, FIN, PING, ROLES, TEXT};

/// A violation, and the bytes up to the one that shows it.
struct Case {
    name: String,
    to: Role,
    config: Config,
    wire: Vec<u8>,
    kind: ErrorKind,
}

impl Case {
    fn new(name: impl Into<String>, to: Role, wire: Vec<u8>, kind: ErrorKind) -> Self {
        Self { name: name.into(), to, config: Config::default(), wire, kind }
    }

    fn connection(&self) -> Connection {
        run::connection(self.to, &self.config)
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let tables = [header::cases, limits::cases, close::cases, text::cases];
    tables.into_iter().flat_map(|table| ROLES.into_iter().flat_map(table))
}

/// RFC 6455 §7.4.1, by kind of violation.
fn code(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidUtf8 => 1007,
        ErrorKind::TooManyFragments => 1008,
        ErrorKind::FrameTooBig | ErrorKind::MessageTooBig => 1009,
        _ => 1002,
    }
}

#[test]
fn reported_at_the_byte_that_shows_it() {
    for Case { name, to, config, wire, kind } in cases() {
        let reported = run::first_error(to, &config, &wire);
        let reported = reported.map(|(index, error)| (index, error.kind()));
        assert_eq!(reported, Some((wire.len() - 1, kind)), "{to:?}: {name}: {wire:02x?}");
    }
}

#[test]
fn the_same_at_every_chunking_whatever_follows() {
    for Case { name, to, config, wire, kind } in cases() {
        let wire = [wire, wire::frame(to, FIN | TEXT, b"too late")].concat();
        let outcome = run::at_every_chunking(to, &config, &wire);
        assert_eq!(outcome.error.map(|error| error.kind()), Some(kind), "{to:?}: {name}");
        assert_eq!(outcome.received, wire.len() as u64, "{to:?}: {name}");
    }
}

#[test]
fn answered_with_a_close_frame() {
    for case in cases() {
        let Case { name, to, config, wire, kind } = &case;
        let outcome = run::outcome(*to, config, wire, &[usize::MAX]);
        let error = outcome.error.expect(name);
        assert_eq!(error.close_code().get(), code(*kind), "{to:?}: {name}");

        let payload = wire::close_payload(code(*kind), error.to_string().as_bytes());
        let sent = wire::contents(&outcome.output);
        assert_eq!(sent.last(), Some(&(wire::CLOSE, payload)), "{to:?}: {name}");

        let closed = outcome.closed.expect(name);
        assert_eq!(closed.initiator, Initiator::Library, "{to:?}: {name}");
        assert_eq!(closed.sent.map(|close| close.code.get()), Some(code(*kind)), "{to:?}: {name}");
        assert_eq!(closed.received, None, "{to:?}: {name}");
    }
}

#[test]
fn the_close_frame_is_pending_when_the_error_is_returned() {
    for case in cases() {
        let mut connection = case.connection();
        let mut copy = case.wire.clone();
        let mut input = copy.as_mut_slice();
        while let Ok(Some(_)) = connection.receive(&mut input) {}

        assert!(connection.wants_transmit(), "{}", case.name);
        assert_eq!(connection.state(), State::Closing, "{}", case.name);
        let mut output = Vec::new();
        assert!(connection.poll_transmit(&mut output), "{}", case.name);
        assert!(!connection.poll_transmit(&mut output), "{}: a second time", case.name);
        assert_eq!(connection.state(), State::Closed, "{}", case.name);
    }
}

#[test]
fn nothing_can_be_sent_afterwards() {
    for case in cases() {
        let mut peer = Peer::new(case.connection());
        peer.read(&case.wire);
        let mut output = Vec::new();
        let sent = peer.connection.send("but", &mut output);
        assert_eq!(sent, Err(SendError::Closed), "{}", case.name);
        assert!(output.is_empty(), "{}", case.name);
    }
}

#[test]
fn repeated_by_every_later_call() {
    for case in cases() {
        let mut peer = Peer::new(case.connection());
        peer.read(&case.wire);
        let error = peer.error.expect(&case.name);
        let connection = &mut peer.connection;
        connection.poll_timeout(Instant::EPOCH);
        let later = Instant::from_epoch(Duration::from_secs(3600));
        assert_eq!(connection.error(), Some(error), "{}", case.name);
        assert_eq!(connection.receive(&mut [].as_mut_slice()), Err(error), "{}", case.name);
        assert_eq!(connection.receive(&mut [0x81].as_mut_slice()), Err(error), "{}", case.name);
        assert_eq!(connection.handle_timeout(later), Err(error), "{}", case.name);
        assert_eq!(connection.receive_eof(), Err(error), "{}", case.name);
    }
}

#[test]
fn what_came_before_is_delivered_first() {
    for Case { name, to, config, wire, .. } in cases() {
        let before = [wire::frame(to, FIN | TEXT, b""), wire::frame(to, PING, b"in time")];
        let wire = [before.concat(), wire].concat();
        let outcome = run::at_every_chunking(to, &config, &wire);
        let first = [Event::Text("".into()), Event::Ping(b"in time".into())];
        assert!(outcome.events.starts_with(&first), "{to:?}: {name}: {:?}", outcome.events);
        assert!(outcome.error.is_some(), "{to:?}: {name}");
        assert_eq!(wire::contents(&outcome.output)[0].0, wire::PONG, "{to:?}: {name}");
    }
}
