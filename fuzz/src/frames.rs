//! Arbitrary bytes to an open connection.

use ws_proto::{Config, Delivery, Event, Limits, Role};

use crate::input::Input;
use crate::pair::peer::Peer;
use crate::pair::run::{self, Outcome};
use crate::pair::wire::{self, CLOSE};

/// Checks a server; see [`client_frames`].
pub fn server_frames(data: &[u8]) {
    frames(Role::Server, data);
}

/// Checks a client: the outcome is the same at every chunking, chunks add up to the messages, and
/// an error is reported by a Close frame with its code.
pub fn client_frames(data: &[u8]) {
    frames(Role::Client, data);
}

fn frames(role: Role, data: &[u8]) {
    let Some(input) = Input::new(data) else { return };
    let [whole, chunked] =
        [Delivery::Whole, Delivery::Chunked].map(|delivery| outcome(role, delivery, &input));
    assert_eq!(chunked.error, whole.error);
    assert_eq!(chunked.output, whole.output);
    assert_eq!(chunked.closed, whole.closed);
    assert_eq!(run::messages(chunked.events), run::messages(whole.events.clone()));
    check_answer(role, &whole, automatic_close(&input));
}

fn automatic_close(input: &Input<'_>) -> bool {
    !input.option(3)
}

/// Returns the outcome, the same at every chunking. The peer asserts that each call makes progress.
fn outcome(role: Role, delivery: Delivery, input: &Input<'_>) -> Outcome {
    let incoming = match input.option(0) {
        true => Limits { max_message_size: 200, max_frame_size: 150, max_fragments: 4 },
        false => Limits::incoming(),
    };
    let config = Config {
        incoming,
        delivery,
        automatic_pong: !input.option(1),
        automatic_close: automatic_close(input),
        ..Config::default()
    };
    let outcome = |mut peer: Peer| {
        if input.option(2) {
            peer.end_of_stream();
        }
        Outcome::of(peer)
    };
    let [whole, single, cut] =
        input.chunkings().map(|lengths| outcome(run::reader(role, &config, input.stream, lengths)));
    assert_eq!(single, whole, "byte by byte");
    assert_eq!(cut, whole, "cut");
    for lengths in input.chunkings() {
        let behind = run::reader_behind(role, &config, input.stream, lengths, 2);
        assert_eq!(outcome(behind), whole, "read behind unfinished input");
    }
    whole
}

fn check_answer(role: Role, outcome: &Outcome, automatic_close: bool) {
    let sent = wire::parse(&outcome.output);
    assert!(sent.iter().all(|frame| frame.key.is_some() == (role == Role::Client)));
    let Some((close, others)) = sent.split_last() else {
        assert!(outcome.error.is_none_or(|error| error.close_code().get() == 1006));
        return;
    };
    assert!(others.iter().all(|frame| frame.first != CLOSE), "a frame after the Close frame");

    let received = outcome.events.iter().find_map(|event| match event {
        Event::Close(close) => Some(close.code.get()),
        _ => None,
    });
    let told = match (received, outcome.error) {
        (Some(code), _) => Some(code).filter(|_| automatic_close),
        (None, Some(error)) => Some(error.close_code().get()).filter(|code| *code != 1006),
        (None, None) => None,
    };
    match told {
        Some(1005) => assert_eq!((close.first, &*close.payload), (CLOSE, &b""[..])),
        Some(code) => {
            assert_eq!(close.first, CLOSE);
            assert!(close.payload.starts_with(&code.to_be_bytes()), "{code}: {close:?}");
        }
        None => assert_ne!(close.first, CLOSE),
    }
}
