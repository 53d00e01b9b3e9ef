//! The closing handshake, model-checked (RFC 6455 §7): two connections, the streams between them and
//! their clock, with all actions in every order.
//!
//! `action.rs` has the actions, `world.rs` performs them, `end.rs` is one end of the connection; `rules.rs`
//! has the rules for every state, `explorer.rs` visits each state once. The calls of the applications and
//! the failures are limited in number; everything else is not, and so an exploration ends by itself when
//! there are no further states.

mod action;
mod end;
mod explorer;
mod rules;
mod world;

use explorer::Explorer;
use world::{Cuts, Scenario};

const CLOSING: Scenario = Scenario::CLOSING;

fn explore(name: &str, scenario: Scenario, cuts: Cuts) {
    let explored = Explorer::run(scenario, cuts);
    let (states, steps, distance) = (explored.states, explored.steps, explored.distance);
    println!("{name}, cut at {cuts:?}: {states} states up to {distance} steps away, {steps} steps");
}

#[test]
fn either_application_closes() {
    explore("either application closes", CLOSING, Cuts::Frames);
}

#[test]
fn a_frame_is_cut() {
    explore("the server closes", Scenario { closes: [0, 1], ..CLOSING }, Cuts::Bytes);
}

#[test]
fn the_application_answers() {
    let scenario = Scenario { automatic_close: [true, false], messages: [0, 1], ..CLOSING };
    explore("the server's application answers", scenario, Cuts::Frames);
}

#[test]
fn messages_precede() {
    explore("a message", Scenario { messages: [1, 0], ..CLOSING }, Cuts::Frames);
}

#[test]
fn a_message_is_not_finished() {
    explore("a fragment", Scenario { fragments: [0, 1], ..CLOSING }, Cuts::Frames);
}

#[test]
fn pings_precede() {
    explore("a ping", Scenario { pings: [0, 1], ..CLOSING }, Cuts::Frames);
}

#[test]
fn the_server_fails_the_connection() {
    explore(
        "a message over the server's limit",
        Scenario { too_much: [1, 0], ..CLOSING },
        Cuts::Frames,
    );
}

#[test]
fn the_client_fails_the_connection() {
    explore(
        "a message over the client's limit",
        Scenario { too_much: [0, 1], ..CLOSING },
        Cuts::Frames,
    );
}

#[test]
fn the_stream_breaks() {
    let scenario = Scenario { losses: 1, closes: [1, 0], ..CLOSING };
    explore("a loss", scenario, Cuts::Edges);
}

#[test]
fn a_direction_ends() {
    let scenario = Scenario { cuts: [1, 1], closes: [0, 1], ..CLOSING };
    explore("each direction ends early", scenario, Cuts::Frames);
}

#[test]
fn the_peer_is_unresponsive() {
    let scenario = Scenario { keep_alive: Some(1), closes: [1, 0], ..CLOSING };
    explore("keep-alive", scenario, Cuts::Frames);
}

/// Everything in larger numbers, and cut in more places.
#[test]
#[ignore = "minutes with optimization"]
fn all() {
    let manual = Scenario { automatic_close: [false; 2], ..CLOSING };
    let one = Scenario { automatic_close: [true, false], ..CLOSING };
    let broken = |scenario| Scenario { losses: 1, cuts: [1, 1], ..scenario };
    for (name, scenario, cuts) in [
        ("closing", CLOSING, Cuts::Bytes),
        ("closing, streams that end", broken(CLOSING), Cuts::Edges),
        ("one application answers", one, Cuts::Edges),
        ("both applications answer", manual, Cuts::Bytes),
        ("both applications answer, streams that end", broken(manual), Cuts::Edges),
        ("both answer, a message each", Scenario { messages: [1, 1], ..manual }, Cuts::Edges),
        ("a message each", Scenario { messages: [1, 1], ..CLOSING }, Cuts::Edges),
        ("a ping each", Scenario { pings: [1, 1], ..CLOSING }, Cuts::Edges),
        ("two pings each", Scenario { pings: [2, 2], ..CLOSING }, Cuts::Frames),
        ("a fragment each", Scenario { fragments: [1, 1], ..CLOSING }, Cuts::Edges),
        ("too much each", Scenario { too_much: [1, 1], ..CLOSING }, Cuts::Edges),
        (
            "too much each, streams that end",
            broken(Scenario { too_much: [1, 1], ..CLOSING }),
            Cuts::Frames,
        ),
        (
            "a message and a ping each, a loss",
            Scenario { messages: [1, 1], pings: [1, 1], losses: 1, ..CLOSING },
            Cuts::Frames,
        ),
        ("keep-alive", Scenario { keep_alive: Some(4), ..CLOSING }, Cuts::Frames),
        (
            "keep-alive, a loss",
            Scenario { keep_alive: Some(3), losses: 1, ..CLOSING },
            Cuts::Frames,
        ),
    ] {
        explore(name, scenario, cuts);
    }
}
