//! The errors of opening, using and ending a connection.

use std::{fmt, io};

use ws_proto::client::{ClientHandshakeErrorKind, Response};
use ws_proto::server::{Rejection, RejectionKind};
use ws_proto::{ErrorKind, InvalidHeader, SendError, client};

/// An error of an established connection, or of a call on it.
///
/// Errors of connecting convert into it, so that a function that connects and exchanges messages can use
/// `?` throughout.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The byte stream failed.
    Io(io::Error),
    /// The peer violated the protocol, exceeded a limit or missed a deadline. A Close frame was sent if
    /// possible, and the connection is closed.
    Protocol(ws_proto::Error),
    /// The message cannot be sent; the connection is unchanged.
    Send(SendError),
    /// The opening handshake failed, or the server refused it.
    Handshake(Box<HandshakeError>),
    /// No byte stream to the server was established. The error of the adapter that connects is inside,
    /// such as `ws_tokio::ConnectError`: [`io::Error::get_ref`] lends it, [`io::Error::downcast`] takes
    /// it out. The kind is [`TimedOut`](io::ErrorKind::TimedOut) if a deadline has passed.
    Connect(io::Error),
}

impl Error {
    /// Whether a deadline has passed: of connecting, of the handshake, of the pong to a keep-alive ping, or
    /// of a write while the connection ends. A timeout reported by the operating system counts too.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Io(error) | Self::Connect(error) => error.kind() == io::ErrorKind::TimedOut,
            Self::Protocol(error) => error.kind() == ErrorKind::PingTimeout,
            Self::Handshake(error) => error.is_timeout(),
            Self::Send(_) => false,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ws_proto::Error> for Error {
    fn from(error: ws_proto::Error) -> Self {
        Self::Protocol(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) | Self::Connect(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) | Self::Connect(error) => error.source(),
            Self::Handshake(error) => error.source(),
            Self::Protocol(_) | Self::Send(_) => None,
        }
    }
}

/// An error of opening a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The byte stream failed or ended.
    Io(io::Error),
    /// The server's response was invalid, or did not arrive in time.
    Response(client::ClientHandshakeError),
    /// The server responded with a status other than 101. The response has its header fields and the
    /// beginning of its body.
    Refused(Box<Response>),
    /// The client's request was rejected, and a response was sent.
    Rejected(Box<Rejection>),
    /// A header field of the application is invalid; nothing was sent.
    Header(InvalidHeader),
}

impl HandshakeError {
    /// Whether a deadline has passed, on either side:
    /// [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout). A timeout that the operating
    /// system reports counts, too. A refusal whose body was cut off by the deadline is none.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() == io::ErrorKind::TimedOut,
            Self::Response(error) => error.kind() == ClientHandshakeErrorKind::Timeout,
            Self::Rejected(rejection) => rejection.kind() == RejectionKind::Timeout,
            Self::Refused(_) | Self::Header(_) => false,
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<client::ClientHandshakeError> for HandshakeError {
    fn from(error: client::ClientHandshakeError) -> Self {
        match error.kind() {
            ClientHandshakeErrorKind::UnexpectedEof => {
                Self::Io(io::Error::new(io::ErrorKind::UnexpectedEof, error))
            }
            _ => Self::Response(error),
        }
    }
}

impl From<InvalidHeader> for HandshakeError {
    fn from(error: InvalidHeader) -> Self {
        Self::Header(error)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::Refused(response) => {
                write!(f, "server refused with status {}", response.status())
            }
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Header(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            _ => None,
        }
    }
}

/// A message that was not accepted ([`WebSocket::try_send`](crate::WebSocket::try_send)).
///
/// Exhaustive on purpose: a variant that falls into the `_` of a `match` may be a message lost.
#[derive(Debug)]
pub enum TrySendError<M> {
    /// The output is at its high-water mark. The message is returned.
    Full(M),
    /// The message cannot be sent, now or later.
    Send(SendError),
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("output is full"),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl<M: fmt::Debug> std::error::Error for TrySendError<M> {}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn timed_out() -> io::Error {
        io::ErrorKind::TimedOut.into()
    }

    #[test]
    fn every_deadline_is_a_timeout() {
        let late = || client::ClientHandshakeError::from(ClientHandshakeErrorKind::Timeout);
        let rejected = |kind: RejectionKind| HandshakeError::Rejected(Box::new(kind.into()));
        let wrong = || client::ClientHandshakeError::from(ClientHandshakeErrorKind::InvalidAccept);
        for (error, is_timeout) in [
            (HandshakeError::from(timed_out()), true),
            (late().into(), true),
            (rejected(RejectionKind::Timeout), true),
            (rejected(RejectionKind::Malformed), false),
            (rejected(RejectionKind::Application(408)), false),
            (wrong().into(), false),
            (io::Error::from(io::ErrorKind::ConnectionReset).into(), false),
            (InvalidHeader::Name(String::new()).into(), false),
        ] {
            assert_eq!(error.is_timeout(), is_timeout, "{error}");
            assert_eq!(Error::from(error).is_timeout(), is_timeout);
        }
        let ping = ws_proto::Error::from(ErrorKind::PingTimeout);
        let eof = ws_proto::Error::from(ErrorKind::UnexpectedEof);
        for (error, is_timeout) in [
            (Error::from(timed_out()), true),
            (io::Error::new(io::ErrorKind::TimedOut, ping).into(), true),
            (ping.into(), true),
            (eof.into(), false),
            (Error::Connect(timed_out()), true),
            (Error::Connect(io::Error::other("refused")), false),
            (SendError::Closed.into(), false),
        ] {
            assert_eq!(error.is_timeout(), is_timeout, "{error}");
        }
    }

    /// What an error shows is not in its source again.
    #[test]
    fn chains_show_each_error_once() {
        let cause = || io::Error::other(InvalidHeader::Name("a b".into()));
        let handshake = HandshakeError::Io(io::Error::other(cause()));
        let shown = handshake.to_string();
        for error in [Error::from(handshake), Error::Connect(io::Error::other(cause()))] {
            assert_eq!(error.to_string(), shown);
            let source = error.source().map(ToString::to_string);
            assert_ne!(source, Some(shown.clone()));
        }
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<Error>() <= 16, "{}", size_of::<Error>());
        assert!(size_of::<HandshakeError>() <= 40, "{}", size_of::<HandshakeError>());
    }
}
