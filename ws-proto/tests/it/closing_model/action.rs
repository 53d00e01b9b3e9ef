//! The steps that two connections and their streams may take.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

use Side::{Client, Server};

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Client, Server];

    pub(crate) fn other(self) -> Self {
        match self {
            Client => Server,
            Server => Client,
        }
    }
}

/// The possible actions. Everything else follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The application sends a message.
    Send(Side),
    /// The application begins a message that it never finishes.
    SendFragment(Side),
    /// The application sends a message over the other end's limit.
    SendTooMuch(Side),
    Ping(Side),
    Close(Side),
    /// The loop around a connection takes the pending output.
    Transmit(Side),
    /// The stream takes bytes of the output.
    Write(Side, Amount),
    Read(Side, Amount),
    /// The end of the stream from the other end is read.
    EndOfStream(Side),
    Timeout(Side),
    /// The loop ends the sending direction, as `poll_half_close` requests.
    HalfClose(Side),
    /// The loop ends the TCP connection, as `wants_close` requests.
    EndTcp(Side),
    /// TCP resets the stream to this end, whose bytes reached a closed socket; the unread bytes
    /// are lost.
    Reset(Side),
    /// The stream from this end is cut off: what is written from now on does not arrive.
    CutOff(Side),
    /// The TCP connection breaks, and the bytes in transit are lost.
    Lose,
}

/// How many of the available bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Up to the next place at which streams are cut.
    Piece,
    All,
}

use Amount::{All, Piece};

pub(crate) const ACTIONS: [Action; 33] = {
    use Action::*;
    [
        Send(Client),
        Send(Server),
        SendFragment(Client),
        SendFragment(Server),
        SendTooMuch(Client),
        SendTooMuch(Server),
        Ping(Client),
        Ping(Server),
        Close(Client),
        Close(Server),
        Transmit(Client),
        Transmit(Server),
        Write(Client, Piece),
        Write(Client, All),
        Write(Server, Piece),
        Write(Server, All),
        Read(Client, Piece),
        Read(Client, All),
        Read(Server, Piece),
        Read(Server, All),
        EndOfStream(Client),
        EndOfStream(Server),
        Timeout(Client),
        Timeout(Server),
        HalfClose(Client),
        HalfClose(Server),
        EndTcp(Client),
        EndTcp(Server),
        Reset(Client),
        Reset(Server),
        CutOff(Client),
        CutOff(Server),
        Lose,
    ]
};

impl Action {
    pub(crate) fn side(self) -> Option<Side> {
        match self {
            Self::Send(side)
            | Self::SendFragment(side)
            | Self::SendTooMuch(side)
            | Self::Ping(side)
            | Self::Close(side)
            | Self::Transmit(side)
            | Self::Write(side, _)
            | Self::Read(side, _)
            | Self::EndOfStream(side)
            | Self::Timeout(side)
            | Self::HalfClose(side)
            | Self::EndTcp(side) => Some(side),
            Self::Reset(_) | Self::CutOff(_) | Self::Lose => None,
        }
    }
}
