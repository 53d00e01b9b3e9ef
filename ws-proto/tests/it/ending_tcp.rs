//! Which end ends the TCP connection, in which direction and when (RFC 6455 §7.1.1).

use ws_proto::{CloseCode, Config, Connection, Role};

use crate::pair::run;
use crate::pair::wire::{self, CLOSE};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    ReceiveClose,
    ReceiveViolation,
    EndOfStream,
    Transmit,
    Close,
}

use Step::{Close, EndOfStream, ReceiveClose, ReceiveViolation, Transmit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Nothing,
    HalfClose,
    Close,
}

/// The steps, and what a server and a client want after them.
type Row = (&'static [Step], Wants, Wants);

const TABLE: &[Row] = &[
    (&[], Wants::Nothing, Wants::Nothing),
    // The peer has yet to answer.
    (&[Close], Wants::Nothing, Wants::Nothing),
    // The answer has yet to be written.
    (&[ReceiveClose], Wants::Nothing, Wants::Nothing),
    // Clean: the server ends TCP first.
    (&[ReceiveClose, Transmit], Wants::Close, Wants::Nothing),
    (&[ReceiveClose, Transmit, EndOfStream], Wants::Close, Wants::Close),
    (&[Close, ReceiveClose], Wants::Close, Wants::Nothing),
    (&[Close, ReceiveClose, EndOfStream], Wants::Close, Wants::Close),
    // The peer has left, but may still read the answer.
    (&[ReceiveClose, EndOfStream], Wants::Nothing, Wants::Nothing),
    (&[ReceiveClose, EndOfStream, Transmit], Wants::Close, Wants::Close),
    // The peer has left without a Close frame: there is no peer to notify.
    (&[EndOfStream], Wants::Close, Wants::Close),
    (&[Close, EndOfStream], Wants::Close, Wants::Close),
    // Failed: the Close frame first, and it must arrive.
    (&[ReceiveViolation], Wants::Nothing, Wants::Nothing),
    (&[ReceiveViolation, Transmit], Wants::HalfClose, Wants::Nothing),
    (&[ReceiveViolation, Transmit, EndOfStream], Wants::Close, Wants::Close),
    (&[ReceiveViolation, EndOfStream], Wants::Nothing, Wants::Nothing),
    (&[ReceiveViolation, EndOfStream, Transmit], Wants::Close, Wants::Close),
    // Failed after our Close frame: there is no second one.
    (&[Close, ReceiveViolation], Wants::HalfClose, Wants::Nothing),
    (&[Close, ReceiveViolation, EndOfStream], Wants::Close, Wants::Close),
    // After a clean end further input is ignored.
    (&[ReceiveClose, Transmit, ReceiveViolation], Wants::Close, Wants::Nothing),
];

fn take(connection: &mut Connection, step: Step) {
    let mut output = Vec::new();
    match step {
        ReceiveClose => receive(connection, wire::frame(connection.role(), CLOSE, b"")),
        ReceiveViolation => receive(connection, vec![0xFF]),
        EndOfStream => {
            let _ = connection.receive_eof();
        }
        Transmit => assert!(connection.poll_transmit(&mut output)),
        Close => connection.close(CloseCode::NORMAL, &mut output).expect("open"),
    }
}

fn receive(connection: &mut Connection, mut wire: Vec<u8>) {
    let mut input = wire.as_mut_slice();
    while let Ok(Some(_)) = connection.receive(&mut input) {}
}

fn wants(connection: &mut Connection) -> Wants {
    match (connection.poll_half_close(), connection.wants_close()) {
        (_, true) => Wants::Close,
        (true, false) => Wants::HalfClose,
        (false, false) => Wants::Nothing,
    }
}

/// Where the application answers the peer's Close frame.
const ANSWERED_BY_APPLICATION: &[Row] = &[
    (&[ReceiveClose], Wants::Nothing, Wants::Nothing),
    (&[ReceiveClose, Close], Wants::Close, Wants::Nothing),
    (&[ReceiveClose, Close, EndOfStream], Wants::Close, Wants::Close),
    // The peer has left, but may still read the answer.
    (&[ReceiveClose, EndOfStream], Wants::Nothing, Wants::Nothing),
    (&[ReceiveClose, EndOfStream, Close], Wants::Close, Wants::Close),
    (&[Close, ReceiveClose], Wants::Close, Wants::Nothing),
    // The library reports errors.
    (&[ReceiveViolation], Wants::Nothing, Wants::Nothing),
    (&[ReceiveViolation, Transmit], Wants::HalfClose, Wants::Nothing),
    (&[EndOfStream], Wants::Close, Wants::Close),
];

fn check(role: Role, expected: impl Fn(&Row) -> Wants) {
    let by_application = Config { automatic_close: false, ..Config::default() };
    check_table(role, &Config::default(), TABLE, &expected);
    check_table(role, &by_application, ANSWERED_BY_APPLICATION, &expected);
}

fn check_table(role: Role, config: &Config, table: &[Row], expected: impl Fn(&Row) -> Wants) {
    for row in table {
        let mut connection = run::connection(role, config);
        for step in row.0 {
            take(&mut connection, *step);
        }
        assert_eq!(wants(&mut connection), expected(row), "{role:?} after {:?}", row.0);
    }
}

#[test]
fn a_server_goes_first_and_drains_after_an_error() {
    check(Role::Server, |(_, server, _)| *server);
}

#[test]
fn a_client_waits_for_the_server() {
    check(Role::Client, |(_, _, client)| *client);
}
