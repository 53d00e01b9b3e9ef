//! The lines of the log about clients and the server.

use std::fmt;

use tracing::Level;
use ws_tokio::Close;

use crate::endpoint::Endpoint;
use crate::id::ClientId;
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
    Connected {
        id: ClientId,
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
        total: usize,
    },
    Failed {
        id: ClientId,
        error: &'n dyn fmt::Display,
    },
    FailedHeartbeat {
        id: ClientId,
    },
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

impl Notice<'_> {
    /// What clients do never deserves a warning.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Message { .. } => Level::DEBUG,
            _ => Level::INFO,
        }
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ws] ")?;
        match *self {
            Self::Listening { on } => write!(f, "listening on {on}"),
            Self::AdminListening { on } => write!(f, "metrics and stats on {on}"),
            Self::Connected { id, total } => write!(f, "Client {id} connected ({total} total)"),
            Self::Message { id, content: Content::Text(text) } => {
                write!(f, "Message from {id}: {}", Printable::new(text, SHOWN))
            }
            Self::Message { id, content: Content::Binary(len) } => {
                write!(f, "Message from {id}: ({len} bytes)")
            }
            Self::Message { id, content: Content::Secret } => {
                write!(f, "Message from {id}: (not shown)")
            }
            // The reason is quoted, so its own quotes are escaped.
            Self::Close { id, close: Close { code, reason } } => {
                write!(f, "Close from {id}: code={code} reason={reason:?}")
            }
            Self::Disconnected { id, total } => {
                write!(f, "Client {id} disconnected ({total} total)")
            }
            Self::Failed { id, error } => {
                let error = error.to_string();
                write!(f, "Client {id} error: {}", Printable::new(&error, SHOWN))
            }
            Self::FailedHeartbeat { id } => {
                write!(f, "Client {id} failed heartbeat — disconnecting")
            }
            Self::Stopping { clients } => {
                write!(f, "Stopping ({clients} total)")
            }
            Self::Bye { clean, cut } => write!(f, "Bye: {clean} closed cleanly, {cut} cut"),
        }
    }
}

#[cfg(test)]
mod tests {
    use ws_tokio::CloseCode;

    use super::*;

    #[test]
    fn the_lines() {
        let id = ClientId::new(0x00c0_ffee);
        let done = Close::new(CloseCode::NORMAL, "Done");
        let forged = Close::new(CloseCode::new(4000), "\" \x1b[1m\n[ws] Bye: 1");
        let on = Endpoint::Tcp { address: ([127, 0, 0, 1], 9001).into(), secure: false };
        let hi = Content::Text("{\"a\":\"\n\"}");
        for (notice, line) in [
            (Notice::Listening { on: &on }, "[ws] listening on http://127.0.0.1:9001"),
            (Notice::AdminListening { on: &on }, "[ws] metrics and stats on http://127.0.0.1:9001"),
            (
                Notice::Message { id, content: Content::Secret },
                "[ws] Message from 00c0ffee: (not shown)",
            ),
            (Notice::Connected { id, total: 3 }, "[ws] Client 00c0ffee connected (3 total)"),
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
            (Notice::Disconnected { id, total: 2 }, "[ws] Client 00c0ffee disconnected (2 total)"),
            (Notice::Failed { id, error: &"bad\nluck" }, r"[ws] Client 00c0ffee error: bad\nluck"),
            (
                Notice::FailedHeartbeat { id },
                "[ws] Client 00c0ffee failed heartbeat — disconnecting",
            ),
            (Notice::Stopping { clients: 2 }, "[ws] Stopping (2 total)"),
            (Notice::Bye { clean: 1200, cut: 3 }, "[ws] Bye: 1200 closed cleanly, 3 cut"),
        ] {
            assert_eq!(notice.to_string(), line);
        }
    }
}
