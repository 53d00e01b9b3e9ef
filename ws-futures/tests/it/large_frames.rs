//! Frames that span reads.

use std::borrow::Cow;

use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, ErrorKind, Event, Message};

use crate::support::script::{Script, Turns};
use crate::support::task::{Task, run};
use crate::support::wire::{self, FIN, TEXT};
use crate::support::{ROLES, Socket, conversation, open};

/// Around the sizes of the read buffers.
const SIZES: [usize; 9] =
    [1_448, 16_384, 50_000, 65_536, 67_000, 70_000, 130_000, 262_144, 1_000_000];

fn reads(lengths: &[usize]) -> Script {
    Script { reads: Turns::of(lengths), ..Script::default() }
}

/// Binary and text of each size, and a small message before each.
fn messages() -> Vec<Message> {
    let texts = SIZES.map(|size| "ä€😀x".repeat(size / 10));
    let pairs = SIZES.into_iter().zip(texts);
    pairs
        .flat_map(|(size, text)| {
            let binary = Message::binary(conversation::pattern(size));
            [Message::text("small"), binary, Message::text(text)]
        })
        .collect()
}

async fn read_all(mut socket: Socket, count: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < count {
        let mut batch = socket.read().await.expect("no error").expect("open");
        while let Some(event) = batch.next() {
            messages.push(event.into());
        }
    }
    messages
}

async fn receive_all(mut socket: Socket, count: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(socket.recv().await.expect("no error").expect("open"));
    }
    messages
}

async fn read_half_all(socket: Socket, count: usize) -> Vec<Message> {
    let (mut reader, _writer) = socket.split();
    let mut messages = Vec::new();
    while messages.len() < count {
        let mut batch = reader.read().await.expect("no error").expect("open");
        while let Some(event) = batch.next() {
            messages.push(event.into());
        }
    }
    messages
}

#[test]
fn arrive_at_any_lengths_of_reads() {
    let expected = messages();
    for role in ROLES {
        let wire: Vec<u8> = expected
            .iter()
            .flat_map(|message| match message {
                Message::Text(text) => wire::text(role, text),
                other => wire::binary(role, other.as_bytes()),
            })
            .collect();
        // A zero is a wait, in which the connection holds no input.
        for lengths in
            [&[usize::MAX][..], &[65_536], &[1_448], &[16_401, 0], &[5, 40_000, 0, 300_000, 13]]
        {
            for receive in [
                |socket, count| Task::new(read_all(socket, count)),
                |socket, count| Task::new(receive_all(socket, count)),
                |socket, count| Task::new(read_half_all(socket, count)),
            ] as [fn(Socket, usize) -> Task<'static, Vec<Message>>; 3]
            {
                let (socket, remote, _clock) = open(role, &Config::default(), reads(lengths));
                remote.send(&wire);
                let received = receive(socket, expected.len()).finish();
                assert!(received == expected, "{role:?}, reads of {lengths:?}");
            }
        }
    }
}

#[test]
fn are_lent_if_they_fit_into_the_buffer() {
    for role in ROLES {
        for size in [1_448, 16_384, 65_536] {
            let (mut socket, remote, _clock) = open(role, &Config::default(), reads(&[1_448]));
            // The first frame begins at the start of the buffer, the next one behind it.
            remote.send(&wire::binary(role, &conversation::pattern(size)).repeat(2));
            let mut lent = 0;
            Task::new(async {
                while let Ok(Some(mut batch)) = socket.read().await {
                    while let Some(event) = batch.next() {
                        let is_lent = matches!(event, Event::Binary(Cow::Borrowed(_)));
                        lent += usize::from(is_lent);
                    }
                }
            })
            .wait();
            let expected = if size <= 16_384 { 2 } else { 1 };
            assert!(lent >= expected, "{role:?}, {size} bytes: {lent} of 2 frames were lent");
        }
    }
}

#[test]
fn are_read_in_large_steps() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Config::default(), Script::default());
        remote.send(&wire::binary(role, &conversation::pattern(1 << 20)));
        let received = Task::new(async { socket.recv().await }).finish();
        assert_eq!(received.expect("no error").map(|message| message.len()), Some(1 << 20));
        assert!(remote.reads() <= 5, "{role:?}: {} reads", remote.reads());
    }
}

