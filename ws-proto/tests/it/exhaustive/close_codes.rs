//! All 65,536 close codes, received and sent (RFC 6455 §7.4).

use ws_proto::{Close, CloseCode, Config, SendError};

use crate::exhaustive::drive::Setup;
use crate::exhaustive::model;
use crate::pair::wire::{self, CLOSE};

const REASONS: [&str; 2] = ["", "reason é"];

#[test]
fn received() {
    for role in wire::ROLES {
        check(&Setup::new(role, false, &Config::default()));
    }
}

#[test]
#[ignore = "another role or state in the same code"]
fn received_after_ours() {
    for role in wire::ROLES {
        check(&Setup::new(role, false, &Config::default()).after_our_close());
    }
}

fn check(setup: &Setup) {
    for reason in REASONS {
        for code in 0..=u16::MAX {
            let payload = wire::close_payload(code, reason.as_bytes());
            let stream = wire::frame(setup.role, CLOSE, &payload);
            let reading = setup.check_from(stream.len() - payload.len(), &stream);
            assert_eq!(reading.violation.is_none(), model::is_allowed(code), "{code}");
        }
    }
}

#[test]
fn sent() {
    for role in wire::ROLES {
        let setup = Setup::new(role, false, &Config::default());
        let mut refusing = setup.peer();
        for reason in REASONS {
            for code in 0..=u16::MAX {
                let close = Close::new(CloseCode::new(code), reason);
                let mut output = Vec::new();
                // RFC 6455 §7.1.5: 1005 stands for a frame without a code, which has no reason.
                let empty = code == 1005 && reason.is_empty();
                if empty || model::is_allowed(code) {
                    let mut connection = setup.peer().connection;
                    assert_eq!(connection.close(close, &mut output), Ok(()), "{code} {reason}");
                    let payload = match empty {
                        true => vec![],
                        false => wire::close_payload(code, reason.as_bytes()),
                    };
                    assert_eq!(wire::contents(&output), [(CLOSE, payload)], "{code} {reason}");
                } else {
                    let refused = refusing.connection.close(close, &mut output);
                    assert_eq!(refused, Err(SendError::InvalidCloseCode), "{code} {reason}");
                    assert!(output.is_empty(), "{code} {reason}");
                }
            }
        }
        // None of the refused calls has started to close.
        assert_eq!(refusing.connection.closed(), None);
        refusing.connection.send("still open", &mut refusing.output).expect("open");
    }
}
