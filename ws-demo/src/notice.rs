//! What is logged about clients and the server.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tracing::Level;
use ws_tokio::Close;

use crate::endpoint::Endpoint;
use crate::id::ClientId;
use crate::refused::Refused;
use crate::throttle::{Repetitions, WINDOW};
use ws_cli::Printable;

/// The length to which messages and errors are cut, in characters.
const SHOWN: usize = 200;

/// Something that happened. `Display` writes its line, in which what a client sent is escaped: it cannot
/// look like another line.
#[derive(Clone, Copy)]
pub(crate) enum Notice<'n> {
    Listening {
        on: &'n Endpoint,
    },
    /// The address for operators.
    AdminListening {
        on: &'n Endpoint,
    },
    /// A connection did not become a client.
    Refused {
        why: Refused,
        address: Option<IpAddr>,
        /// The id that it would have had.
        client: Option<ClientId>,
        error: Option<&'n dyn fmt::Display>,
    },
    Connected {
        id: ClientId,
        user: Option<&'n str>,
        address: Option<IpAddr>,
        total: usize,
    },
    Message {
        id: ClientId,
        content: Content<'n>,
    },
    Close {
        id: ClientId,
        close: &'n Close<'n>,
    },
    Disconnected {
        id: ClientId,
        session: &'n Session<'n>,
        total: usize,
    },
    Failed {
        id: ClientId,
        address: Option<IpAddr>,
        error: &'n dyn fmt::Display,
    },
    FailedHeartbeat {
        id: ClientId,
        address: Option<IpAddr>,
    },
    /// A client sent a message over its rate.
    RateLimited {
        id: ClientId,
        address: Option<IpAddr>,
    },
    /// No connection can be accepted; `unreported` errors came before this one. The HTTP server reports it
    /// every 10 s only.
    CannotAccept {
        error: &'n dyn fmt::Display,
        unreported: usize,
    },
    /// A connection failed for a reason that is not its client's.
    ConnectionFailed {
        address: Option<IpAddr>,
        error: &'n dyn fmt::Display,
    },
    /// A message was not exchanged with other nodes.
    EngineFailed {
        failure: EngineFailure,
        error: &'n dyn fmt::Display,
    },
    /// Notices that were not logged when they came.
    Repeated(Repetitions<Repeating>),
    Stopping {
        clients: usize,
    },
    Bye {
        clean: usize,
        cut: usize,
    },
}

/// What a client sent.
#[derive(Clone, Copy)]
pub(crate) enum Content<'n> {
    Text(&'n str),
    /// The number of bytes of a message that is not UTF-8.
    Binary(usize),
    /// A message that may contain a token.
    Secret,
}

/// The summary of a client that has disconnected.
pub(crate) struct Session<'n> {
    /// The user that its token named.
    pub(crate) user: Option<&'n str>,
    pub(crate) address: Option<IpAddr>,
    /// The Close of the side that began to close the connection.
    pub(crate) close: Close<'n>,
    pub(crate) duration: Duration,
    /// On the wire, after the handshake.
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// The notices that peers or errors of the system could repeat without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Repeating {
    Refused(Refused),
    RateLimited,
    ConnectionFailed,
    Engine(EngineFailure),
}

/// What failed between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EngineFailure {
    /// A message is larger than the broker accepts.
    TooLarge,
    /// The client library did not accept a message.
    Publish,
    /// The broker reported an error.
    Broker,
}

impl EngineFailure {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Publish => "publish",
            Self::Broker => "broker",
        }
    }
}

impl Notice<'_> {
    /// What clients do never deserves a warning.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Message { .. } => Level::DEBUG,
            Self::CannotAccept { .. } | Self::EngineFailed { .. } => Level::WARN,
            Self::ConnectionFailed { .. } => Level::ERROR,
            Self::Repeated(repetitions) => repetitions.kind.level(),
            _ => Level::INFO,
        }
    }

    /// How its repetitions are counted, and its address, if it could be repeated without end.
    pub(crate) fn repeating(&self) -> Option<(Repeating, Option<IpAddr>)> {
        match *self {
            Self::Refused { why, address, .. } => Some((Repeating::Refused(why), address)),
            Self::RateLimited { address, .. } => Some((Repeating::RateLimited, address)),
            Self::ConnectionFailed { address, .. } => Some((Repeating::ConnectionFailed, address)),
            Self::EngineFailed { failure, .. } => Some((Repeating::Engine(failure), None)),
            _ => None,
        }
    }
}

