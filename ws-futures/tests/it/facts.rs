//! The properties of a connection and of its halves, and those that can be set.

use std::sync::Arc;
use std::time::Duration;

use ws_futures::proto::{ErrorKind, Role, State};
use ws_futures::{CloseCode, Config, Limits};

use crate::support;
use crate::support::script::Script;
use crate::support::task::{Task, run};
use crate::support::wire::{self, PONG};
use crate::support::{ROLES, open, open_plainly};

#[test]
fn role_and_state() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        assert_eq!((socket.role(), socket.state()), (role, State::Open));
        run(socket.close(CloseCode::NORMAL)).expect("open");
        assert_eq!(socket.state(), State::Closing);
        let (mut reader, writer) = socket.split();
        assert_eq!((reader.role(), writer.role()), (role, role));
        assert_eq!((reader.state(), writer.state()), (State::Closing, State::Closing));
        remote.send(&wire::close(role, 1000, ""));
        remote.end();
        while run(reader.recv()).expect("no error").is_some() {}
        assert_eq!((reader.state(), writer.state()), (State::Closed, State::Closed));
    }
}

#[test]
fn the_error() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        assert_eq!(socket.error(), None);
        remote.send(&[0xFF]);
        remote.end();
        run(socket.recv()).expect_err("a violation");
        let kind = socket.error().map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::ReservedBit), "{role:?}");
        let (reader, writer) = socket.split();
        assert_eq!((reader.error(), writer.error()), (writer.error(), reader.error()));
        assert_eq!(writer.error().map(|error| error.kind()), kind, "{role:?}");
    }
}

#[test]
fn the_round_trip_time() {
    for role in ROLES {
        let (socket, remote, clock) = open_plainly(role);
        let (mut reader, writer) = socket.split();
        Task::new(reader.recv()).wait();
        clock.advance(Config::default().ping_interval.expect("set"));
        Task::new(reader.recv()).wait();
        let [(_, ping)] = &*wire::contents(&remote.take()) else { panic!("{role:?}: no ping") };
        assert_eq!((reader.rtt(), writer.rtt()), (None, None));
        clock.advance(Duration::from_millis(80));
        remote.send(&wire::frame(role, PONG, ping));
        run(reader.recv()).expect("no error");
        Task::new(reader.recv()).wait();
        let time = Some(Duration::from_millis(80));
        assert_eq!((reader.rtt(), writer.rtt()), (time, time), "{role:?}");
        let socket = reader.reunite(writer).expect("the same connection");
        assert_eq!(socket.rtt(), time, "{role:?}");
    }
}

#[test]
fn what_was_written() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (reader, mut writer) = socket.split();
        run(writer.feed("fed")).expect("open");
        assert_eq!((reader.written(), writer.written()), (0, 0), "{role:?}");
        run(writer.flush()).expect("open");
        let len = remote.take().len() as u64;
        assert_eq!((reader.written(), writer.written()), (len, len), "{role:?}");
        assert_eq!(reader.stats(), writer.stats(), "{role:?}");
    }
}

/// Larger limits, once the peer has authenticated itself.
#[test]
fn the_configuration() {
    let small = Limits { max_message_size: 10, max_frame_size: 10, ..Limits::incoming() };
    for role in ROLES {
        for halves in [false, true] {
            let config = Config { incoming: small, ..Config::default() };
            let (mut socket, remote, _clock) = open(role, &config, Script::default());
            assert_eq!(socket.config().incoming, small);
            let large = Arc::new(Config::default());
            if halves {
                let (reader, mut writer) = socket.split();
                assert_eq!(reader.config().incoming, small);
                writer.set_config(Arc::clone(&large));
                assert!(Arc::ptr_eq(&reader.config(), &large));
                socket = reader.reunite(writer).expect("the same connection");
            } else {
                socket.set_config(Arc::clone(&large));
            }
            assert!(Arc::ptr_eq(socket.config(), &large));
            remote.send(&wire::text(role, "more than ten bytes"));
            let message = run(socket.recv()).expect("within the limits");
            assert_eq!(message, Some("more than ten bytes".into()), "{role:?}");
        }
    }
}

#[test]
fn compression() {
    let (client, server, _clock) = support::shake_hands(&Config::default(), Default::default());
    assert!(!client.is_compressed());
    let (reader, writer) = server.split();
    assert!(!reader.is_compressed() && !writer.is_compressed());
    #[cfg(feature = "deflate")]
    {
        let config = Config { deflate: Some(Default::default()), ..Config::default() };
        let (client, server, _clock) = support::shake_hands(&config, Default::default());
        assert!(client.is_compressed());
        let (reader, writer) = server.split();
        assert!(reader.is_compressed() && writer.is_compressed());
    }
}

#[test]
fn the_stream() {
    let (socket, remote, _clock) = open_plainly(Role::Server);
    let (reader, mut writer) = socket.split();
    run(writer.send("text")).expect("open");
    let taken = reader.with_ref(|stream| stream.remote().take());
    assert_eq!(wire::contents(&taken).len(), 1);
    assert!(remote.take().is_empty());
    assert!(writer.with_ref(|stream| stream.remote().take()).is_empty());
}
