//! A member's outbox and its socket, served together.

use std::future::{Future as _, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::proto::SendError;
use ws_futures::{Batch, Close, CloseCode, Error, Message, Timer, WebSocket};

use crate::member::Member;
use crate::outbox::{End, Next, Ready, SlowPolicy};
use crate::progress::{Progress, Sent};

/// The most messages that are moved to the socket before input is looked at again.
const BURST: usize = 256;

/// Something that happened to a member. It is exhaustive: an application should see a new kind of
/// event when it compiles.
#[derive(Debug)]
pub enum MemberEvent<'s, R> {
    /// The peer has sent something.
    Received(Batch<'s>),
    /// Messages of the outbox were fed to the socket.
    Sent {
        /// Their number.
        messages: usize,
        /// The bytes of their payloads, not compressed.
        bytes: usize,
    },
    /// A room whose joining was [pending](crate::Joined::Pending) misses nothing from now on. It is
    /// in its place among the messages.
    RoomReady {
        /// The room.
        room: R,
        /// The number of members when it became ready, those of other nodes included.
        members: usize,
    },
    /// The connection took nothing for [`OutboxLimits::timeout`](crate::OutboxLimits::timeout), and what
    /// waited for it was dropped ([`SlowPolicy::Drop`](crate::SlowPolicy::Drop)).
    Missed {
        /// The number of messages that were dropped.
        messages: usize,
    },
    /// The hub closes the connection: a Close frame was sent. What the peer still sends is dropped
    /// until the connection has ended.
    Closing(CloseCause),
}

/// Why the hub closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseCause {
    /// The hub was closed ([`Hub::close`](crate::Hub::close)).
    HubClosed,
    /// The member did not keep up ([`SlowPolicy::Close`](crate::SlowPolicy::Close)); the code is 1013.
    TooSlow,
}

enum Step<R> {
    /// There is input, and no call waits for it.
    Input,
    Sent(Sent),
    Ready(Ready<R>),
    Missed(usize),
    Closing(CloseCause),
    Ended,
}