impl Repeating {
    fn level(self) -> Level {
        match self {
            Self::Refused(_) | Self::RateLimited => Level::INFO,
            Self::Engine(_) => Level::WARN,
            Self::ConnectionFailed => Level::ERROR,
        }
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ws] ")?;
        match *self {
            Self::Listening { on } => write!(f, "listening on {on}"),
            Self::AdminListening { on } => write!(f, "metrics and stats on {on}"),
            Self::Refused { address, client: Some(id), error: Some(error), .. } => {
                write!(f, "Client {id} error: {} ({})", shown(error), Address(address))
            }
            Self::Refused { why, address, error, .. } => {
                write!(f, "Refused {}: {}", Address(address), why.reason())?;
                error.map_or(Ok(()), |error| write!(f, ": {}", shown(error)))
            }
            Self::Connected { id, total, .. } => {
                write!(f, "Client {id} connected ({total} total)")
            }
            Self::Message { id, content } => write!(f, "Message from {id}: {content}"),
            // The reason is quoted, so its own quotes are escaped.
            Self::Close { id, close: Close { code, reason } } => {
                write!(f, "Close from {id}: code={code} reason={reason:?}")
            }
            Self::Disconnected { id, total, .. } => {
                write!(f, "Client {id} disconnected ({total} total)")
            }
            Self::Failed { id, error, .. } => {
                write!(f, "Client {id} error: {}", shown(error))
            }
            Self::FailedHeartbeat { id, .. } => {
                write!(f, "Client {id} failed heartbeat — disconnecting")
            }
            Self::RateLimited { id, address } => {
                write!(f, "Client {id} error: over its message rate ({})", Address(address))
            }
            Self::CannotAccept { error, unreported: 0 } => {
                write!(f, "cannot accept: {}", shown(error))
            }
            Self::CannotAccept { error, unreported } => {
                write!(f, "cannot accept: {} ({unreported} errors before)", shown(error))
            }
            Self::ConnectionFailed { address, error } => {
                write!(f, "the connection of {} failed: {}", Address(address), shown(error))
            }
            Self::EngineFailed { error, .. } => write!(f, "engine: {}", shown(error)),
            Self::Repeated(Repetitions { kind, count, address }) => {
                write!(f, "{kind}: {count} more in {} s", WINDOW.as_secs())?;
                address.map_or(Ok(()), |address| write!(f, ", the latest by {address}"))
            }
            Self::Stopping { clients } => {
                write!(f, "Stopping ({clients} total)")
            }
            Self::Bye { clean, cut } => write!(f, "Bye: {clean} closed cleanly, {cut} cut"),
        }
    }
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Printable::new(text, SHOWN).fmt(f),
            Self::Binary(len) => write!(f, "({len} bytes)"),
            Self::Secret => f.write_str("(not shown)"),
        }
    }
}

impl fmt::Display for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, address, close: Close { code, reason }, duration, bytes_in, bytes_out } =
            self;
        if let Some(user) = user {
            write!(f, "user={user:?} ")?;
        }
        write!(
            f,
            "address={} code={code} reason={reason:?} duration={:.3}s bytes_in={bytes_in} \
             bytes_out={bytes_out}",
            Address(*address),
            duration.as_secs_f64()
        )
    }
}

impl fmt::Display for Repeating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "Refused ({})", why.reason()),
            Self::RateLimited => f.write_str("Messages over the rate of their client"),
            Self::ConnectionFailed => f.write_str("Connections failed"),
            Self::Engine(failure) => write!(f, "engine ({})", failure.reason()),
        }
    }
}

/// The address of a client, which one at a Unix socket may not have.
struct Address(Option<IpAddr>);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unix"),
        }
    }
}

/// An error, which may contain what a peer has sent.
pub(crate) fn shown(error: &dyn fmt::Display) -> String {
    Printable::new(&error.to_string(), SHOWN).to_string()
}

#[cfg(test)]
mod tests {
    use ws_tokio::CloseCode;

    use super::*;

    /// An address of a client.
    const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

