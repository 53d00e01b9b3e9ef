//! Valid Close frames, and their answers (RFC 6455 §5.5.1 and §7.4).

use ws_proto::{Close, CloseCode, Config, ErrorKind, Event, MAX_REASON, State};

use crate::pair::run;
use crate::pair::wire::{self, CLOSE, ROLES};

/// RFC 6455 §7.4.1 and §7.4.2, and the IANA registry up to 1014.
fn may_be_sent(code: u16) -> bool {
    match code {
        1004..=1006 | 1015.. if code < 3000 => false,
        1000..=1014 | 3000..=4999 => true,
        _ => false,
    }
}

#[test]
fn an_empty_one_is_answered_with_an_empty_one() {
    for to in ROLES {
        let wire = wire::frame(to, CLOSE, b"");
        let outcome = run::at_every_chunking(to, &Config::default(), &wire);
        assert_eq!(outcome.events, [Event::Close(Close::EMPTY)], "{to:?}");
        assert_eq!(wire::contents(&outcome.output), [(CLOSE, vec![])], "{to:?}");
        assert_eq!(
            outcome.closed.map(|closed| closed.code()),
            Some(CloseCode::NO_STATUS),
            "{to:?}"
        );
    }
}

#[test]
fn every_code_that_may_be_sent_is_answered_with_itself() {
    for to in ROLES {
        for code in (0..=u16::MAX).filter(|code| may_be_sent(*code)) {
            let payload = wire::close_payload(code, b"");
            let wire = wire::frame(to, CLOSE, &payload);
            let outcome = run::outcome(to, &Config::default(), &wire, &[usize::MAX]);
            let close = Close::from(CloseCode::new(code));
            assert_eq!(outcome.events, [Event::Close(close)], "{to:?}: {code}");
            assert_eq!(wire::contents(&outcome.output), [(CLOSE, payload)], "{to:?}: {code}");
        }
    }
}

#[test]
fn every_other_code_is_refused() {
    for to in ROLES {
        for code in (0..=u16::MAX).filter(|code| !may_be_sent(*code)) {
            let wire = wire::frame(to, CLOSE, &wire::close_payload(code, b"reason"));
            let outcome = run::outcome(to, &Config::default(), &wire, &[usize::MAX]);
            let kind = outcome.error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::InvalidCloseCode), "{to:?}: {code}");
            assert!(outcome.events.is_empty(), "{to:?}: {code}");
        }
    }
}

#[test]
fn a_code_knows_whether_it_may_be_sent() {
    for code in 0..=u16::MAX {
        assert_eq!(CloseCode::new(code).is_sendable(), may_be_sent(code), "{code}");
    }
}

#[test]
fn a_reason_is_handed_over_but_not_echoed() {
    let longest = "r".repeat(MAX_REASON);
    let wide = "€".repeat(MAX_REASON / 3);
    for to in ROLES {
        for reason in ["x", "going for lunch", "Ω€😀", &longest, &wide] {
            let wire = wire::frame(to, CLOSE, &wire::close_payload(4000, reason.as_bytes()));
            let outcome = run::at_every_chunking(to, &Config::default(), &wire);
            let close = Close::new(CloseCode::new(4000), reason);
            assert_eq!(outcome.events, [Event::Close(close.clone())], "{to:?}: {reason}");
            let answer = (CLOSE, wire::close_payload(4000, b""));
            assert_eq!(wire::contents(&outcome.output), [answer], "{to:?}: {reason}");
            let closed = outcome.closed.expect("closed");
            assert_eq!(closed.received, Some(close.into_owned()), "{to:?}: {reason}");
            assert_eq!(closed.reason(), reason, "{to:?}: {reason}");
        }
    }
}

#[test]
fn whatever_follows_is_ignored() {
    for to in ROLES {
        let close = wire::frame(to, CLOSE, &wire::close_payload(1000, b"bye"));
        let more = [
            wire::frame(to, wire::FIN | wire::TEXT, b"one more thing"),
            wire::frame(to, wire::PING, b"hello?"),
            wire::frame(to, CLOSE, &wire::close_payload(1001, b"")),
            vec![0xFF; 100],
        ];
        for more in more {
            let wire = [close.clone(), more].concat();
            let outcome = run::at_every_chunking(to, &Config::default(), &wire);
            assert_eq!(outcome.events.len(), 1, "{to:?}: {:?}", outcome.events);
            assert_eq!(outcome.error, None, "{to:?}");
            assert_eq!(wire::contents(&outcome.output).len(), 1, "{to:?}");
            assert_eq!(outcome.state, State::Closed, "{to:?}");
        }
    }
}