/// The rest of the frame never arrives.
#[test]
fn a_fault_is_reported_before_waiting_for_the_rest() {
    let text = ["ä".repeat(20_000).as_bytes(), b"\xFF", "ä".repeat(20_000).as_bytes()].concat();
    for role in ROLES {
        let frame = wire::frame(role, FIN | TEXT, &text);
        let part = &frame[..frame.len() - 30_000];
        for lengths in [&[usize::MAX][..], &[1_448], &[16_401, 0]] {
            for prefix in [&[][..], &wire::text(role, "before")] {
                let (mut socket, remote, _clock) = open(role, &Config::default(), reads(lengths));
                remote.send(&[prefix, part].concat());
                let mut task = Task::new(async {
                    while let Some(mut batch) = socket.read().await? {
                        while batch.next().is_some() {}
                    }
                    Ok::<(), ws_futures::Error>(())
                });
                task.wait();
                let [(opcode, body)] = &wire::contents(&remote.take())[..] else {
                    panic!("{role:?}, {lengths:?}: no Close frame");
                };
                assert_eq!(*opcode, FIN | wire::CLOSE, "{role:?}, {lengths:?}");
                assert_eq!(body[..2], 1007_u16.to_be_bytes(), "{role:?}, {lengths:?}");
                remote.end();
                let error = task.finish().expect_err("invalid text");
                let ws_futures::Error::Protocol(error) = error else { panic!("{error}") };
                assert_eq!(error.kind(), ErrorKind::InvalidUtf8, "{role:?}, {lengths:?}");
            }
        }
    }
}

/// The peer may wait for the end of our direction.
#[test]
fn a_fault_behind_our_close_frame_half_closes_at_once() {
    let role = Role::Server;
    let frame = wire::frame(role, FIN | TEXT, &[b"\xFF".as_slice(), &[b'x'; 999]].concat());
    let (mut socket, remote, clock) = open(role, &Config::default(), Script::default());
    run(socket.close(CloseCode::NORMAL)).expect("open");
    remote.send(&frame[..900]);
    let began = clock.now();
    Task::new(socket.recv()).wait();
    assert!(remote.is_ended());
    assert_eq!(clock.now(), began, "no deadline was needed");
}

/// A fault that arrived is more specific than the missing rest.
#[test]
fn a_fault_is_reported_before_the_end_of_the_stream() {
    for role in ROLES {
        let frame = wire::frame(role, FIN | TEXT, &[b"\xFF".as_slice(), &[b'x'; 999]].concat());
        let (mut socket, remote, _clock) = open(role, &Config::default(), Script::default());
        remote.send(&frame[..900]);
        remote.end();
        let ended = Task::new(async { socket.recv().await }).finish();
        let Err(ws_futures::Error::Protocol(error)) = ended else { panic!("{role:?}: {ended:?}") };
        assert_eq!(error.kind(), ErrorKind::InvalidUtf8, "{role:?}");
    }
}

/// A part of a frame that is all that arrives in a while is a sign of life.
#[test]
fn parts_of_a_frame_are_counted_when_the_connection_waits() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Config::default(), Script::default());
        let frame = wire::binary(role, &[1; 50_000]);
        for part in frame.chunks(20_000) {
            let before = socket.stats().received.bytes;
            remote.send(part);
            let _ = Task::new(async { socket.recv().await }).poll();
            let received = socket.stats().received.bytes - before;
            assert_eq!(received, part.len() as u64, "{role:?}");
        }
    }
}