    #[test]
    fn the_lines() {
        let id = ClientId::new(0x00c0_ffee);
        let done = Close::new(CloseCode::NORMAL, "Done");
        let forged = Close::new(CloseCode::new(4000), "\" \x1b[1m\n[ws] Bye: 1");
        let session = Session {
            user: None,
            address: ADDRESS,
            close: Close::EMPTY,
            duration: Duration::ZERO,
            bytes_in: 0,
            bytes_out: 0,
        };
        let on = Endpoint::Tcp { address: ([127, 0, 0, 1], 9001).into(), secure: false };
        let hi = Content::Text("{\"a\":\"\n\"}");
        for (notice, line) in [
            (Notice::Listening { on: &on }, "[ws] listening on http://127.0.0.1:9001"),
            (Notice::AdminListening { on: &on }, "[ws] metrics and stats on http://127.0.0.1:9001"),
            (
                Notice::Message { id, content: Content::Secret },
                "[ws] Message from 00c0ffee: (not shown)",
            ),
            (
                Notice::Connected { id, user: None, address: ADDRESS, total: 3 },
                "[ws] Client 00c0ffee connected (3 total)",
            ),
            (Notice::Message { id, content: hi }, r#"[ws] Message from 00c0ffee: {"a":"\n"}"#),
            (
                Notice::Message { id, content: Content::Binary(5) },
                "[ws] Message from 00c0ffee: (5 bytes)",
            ),
            (
                Notice::Close { id, close: &done },
                r#"[ws] Close from 00c0ffee: code=1000 reason="Done""#,
            ),
            (
                Notice::Close { id, close: &Close::EMPTY },
                r#"[ws] Close from 00c0ffee: code=1005 reason="""#,
            ),
            (
                Notice::Close { id, close: &forged },
                r#"[ws] Close from 00c0ffee: code=4000 reason="\" \u{1b}[1m\n[ws] Bye: 1""#,
            ),
            (
                Notice::Disconnected { id, session: &session, total: 2 },
                "[ws] Client 00c0ffee disconnected (2 total)",
            ),
            (
                Notice::Failed { id, address: ADDRESS, error: &"bad\nluck" },
                r"[ws] Client 00c0ffee error: bad\nluck",
            ),
            (
                Notice::FailedHeartbeat { id, address: ADDRESS },
                "[ws] Client 00c0ffee failed heartbeat — disconnecting",
            ),
            (Notice::Stopping { clients: 2 }, "[ws] Stopping (2 total)"),
            (Notice::Bye { clean: 1200, cut: 3 }, "[ws] Bye: 1200 closed cleanly, 3 cut"),
        ] {
            assert_eq!(notice.to_string(), line);
        }
    }

    #[test]
    fn lines_about_what_may_be_repeated() {
        const RATE_LIMITED: &str = "[ws] Messages over the rate of their client: 5 more in 10 s";
        let id = ClientId::new(0x00c0_ffee);
        let refused = |why, address, client, error| Notice::Refused { why, address, client, error };
        let repeated = |kind, address| Notice::Repeated(Repetitions { kind, count: 5, address });
        for (notice, line) in [
            (refused(Refused::Full, ADDRESS, None, None), "[ws] Refused 192.0.2.7: full"),
            (
                refused(Refused::BadHandshake, None, None, Some(&"no\nkey")),
                r"[ws] Refused unix: handshake: no\nkey",
            ),
            (
                refused(Refused::Unauthenticated, ADDRESS, Some(id), Some(&"no token")),
                "[ws] Client 00c0ffee error: no token (192.0.2.7)",
            ),
            (
                Notice::RateLimited { id, address: ADDRESS },
                "[ws] Client 00c0ffee error: over its message rate (192.0.2.7)",
            ),
            (
                Notice::CannotAccept { error: &"no files", unreported: 0 },
                "[ws] cannot accept: no files",
            ),
            (
                Notice::CannotAccept { error: &"no files", unreported: 600 },
                "[ws] cannot accept: no files (600 errors before)",
            ),
            (
                Notice::ConnectionFailed { address: ADDRESS, error: &"panic" },
                "[ws] the connection of 192.0.2.7 failed: panic",
            ),
            (
                Notice::EngineFailed { failure: EngineFailure::TooLarge, error: &"5 bytes" },
                "[ws] engine: 5 bytes",
            ),
            (
                repeated(Repeating::Engine(EngineFailure::Broker), None),
                "[ws] engine (broker): 5 more in 10 s",
            ),
            (
                repeated(Repeating::Refused(Refused::Full), ADDRESS),
                "[ws] Refused (full): 5 more in 10 s, the latest by 192.0.2.7",
            ),
            (repeated(Repeating::RateLimited, None), RATE_LIMITED),
        ] {
            assert_eq!(notice.to_string(), line);
            let repeats = !matches!(notice, Notice::Repeated(_) | Notice::CannotAccept { .. });
            assert_eq!(notice.repeating().is_some(), repeats, "{line}");
        }
    }

    #[test]
    fn the_summary_of_a_session() {
        let session = Session {
            user: Some("\"ann\n"),
            address: None,
            close: Close::new(CloseCode::NORMAL, "\" bye\n"),
            duration: Duration::from_micros(12_345_600),
            bytes_in: 10,
            bytes_out: 2000,
        };
        assert_eq!(
            session.to_string(),
            r#"user="\"ann\n" address=unix code=1000 reason="\" bye\n" duration=12.346s bytes_in=10 "#
                .to_owned()
                + "bytes_out=2000"
        );
    }
}