impl<K, R, M> Member<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    /// Waits for input in place of [`WebSocket::read`], and moves what waits in the outbox to the
    /// socket meanwhile.
    ///
    /// `None`: the connection has ended. If the hub closes it, this sends the Close frame and returns
    /// `None` after the closing handshake. Other events are handled and not returned;
    /// [`next_event`](Self::next_event) returns them.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has taken nothing from the socket, and what it took
    /// from the outbox was fed to the socket.
    pub async fn read<'s, Io, T>(
        &mut self,
        socket: &'s mut WebSocket<Io, T>,
    ) -> Result<Option<Batch<'s>>, Error>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        loop {
            match poll_fn(|cx| self.poll_step(socket, cx)).await? {
                Step::Input => return socket.read().await,
                Step::Ended => return Ok(None),
                _ => {}
            }
        }
    }

    /// Waits until something happens to the member. Call it again and again, with the same socket: it
    /// receives, sends what waits in the outbox, and does for the connection what
    /// [`WebSocket::read`] does: pongs, deadlines, the closing handshake.
    ///
    /// `None`: the connection has ended.
    ///
    /// Output goes first, so a peer that only sends is not read from until it has taken what is for
    /// it, and input is looked at after 256 messages at the latest. Do not leave a message of several
    /// [fragments](ws_futures::proto::Connection::send_fragment) unfinished when calling this: messages
    /// of the outbox wait for its end. A message that the connection cannot send, because it is over
    /// the limits of [`Config::outgoing`](ws_futures::Config::outgoing), is skipped.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has taken nothing from the socket, and what it took
    /// from the outbox was fed to the socket.
    pub async fn next_event<'s, Io, T>(
        &mut self,
        socket: &'s mut WebSocket<Io, T>,
    ) -> Result<Option<MemberEvent<'s, R>>, Error>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        Ok(Some(match poll_fn(|cx| self.poll_step(socket, cx)).await? {
            Step::Input => return Ok(socket.read().await?.map(MemberEvent::Received)),
            Step::Ended => return Ok(None),
            Step::Sent(Sent { messages, bytes }) => MemberEvent::Sent { messages, bytes },
            Step::Ready(Ready { room, members }) => MemberEvent::RoomReady { room, members },
            Step::Missed(messages) => MemberEvent::Missed { messages },
            Step::Closing(cause) => MemberEvent::Closing(cause),
        }))
    }

    fn poll_step<Io, T>(
        &mut self,
        socket: &mut WebSocket<Io, T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Step<R>, Error>>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        // Left over from a call that returned something else.
        if let Some(sent) = self.progress.take_sent() {
            return Poll::Ready(Ok(Step::Sent(sent)));
        }
        loop {
            let is_open = socket.closed().is_none();
            if is_open {
                if let Some(step) = self.send_waiting(socket, cx)? {
                    return Poll::Ready(Ok(step));
                }
            }
            // Reading keeps the connection's deadlines, and writes what was fed.
            match self.progress.poll_input(socket, cx)? {
                Poll::Ready(true) => return Poll::Ready(Ok(Step::Input)),
                Poll::Ready(false) => return Poll::Ready(Ok(Step::Ended)),
                Poll::Pending => {}
            }
            if let Some(sent) = self.progress.take_sent() {
                return Poll::Ready(Ok(Step::Sent(sent)));
            }
            let bounds = &self.shared.config.bounds;
            if !is_open || self.progress.poll_stall(bounds.timeout, socket, cx).is_pending() {
                return Poll::Pending;
            }
            let missed = self.seat.outbox.stall(bounds.slow);
            match bounds.slow {
                SlowPolicy::Drop => return Poll::Ready(Ok(Step::Missed(missed))),
                // The outbox has its end now.
                SlowPolicy::Close => {}
            }
        }
    }

    /// Moves what waits in the outbox to the socket while there is room, and leaves a waker there.
    fn send_waiting<Io, T>(
        &mut self,
        socket: &mut WebSocket<Io, T>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Step<R>>, Error>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        let outbox = &self.seat.outbox;
        if outbox.poll_waiting(cx).is_pending() {
            return Ok(None);
        }
        let Progress { sent, is_closing, .. } = &mut self.progress;
        while sent.messages < BURST {
            let has_room = pin!(socket.ready()).poll(cx).is_ready();
            let message = match outbox.next(has_room) {
                Some(Next::Send(message)) => message,
                Some(Next::Ready(ready)) => return Ok(Some(Step::Ready(ready))),
                Some(Next::End(end)) => {
                    let Some((close, cause)) = closing(end) else { return Ok(None) };
                    // It waits for no room.
                    if let Poll::Ready(fed) = pin!(socket.feed(Message::Close(close))).poll(cx) {
                        fed?;
                    }
                    *is_closing = true;
                    return Ok(Some(Step::Closing(cause)));
                }
                None => return Ok(None),
            };
            // There is room, so this does not wait.
            let fed = pin!(socket.feed_prepared(&message)).poll(cx);
            match fed {
                Poll::Ready(Ok(())) => {
                    sent.messages += 1;
                    sent.bytes += message.payload().len();
                }
                Poll::Ready(Err(Error::Send(SendError::MessageUnfinished))) | Poll::Pending => {
                    outbox.put_back(message);
                    return Ok(None);
                }
                Poll::Ready(Err(_)) => {}
            }
        }
        Ok(None)
    }
}

/// How the connection of a member ends, and why; unless the member has left, which is its own
/// affair.
fn closing(end: End) -> Option<(Close<'static>, CloseCause)> {
    match end {
        End::Close(close) => Some((close, CloseCause::HubClosed)),
        End::TooSlow => {
            let close = Close::new(CloseCode::TRY_AGAIN_LATER, "too slow: too much waited for you");
            Some((close, CloseCause::TooSlow))
        }
        End::Departed => None,
    }
}
