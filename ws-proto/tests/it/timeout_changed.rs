//! `timeout_changed` is correct: while it is false, `poll_timeout` repeats its last result.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use ws_proto::{CloseCode, Config, Instant, Role};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, CLOSE, FIN, PING, PONG, TEXT};
use crate::property;

#[derive(Clone, Debug)]
enum Step {
    Poll,
    Wait(Duration),
    HandleTimeout,
    Receive(Frame),
    EndOfStream,
    Transmit,
    Send,
    Ping,
    Close,
}

#[derive(Clone, Copy, Debug)]
enum Frame {
    Text,
    Ping,
    /// A pong for the latest ping of the connection itself.
    Answer,
    Close,
    Violation,
    /// After a violation this is more than a server drains.
    Junk,
}

fn step() -> impl Strategy<Value = Step> {
    let frame = prop_oneof![
        4 => Just(Frame::Text),
        2 => Just(Frame::Ping),
        4 => Just(Frame::Answer),
        1 => Just(Frame::Close),
        1 => Just(Frame::Violation),
        1 => Just(Frame::Junk),
    ];
    prop_oneof![
        8 => Just(Step::Poll),
        4 => (0..40_u64).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        4 => Just(Step::HandleTimeout),
        6 => frame.prop_map(Step::Receive),
        1 => Just(Step::EndOfStream),
        3 => Just(Step::Transmit),
        1 => Just(Step::Send),
        1 => Just(Step::Ping),
        1 => Just(Step::Close),
    ]
}

fn take(peer: &mut Peer, to: Role, now: Instant, step: Step) {
    let connection = &mut peer.connection;
    match step {
        Step::Poll | Step::Wait(_) => {}
        Step::HandleTimeout => {
            let _ = connection.handle_timeout(now);
        }
        Step::Receive(frame) => {
            let mut wire = match frame {
                Frame::Text => wire::frame(to, FIN | TEXT, b"text"),
                Frame::Ping => wire::frame(to, PING, b"ping"),
                Frame::Answer => {
                    connection.poll_transmit(&mut peer.output);
                    let sent = wire::contents(&peer.output);
                    let ping = sent.into_iter().rfind(|(first, _)| *first == PING);
                    wire::frame(to, PONG, &ping.unwrap_or_default().1)
                }
                Frame::Close => wire::frame(to, CLOSE, b""),
                Frame::Violation => vec![0xFF],
                Frame::Junk => vec![0; 100],
            };
            let mut input = wire.as_mut_slice();
            while let Ok(Some(_)) = connection.receive(&mut input) {}
        }
        Step::EndOfStream => {
            let _ = connection.receive_eof();
        }
        Step::Transmit => {
            connection.poll_transmit(&mut peer.output);
        }
        Step::Send => {
            let _ = connection.send("text", &mut peer.output);
        }
        Step::Ping => {
            let _ = connection.ping(b"ping", &mut peer.output);
        }
        Step::Close => {
            let _ = connection.close(CloseCode::NORMAL, &mut peer.output);
        }
    }
}

proptest! {
    #![proptest_config(property::cases(3000))]

    #[test]
    fn while_it_is_false_the_last_answer_stands(
        to in property::role(),
        interval in proptest::option::of(1..40_u64),
        automatic_close in any::<bool>(),
        steps in vec(step(), 1..40),
    ) {
        let config = Config {
            ping_interval: interval.map(Duration::from_secs),
            automatic_close,
            max_drain_size: 150,
            ..Config::default()
        };
        let mut peer = Peer::new(run::connection(to, &config));
        let mut now = Instant::EPOCH;
        let mut answer = None;
        for step in steps {
            if let Step::Wait(duration) = step {
                now = now + duration;
            }
            let poll = matches!(step, Step::Poll);
            take(&mut peer, to, now, step);
            if poll {
                let changed = peer.connection.timeout_changed();
                let due = peer.connection.poll_timeout(now);
                prop_assert!(changed || answer == Some(due), "{answer:?}, then {due:?}");
                prop_assert_eq!(peer.connection.next_timeout(), due);
                let closing = peer.connection.closed().is_some();
                prop_assert!(!closing || due.is_some() || peer.connection.wants_close());
                answer = Some(due);
            }
        }
    }
}
