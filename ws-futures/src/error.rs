//! What ends a connection, or keeps it from beginning.

use std::{fmt, io};

use ws_proto::client::{HandshakeErrorKind, Response};
use ws_proto::server::Rejection;
use ws_proto::{InvalidHeader, SendError, client};

/// An established connection failed, or a call of ours did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The byte stream failed.
    Io(io::Error),
    /// The peer broke the protocol, a limit or a deadline. It has been told where it could be, and
    /// the connection is closed.
    Protocol(ws_proto::Error),
    /// The message cannot be sent; the connection is as it was.
    Send(SendError),
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Protocol(_) | Self::Send(_) => None,
        }
    }
}

/// No connection came to be.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The byte stream failed or ended.
    Io(io::Error),
    /// The server's response is no valid answer, or did not come in time.
    Response(client::HandshakeError),
    /// The server answered with another status than 101: here are its header fields and the
    /// beginning of its body.
    Refused(Box<Response>),
    /// The client's request was refused, and the client was told.
    Rejected(Box<Rejection>),
    /// A header field of ours is invalid; nothing was sent.
    Header(InvalidHeader),
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<client::HandshakeError> for HandshakeError {
    fn from(error: client::HandshakeError) -> Self {
        match error.kind() {
            HandshakeErrorKind::UnexpectedEof => {
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
                write!(f, "the server refused with status {}", response.status())
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

/// A message that was not taken ([`WebSocket::try_send`](crate::WebSocket::try_send)).
#[derive(Debug)]
#[non_exhaustive]
pub enum TrySendError<M> {
    /// The output is at its high-water mark. Here is the message back.
    Full(M),
    /// The message cannot be sent, now or later.
    Send(SendError),
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the output is full"),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl<M: fmt::Debug> std::error::Error for TrySendError<M> {}
