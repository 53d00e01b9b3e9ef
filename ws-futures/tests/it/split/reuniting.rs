//! Two halves become one value again.

use std::task::Poll;

use ws_futures::Event;

use crate::support::task::{Task, run};
use crate::support::wire::{self, FIN, TEXT};
use crate::support::{ROLES, open_plainly};

#[test]
fn nothing_is_lost() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.send(&["one", "two", "three"].map(|text| wire::text(role, text)).concat());
        {
            let mut batch = run(reader.read()).expect("no error").expect("open");
            assert_eq!(batch.next(), Some(Event::Text("one".into())));
        }
        run(writer.feed("fed")).expect("open");

        let mut socket = reader.reunite(writer).expect("the same connection");
        assert_eq!(run(socket.recv()).expect("no error"), Some("two".into()), "{role:?}");
        let (mut reader, writer) = socket.split();
        assert_eq!(run(reader.recv()).expect("no error"), Some("three".into()), "{role:?}");
        let mut socket = reader.reunite(writer).expect("the same connection");
        run(socket.send("sent")).expect("open");
        let expected = ["fed", "sent"].map(|text| (FIN | TEXT, text.as_bytes().to_vec()));
        assert_eq!(wire::contents(&remote.take()), expected, "{role:?}");
    }
}

/// Wakers from before the reunion do not prevent later wakers from being woken.
#[test]
fn it_waits_and_is_woken_as_before() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.set_capacity(0);
        Task::new(reader.recv()).wait();
        while writer.try_send(vec![0xA5; 1000]).is_ok() {}
        Task::new(writer.send("no room")).wait();
        Task::new(reader.recv()).wait();

        let mut socket = reader.reunite(writer).expect("the same connection");
        let mut recv = Task::new(socket.recv());
        recv.wait();
        remote.send(&wire::text(role, "input"));
        assert!(matches!(recv.run(), Poll::Ready(Ok(Some(_)))), "{role:?}");
        drop(recv);
        let mut send = Task::new(socket.send("room"));
        send.wait();
        remote.set_capacity(usize::MAX);
        send.finish().expect("open");
    }
}

#[test]
fn halves_of_two_connections_stay_apart() {
    let [(one, _, _), (other, remote, _)] = [(); 2].map(|()| open_plainly(ROLES[0]));
    let ((reader, mut writer), (mut other_reader, other_writer)) = (one.split(), other.split());
    let error = reader.reunite(other_writer).expect_err("two connections");
    assert_eq!(error.to_string(), "halves belong to different connections");
    let (reader, other_writer) = (error.0, error.1);
    run(writer.send("still open")).expect("open");
    remote.send(&wire::text(ROLES[0], "here, too"));
    assert_eq!(run(other_reader.recv()).expect("no error"), Some("here, too".into()));
    reader.reunite(writer).expect("the same connection");
    other_reader.reunite(other_writer).expect("the same connection");
}
