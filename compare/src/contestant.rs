//! What an implementation provides to be compared.

use tokio::net::TcpStream;
use ws_proto::Role;

use crate::codec::Codec;
use crate::content::Content;
use crate::memory::Memory;
use crate::mode::Mode;

/// An end of an open connection.
pub(crate) trait Peer: Sized + Send {
    /// Receives up to `count` messages and passes the payload of each to `each`. Returns their number,
    /// which is smaller only if the connection has ended.
    fn receive(
        &mut self,
        count: usize,
        each: impl FnMut(&[u8]) + Send,
    ) -> impl Future<Output = usize> + Send;

    /// Sends binary messages and writes all of them.
    fn send<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m Content> + Send,
    ) -> impl Future<Output = ()> + Send;

    /// Sends up to `count` messages back and writes them, until the connection ends.
    fn echo(&mut self, count: usize) -> impl Future<Output = ()> + Send;
}

/// A peer on a stream in memory.
pub(crate) trait Open: Peer + 'static {
    /// Wraps a stream whose handshake is complete.
    fn open(stream: Memory, role: Role) -> Self;
}

/// A peer that is the server's end of a connection.
pub(crate) trait Accept: Peer + 'static {
    /// Performs the handshake; `None` if it fails.
    fn accept(stream: TcpStream) -> impl Future<Output = Option<Self>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A minimal loop, without the features of an implementation.
    Floor,
    /// A library of this repository.
    Ours,
    /// Another implementation.
    Other,
}

/// Opens an end of a connection on a stream in memory.
pub(crate) type OpenCodec = fn(Memory, Role) -> Box<dyn Codec>;

/// An entry in the list of implementations.
#[derive(Clone, Copy)]
pub(crate) struct Contestant {
    /// The name in tables and on the command line.
    pub(crate) name: &'static str,
    /// The crate whose version is reported.
    pub(crate) package: Option<&'static str>,
    pub(crate) side: Side,
    /// The group `codec`.
    pub(crate) codec: Option<OpenCodec>,
    /// The groups over sockets.
    pub(crate) server: Option<Server>,
}

/// A server, as its own process.
#[derive(Clone, Copy)]
pub(crate) enum Server {
    /// It echoes, in this program.
    Echo(fn()),
    /// It broadcasts, in this program.
    Broadcast(fn()),
    /// It does either, in this program.
    Modes(fn(Mode)),
    /// Bun, another program, which does either.
    Bun,
}
