//! What the feature `tracing` logs, and what it does not.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;
use ws_futures::client::ClientRequest;
use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, Event, Message, accept, connect_on};

use crate::support::clock::Clock;
use crate::support::script::Script;
use crate::support::task::{self, run};
use crate::support::{SEED, open_plainly, stream, wire};

/// The lines that a subscriber writes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn recorded(level: LevelFilter, act: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, act);
    let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
    text.lines().map(|line| line.trim_start().to_owned()).collect()
}

#[test]
fn a_conversation() {
    let lines = recorded(LevelFilter::TRACE, || {
        let clock = Clock::default();
        let [ours, theirs] = stream::joined([Script::default(), Script::default()]);
        let request = ClientRequest::new("example.com", "/chat?token=secret")
            .header("Authorization", "secret");
        let (connected, accepted) = task::run_both(
            connect_on(ours, clock.alarm(), Config::default(), request, SEED),
            accept(theirs, clock.alarm(), Config::default()),
        );
        let (mut client, _response) = connected.expect("a valid response");
        let mut server = accepted.expect("a valid request");
        run(client.send("a secret")).expect("open");
        let mut batch = run(server.read()).expect("no error").expect("open");
        assert!(matches!(batch.next(), Some(Event::Text(_))));
        batch.send(b"a secret").expect("open");
        drop(batch);
        let (closed, ended) = task::run_both(client.close_and_discard(CloseCode::NORMAL), async {
            while server.recv().await?.is_some() {}
            Ok::<_, ws_futures::Error>(())
        });
        closed.and(ended).expect("no error");
    });
    let expected = [
        "DEBUG accepted path=\"/chat\" host=\"example.com\"",
        "DEBUG connected",
        "TRACE sent kind=\"text\" len=8",
        "TRACE received kind=\"text\" len=8",
        "TRACE sent kind=\"binary\" len=8",
        "TRACE sent kind=\"close\" len=0",
        "TRACE received kind=\"binary\" len=8",
        "TRACE received kind=\"close\" len=0",
        "TRACE received kind=\"close\" len=0",
        "DEBUG ended received=1000 sent=1000 initiator=Peer clean=true messages_received=1 messages_sent=1",
        "DEBUG ended received=1000 sent=1000 initiator=Local clean=true messages_received=1 messages_sent=1",
    ];
    for line in expected {
        assert!(lines.iter().any(|told| told == line), "{line}\n{lines:#?}");
    }
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("secret")), "{lines:#?}");
}

/// A message that could not be sent is not logged.
#[test]
fn a_message_behind_a_close_frame() {
    let lines = recorded(LevelFilter::TRACE, || {
        let (mut socket, _remote, _clock) = open_plainly(Role::Server);
        run(socket.send(Message::Close(CloseCode::NORMAL.into()))).expect("open");
        run(socket.send("late")).expect_err("closing");
    });
    assert_eq!(lines, ["TRACE sent kind=\"close\" len=0"]);
}

#[test]
fn an_error() {
    let lines = recorded(LevelFilter::DEBUG, || {
        let (mut socket, remote, _clock) = open_plainly(Role::Server);
        remote.send(&wire::close(Role::Server, 1005, ""));
        remote.end();
        run(socket.recv()).expect_err("an invalid code");
    });
    assert_eq!(
        lines,
        ["DEBUG ended sent=1002 initiator=Library clean=false error=invalid close code \
          messages_received=0 messages_sent=0"]
    );
}
