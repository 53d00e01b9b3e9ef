//! The end of a session, as text and as an exit status.

use std::fmt;
use std::process::ExitCode;

use ws_tokio::proto::Initiator;
use ws_tokio::{CloseCode, Closed};

use ws_cli::{Printable, describe_close_code};

/// The end of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The closing handshake is complete.
    Closed(Closed),
    /// The connection ended without a closing handshake, for this reason.
    Broken(String),
    /// Closed, but a line could not be sent.
    Faulty(Closed),
    /// Closed, with fewer messages than `--expect`.
    Missing { expected: u64, received: u64, closed: Closed },
}

impl Ending {
    pub(super) fn status(&self) -> ExitCode {
        ExitCode::from(self.number())
    }

    fn number(&self) -> u8 {
        match self {
            Self::Closed(closed) => match closed.initiator {
                Initiator::Local => 0,
                _ if matches!(closed.code(), CloseCode::NORMAL | CloseCode::NO_STATUS) => 0,
                _ => 3,
            },
            Self::Broken(_) | Self::Faulty(_) => 1,
            Self::Missing { closed, .. } => match Self::Closed(closed.clone()).number() {
                0 => 4,
                number => number,
            },
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(closed) | Self::Faulty(closed) => {
                let who = match closed.initiator {
                    Initiator::Local => "closed",
                    _ => "closed by the server",
                };
                write!(f, "{who}: {} {}", closed.code(), describe_close_code(closed.code()))?;
                match closed.reason() {
                    "" => Ok(()),
                    reason => write!(f, " \"{}\"", Printable::new(reason, usize::MAX)),
                }
            }
            Self::Broken(why) => write!(f, "connection lost: {why}"),
            Self::Missing { expected, received, closed } => {
                write!(
                    f,
                    "{}; {received} of {expected} messages arrived",
                    Self::Closed(closed.clone())
                )
            }
        }
    }
}
