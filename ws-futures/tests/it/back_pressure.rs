//! What happens while the peer does not read.

use ws_futures::{CloseCode, Event, Message, TrySendError};

use crate::support::task::{Task, at_once, run};
use crate::support::wire::{self, PING, PONG};
use crate::support::{ROLES, Socket, conversation, open_plainly};

/// The number of unwritten bytes from which on sending waits.
const HIGH_WATER: usize = 64 * 1024;

/// Sends until the output is full; returns what was taken.
fn fill(socket: &mut Socket) -> Vec<Message> {
    let mut taken = Vec::new();
    loop {
        let message = Message::binary(vec![taken.len() as u8; 1000]);
        match socket.try_send(message.clone()) {
            Ok(()) => taken.push(message),
            Err(TrySendError::Full(back)) => {
                assert_eq!(back, message, "another message was returned");
                return taken;
            }
            Err(TrySendError::Send(error)) => panic!("{error}"),
        }
        assert!(taken.len() < 100, "the output has no bound");
    }
}

fn payloads(wire: &[u8]) -> Vec<Vec<u8>> {
    wire::contents(wire).into_iter().map(|(_, payload)| payload).collect()
}

fn bytes(messages: &[Message]) -> Vec<Vec<u8>> {
    messages.iter().map(|message| message.as_bytes().to_vec()).collect()
}

#[test]
fn try_send_gives_the_message_back() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        let taken = fill(&mut socket);
        let full = taken.len() * 1000;
        assert!((HIGH_WATER - 1000..HIGH_WATER + 1000).contains(&full), "{full} bytes");
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        assert_eq!(payloads(&remote.take()), bytes(&taken), "{role:?}");
        socket.try_send("again").expect("room");
    }
}

#[test]
fn control_frames_need_no_room() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        let taken = fill(&mut socket);
        socket.try_send(Message::Ping("still there?".into())).expect("needs no room");
        at_once(socket.feed(Message::Close(CloseCode::GOING_AWAY.into()))).expect("needs no room");
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        let mut expected = bytes(&taken);
        expected.extend([b"still there?".to_vec(), vec![0x03, 0xE9]]);
        assert_eq!(payloads(&remote.take()), expected, "{role:?}");
    }
}

/// The output of an application that answers pings itself must stay bounded if a peer only sends
/// pings.
#[test]
fn control_frames_have_a_bound_too() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        let mut pongs = 0;
        while let Ok(()) = socket.try_send(Message::Pong(vec![b'p'; 125].into())) {
            pongs += 1;
            assert!(pongs < 1000, "{role:?}: the output has no bound");
        }
        Task::new(socket.feed(Message::Ping("still there?".into()))).wait();
        let closed = socket.try_send(Message::Close(CloseCode::GOING_AWAY.into()));
        closed.expect("a Close frame needs no room");
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        let written = remote.take().len();
        assert!((HIGH_WATER..HIGH_WATER + 5000).contains(&written), "{written} as {role:?}");
    }
}

#[test]
fn sending_waits_and_goes_on() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(10);
        let mut sent = fill(&mut socket);
        {
            let mut ready = Task::new(socket.ready());
            ready.wait();
            // Room for the bytes above the high-water mark, no more.
            remote.set_capacity(500);
            ready.wait();
            remote.set_capacity(5000);
            ready.finish().expect("open");
        }
        {
            let more = Message::binary(vec![0xA5; HIGH_WATER]);
            let mut feed = Task::new(socket.feed(more.clone()));
            feed.finish().expect("open");
            sent.push(more);
        }
        {
            let more = Message::text("one more");
            let mut send = Task::new(socket.send(more.clone()));
            send.wait();
            let mut written = Vec::new();
            while send.run().is_pending() {
                let piece = remote.take_some(700);
                assert!(!piece.is_empty(), "{role:?}: nothing is written although there is room");
                written.extend(piece);
            }
            sent.push(more);
            written.extend(remote.take());
            assert_eq!(payloads(&written), bytes(&sent), "{role:?}");
        }
    }
}

#[test]
fn recv_still_delivers() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        fill(&mut socket);
        remote.send(&conversation::wire(role));
        for message in conversation::messages() {
            assert_eq!(run(socket.recv()).expect("no error"), Some(message), "{role:?}");
        }
        assert!(Task::new(socket.recv()).run().is_pending());
    }
}

#[test]
fn pongs_coalesce() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        let sent = fill(&mut socket);
        for i in 0..=255 {
            remote.send(&wire::frame(role, PING, &[i]));
            at_once(socket.recv()).expect("no error").expect("a ping");
        }
        assert!(Task::new(socket.recv()).run().is_pending());
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.len(), sent.len() + 1, "{role:?}");
        assert_eq!(frames.last(), Some(&(PONG, vec![255])), "{role:?}");
    }
}

#[test]
fn pongs_are_bounded() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        let pings = wire::frame(role, PING, &[b'p'; 125]).repeat(400);
        for _ in 0..5 {
            remote.send(&pings);
            for _ in 0..400 {
                at_once(socket.recv()).expect("no error").expect("a ping");
            }
        }
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        let written = remote.take().len();
        assert!((HIGH_WATER..HIGH_WATER + 300).contains(&written), "{written} as {role:?}");
    }
}

#[test]
fn a_batch_answers_pings_within_the_same_bound() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        remote.send(&wire::frame(role, PING, &[b'p'; 125]).repeat(2000));
        {
            let mut task = Task::new(async {
                while let Some(mut batch) = socket.read().await.expect("no error") {
                    while batch.next().is_some() {}
                }
            });
            task.wait();
        }
        remote.set_capacity(usize::MAX);
        run(socket.flush()).expect("open");
        let written = remote.take().len();
        assert!((HIGH_WATER..HIGH_WATER + 300).contains(&written), "{written} as {role:?}");
    }
}

#[test]
fn read_reads_nothing_while_the_output_is_full() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(10);
        fill(&mut socket);
        remote.send(&wire::text(role, "unread"));
        let unread = remote.unread();
        let mut read = Task::new(async {
            let mut batch = socket.read().await.expect("no error").expect("open");
            batch.next().map(Message::from)
        });
        read.wait();
        assert_eq!(remote.unread(), unread, "{role:?}");
        // It continues by itself once there is room.
        remote.set_capacity(10_000);
        assert_eq!(read.finish(), Some(Message::text("unread")), "{role:?}");
    }
}

/// An application may leave the rest of a batch for later if its replies have filled the output.
#[test]
fn read_waits_for_room_before_it_lends_the_rest_of_a_batch() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(10);
        remote.send(&wire::text(role, "request").repeat(200));
        let reply = vec![0xA5; 1000];
        let mut served = 0;
        let mut rounds = 0;
        let mut task = Task::new(async {
            while served < 200 {
                let mut batch = socket.read().await.expect("no error").expect("open");
                while batch.buffered() < HIGH_WATER
                    && let Some(Event::Text(_)) = batch.next()
                {
                    batch.send(&*reply).expect("open");
                    served += 1;
                }
                rounds += 1;
                assert!(rounds < 1000, "a batch without room for replies");
            }
            drop(socket.flush().await);
        });
        task.wait();
        let mut written = Vec::new();
        while task.run().is_pending() {
            written.extend(remote.take());
            remote.set_capacity(5000);
        }
        drop(task);
        written.extend(remote.take());
        assert_eq!(wire::contents(&written).len(), 200, "{role:?}");
    }
}
