//! What is still allowed at each limit; exceeding it is among the violations.

use ws_proto::{Config, Connection, ErrorKind, Event, Limits, Role};

use crate::pair;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, PING, ROLES, TEXT};

fn config(incoming: Limits) -> Config {
    Config { incoming, ..Config::default() }
}

#[test]
fn a_frame_of_the_largest_size() {
    for size in [0, 1, 125, 126, 1000, 65_535, 65_536] {
        let config = config(Limits { max_frame_size: size, ..Limits::UNLIMITED });
        for to in ROLES {
            let wire = wire::frame(to, FIN | BINARY, &vec![b'x'; size]);
            assert_eq!(run::events(to, &config, &wire).len(), 1, "{to:?}: {size}");
        }
    }
}

#[test]
fn a_message_of_the_largest_size() {
    let limits = Limits { max_message_size: 10, max_frame_size: 6, ..Limits::UNLIMITED };
    for to in ROLES {
        for parts in [&[&b"012345"[..], b"6789"][..], &[b"", b"01234", b"", b"56789", b""]] {
            let wire = wire::fragments(to, BINARY, parts);
            let events = run::events(to, &config(limits), &wire);
            assert_eq!(events, [Event::Binary(b"0123456789".into())], "{to:?}: {parts:?}");
        }
    }
}

#[test]
fn as_many_fragments_as_allowed() {
    for count in [1, 2, 100] {
        let config = config(Limits { max_fragments: count, ..Limits::incoming() });
        for to in ROLES {
            let wire = wire::fragments(to, TEXT, &vec![&b"x"[..]; count as usize]);
            let text = "x".repeat(count as usize);
            let events = run::events(to, &config, &wire);
            assert_eq!(events, [Event::Text(text.into())], "{to:?}: {count}");
        }
    }
}

#[test]
fn each_message_starts_anew() {
    let limits = Limits { max_message_size: 10, max_frame_size: 6, max_fragments: 2 };
    for to in ROLES {
        let message = wire::fragments(to, BINARY, &[b"012345", b"6789"]);
        let whole = wire::frame(to, FIN | BINARY, b"012345");
        let wire = [message.clone(), whole, message].concat();
        assert_eq!(run::events(to, &config(limits), &wire).len(), 3, "{to:?}");
    }
}

#[test]
fn control_frames_do_not_count() {
    let limits = Limits { max_message_size: 2, max_frame_size: 1, max_fragments: 2 };
    for to in ROLES {
        let ping = wire::frame(to, PING, &[b'p'; 125]);
        let first = wire::frame(to, TEXT, b"a");
        let last = wire::frame(to, FIN | CONTINUATION, b"b");
        let wire = [&ping, &first, &ping, &ping, &last, &ping].map(Vec::as_slice).concat();
        assert_eq!(run::events(to, &config(limits), &wire).len(), 5, "{to:?}");
    }
}

/// Any size that memory could hold: with 32-bit pointers a longer one is refused, and not
/// truncated.
#[test]
fn without_limits_any_length_may_be_claimed() {
    let longest = u64::try_from(usize::MAX).expect("at most 64 bits").min((1 << 63) - 1);
    for to in ROLES {
        let claim = |length| {
            let connection = run::connection(to, &config(Limits::UNLIMITED));
            let mut peer = pair::peer::Peer::new(connection);
            peer.read(&wire::header(to, FIN | BINARY, length));
            peer
        };
        let mut peer = claim(longest);
        peer.read(b"the first bytes");
        assert_eq!(peer.error, None, "{to:?}");
        assert_eq!(peer.connection.frame_remaining(), longest - 15, "{to:?}");

        if usize::BITS == 32 {
            let error = claim(longest + 1).error.map(|error| error.kind());
            assert_eq!(error, Some(ErrorKind::FrameTooBig), "{to:?}");
        }
    }
}

#[test]
fn a_million_empty_fragments_are_refused_by_default() {
    for to in ROLES {
        let mut wire = wire::frame(to, TEXT, b"");
        let fragment = wire::frame(to, CONTINUATION, b"");
        let allowed = wire.len() + fragment.len() * ((1 << 17) - 1);
        wire.extend(fragment.repeat(1_000_000));

        let reported = run::first_error(to, &Config::default(), &wire);
        let reported = reported.map(|(index, error)| (index, error.kind()));
        assert_eq!(reported, Some((allowed, ErrorKind::TooManyFragments)), "{to:?}");
    }
}

#[test]
fn other_limits_hold_from_then_on() {
    let small = Limits { max_message_size: 4, max_frame_size: 4, ..Limits::incoming() };
    let mut connection = Connection::server(config(small));
    let mut wire = wire::frame(Role::Server, FIN | BINARY, b"1234");
    let mut input = wire.as_mut_slice();
    assert_eq!(connection.receive(&mut input), Ok(Some(Event::Binary(b"1234".into()))));
    let large = Limits { max_message_size: 6, max_frame_size: 6, ..small };
    connection.set_config(config(large));
    let mut wire = wire::frame(Role::Server, FIN | BINARY, b"123456");
    let mut input = wire.as_mut_slice();
    assert_eq!(connection.receive(&mut input), Ok(Some(Event::Binary(b"123456".into()))));
    connection.set_config(config(small));
    let mut wire = wire::frame(Role::Server, FIN | BINARY, b"12345");
    let mut input = wire.as_mut_slice();
    let error = connection.receive(&mut input).expect_err("too much");
    assert_eq!(error.kind(), ErrorKind::FrameTooBig);
}
