//! What cannot be sent has no effect: not on the output, and not on the connection.

use ws_proto::{Close, CloseCode, Compression, Config, Connection, Limits, Role, SendError};

use crate::pair::run;
use crate::pair::wire::{self, CLOSE, PING, ROLES};

type Act = fn(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>;

struct Case {
    name: &'static str,
    before: Act,
    refused: Act,
    error: SendError,
}

const fn case(name: &'static str, before: Act, refused: Act, error: SendError) -> Case {
    Case { name, before, refused, error }
}

const NOTHING: Act = |_, _| Ok(());
const FRAGMENT: Act = |connection, out| connection.send_fragment("text", false, out);
const CLOSED: Act = |connection, out| connection.close(CloseCode::NORMAL, out);
const FAILED: Act = |connection, _| {
    connection.receive(&mut [0xFF].as_mut_slice()).expect_err("a violation");
    Ok(())
};
const CLOSED_BY_PEER: Act = |connection, _| {
    let mut wire = wire::frame(connection.role(), CLOSE, b"");
    connection.receive(&mut wire.as_mut_slice()).expect("a Close frame");
    Ok(())
};
const ENDED: Act = |connection, _| {
    connection.receive_eof().expect_err("no Close frame");
    Ok(())
};

const SEND: Act = |connection, out| connection.send("text", out);
const ENCODE: Act = |connection, _| connection.encode("text").map(drop);
const ENCODE_FRAGMENT: Act =
    |connection, _| connection.encode_fragment("text", true, Compression::Never).map(drop);
const PING_: Act = |connection, out| connection.ping(b"ping", out);
const PONG_: Act = |connection, out| connection.pong(b"pong", out);
const EMPTY_CLOSE: Act = |connection, out| connection.close(Close::EMPTY, out);

const CASES: &[Case] = &[
    case("send inside a message", FRAGMENT, SEND, SendError::MessageUnfinished),
    case("encode inside a message", FRAGMENT, ENCODE, SendError::MessageUnfinished),
    case(
        "binary fragment of text",
        FRAGMENT,
        |connection, out| connection.send_fragment(b"data", true, out),
        SendError::FragmentKind,
    ),
    case(
        "text fragment of binary",
        |connection, out| connection.send_fragment(b"data", false, out),
        |connection, out| connection.send_fragment("text", false, out),
        SendError::FragmentKind,
    ),
    case(
        "message too big",
        NOTHING,
        |connection, out| connection.send(&[0; 17], out),
        SendError::TooBig,
    ),
    case(
        "encoded message too big",
        NOTHING,
        |connection, _| connection.encode(&[0; 17]).map(drop),
        SendError::TooBig,
    ),
    case(
        "fragment too big",
        NOTHING,
        |connection, out| connection.send_fragment(&[0; 17], false, out),
        SendError::TooBig,
    ),
    case(
        "fragments too big together",
        |connection, out| connection.send_fragment(&[0; 15], false, out),
        |connection, out| connection.send_fragment(&[0; 6], true, out),
        SendError::TooBig,
    ),
    case(
        "too many fragments",
        |connection, out| {
            connection.send_fragment("1", false, out)?;
            connection.send_fragment("2", false, out)?;
            connection.send_fragment("3", false, out)
        },
        |connection, out| connection.send_fragment("4", true, out),
        SendError::TooBig,
    ),
    case(
        "long ping",
        NOTHING,
        |connection, out| connection.ping(&[0; 126], out),
        SendError::ControlTooLong,
    ),
    case(
        "long pong",
        NOTHING,
        |connection, out| connection.pong(&[0; 126], out),
        SendError::ControlTooLong,
    ),
    case(
        "long reason",
        NOTHING,
        |connection, out| {
            let reason = "r".repeat(ws_proto::MAX_REASON + 1);
            connection.close(Close::new(CloseCode::NORMAL, reason), out)
        },
        SendError::ReasonTooLong,
    ),
    case(
        "reason without a code",
        NOTHING,
        |connection, out| connection.close(Close::new(CloseCode::NO_STATUS, "reason"), out),
        SendError::InvalidCloseCode,
    ),
    case("send after close", CLOSED, SEND, SendError::Closed),
    case("encode after close", CLOSED, ENCODE, SendError::Closed),
    case("fragment after close", CLOSED, FRAGMENT, SendError::Closed),
    case("encoded fragment after close", CLOSED, ENCODE_FRAGMENT, SendError::Closed),
    case(
        "encoded text fragment of binary",
        |connection, out| connection.send_fragment(b"data", false, out),
        ENCODE_FRAGMENT,
        SendError::FragmentKind,
    ),
    case(
        "encoded fragment too big",
        NOTHING,
        |connection, _| connection.encode_fragment(&[0; 17], true, Compression::Never).map(drop),
        SendError::TooBig,
    ),
    case("ping after close", CLOSED, PING_, SendError::Closed),
    case("pong after close", CLOSED, PONG_, SendError::Closed),
    case("close twice", CLOSED, EMPTY_CLOSE, SendError::Closed),
    case("send after the peer's close", CLOSED_BY_PEER, SEND, SendError::Closed),
    case("encode after the peer's close", CLOSED_BY_PEER, ENCODE, SendError::Closed),
    case("ping after the peer's close", CLOSED_BY_PEER, PING_, SendError::Closed),
    case("close after the peer's close", CLOSED_BY_PEER, EMPTY_CLOSE, SendError::Closed),
    case("send after a violation", FAILED, SEND, SendError::Closed),
    case("pong after a violation", FAILED, PONG_, SendError::Closed),
    case("close after a violation", FAILED, EMPTY_CLOSE, SendError::Closed),
    case("send after the end of the stream", ENDED, SEND, SendError::Closed),
    case("close after the end of the stream", ENDED, EMPTY_CLOSE, SendError::Closed),
];

/// Limits that the cases above exceed by one step.
fn config() -> Config {
    let outgoing = Limits { max_message_size: 20, max_frame_size: 16, max_fragments: 3 };
    Config { outgoing, ..Config::default() }
}

/// A connection with a pending pong, after the case's first step.
fn prepare(case: &Case, role: Role) -> (Connection, Vec<u8>) {
    let mut connection = run::connection(role, &config());
    let mut output = Vec::new();
    (case.before)(&mut connection, &mut output).expect(case.name);
    let mut wire = wire::frame(role, PING, b"ping");
    let _ = connection.receive(&mut wire.as_mut_slice());
    (connection, output)
}

/// Everything that can still be sent, and the pending frames.
fn continue_sending(connection: &mut Connection) -> Vec<u8> {
    let mut output = Vec::new();
    let _ = connection.send_fragment("", true, &mut output);
    let _ = connection.send(b"data", &mut output);
    let _ = connection.ping(b"ping", &mut output);
    let _ = connection.close(CloseCode::NORMAL, &mut output);
    connection.poll_transmit(&mut output);
    output
}

fn each(check: impl Fn(&Case, Role)) {
    for case in CASES {
        for role in ROLES {
            check(case, role);
        }
    }
}

#[test]
fn says_why() {
    each(|case, role| {
        let (mut connection, mut output) = prepare(case, role);
        let result = (case.refused)(&mut connection, &mut output);
        assert_eq!(result, Err(case.error), "{role:?}: {}", case.name);
    });
}

#[test]
fn appends_nothing() {
    each(|case, role| {
        let (mut connection, mut output) = prepare(case, role);
        let before = output.clone();
        let _ = (case.refused)(&mut connection, &mut output);
        assert_eq!(output, before, "{role:?}: {}", case.name);
    });
}

#[test]
fn changes_nothing() {
    each(|case, role| {
        let (mut untouched, _) = prepare(case, role);
        let (mut refused, mut output) = prepare(case, role);
        let _ = (case.refused)(&mut refused, &mut output);
        assert_eq!(refused.stats(), untouched.stats(), "{role:?}: {}", case.name);
        assert_eq!(refused.state(), untouched.state(), "{role:?}: {}", case.name);
        let expected = continue_sending(&mut untouched);
        assert_eq!(continue_sending(&mut refused), expected, "{role:?}: {}", case.name);
    });
}

#[test]
fn every_code_that_must_not_be_sent() {
    for role in ROLES {
        for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            let mut connection = run::connection(role, &config());
            let mut output = Vec::new();
            let result = connection.close(Close::from(CloseCode::new(code)), &mut output);
            assert_eq!(result, Err(SendError::InvalidCloseCode), "{role:?}: {code}");
            assert_eq!(output, b"", "{role:?}: {code}");
        }
    }
}

#[test]
fn at_the_limit_all_is_well() {
    for role in ROLES {
        let mut connection = run::connection(role, &config());
        let mut output = Vec::new();
        connection.send(&[0; 16], &mut output).expect("a whole frame");
        connection.send_fragment(&[0; 16], false, &mut output).expect("fragment 1 of 3");
        connection.send_fragment(&[0; 4], false, &mut output).expect("fragment 2 of 3");
        connection.send_fragment(&[], true, &mut output).expect("fragment 3 of 3");
    }
}
