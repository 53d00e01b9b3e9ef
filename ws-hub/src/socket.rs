//! Serves a member's outbox and its socket together.

use std::future::{Future as _, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::proto::SendError;
use ws_futures::{Batch, Close, CloseCode, Error, Message, Timer, WebSocket};

use crate::history::RoomHistory;
use crate::member::Member;
use crate::outbox::{End, Next, Ready, SlowPolicy};
use crate::progress::{Progress, Sent};

/// The maximum number of messages moved to the socket before input is checked again.
const BURST: usize = 256;

/// An event of a member. Exhaustive on purpose: an application should notice a new kind of
/// event at compile time.
#[derive(Debug)]
pub enum MemberEvent<'s, R> {
    /// Input of the peer.
    Received(Batch<'s>),
    /// Messages of the outbox were fed to the socket.
    Sent {
        /// Their number.
        messages: usize,
        /// The bytes of their payloads, not compressed.
        bytes: usize,
    },
    /// A room whose joining was [pending](crate::Joined::Pending) misses nothing from now on. The event is
    /// in order with the messages.
    RoomReady {
        /// The room.
        room: R,
        /// The number of members when it became ready, including those on other nodes.
        members: usize,
        /// Its history at that time, if it has one. The messages that the member has
        /// [missed](crate::JoinOptions::since) follow.
        history: Option<RoomHistory>,
    },
    /// The connection accepted no output for [`OutboxLimits::timeout`](crate::OutboxLimits::timeout), and what
    /// was queued for it was dropped ([`SlowPolicy::Drop`](crate::SlowPolicy::Drop)).
    Missed {
        /// The number of dropped messages.
        messages: usize,
    },
    /// The hub closes the connection: a Close frame was sent. Further input of the peer is dropped
    /// until the connection has ended.
    Closing(CloseCause),
}

/// The reason why the hub closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseCause {
    /// The application closed the hub ([`Hub::close`](crate::Hub::close)) or this member
    /// ([`Hub::disconnect`](crate::Hub::disconnect)).
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
    R: Clone + Ord + Hash,
{
    /// Waits for input, like [`WebSocket::read`], and meanwhile moves queued messages from the outbox to
    /// the socket.
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
    /// Cancel safe: dropped before it is ready, it has taken nothing from the socket, and what it took
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

    /// Waits for the next event of the member. Call it in a loop, with the same socket: it receives,
    /// sends the messages of the outbox, and maintains the connection as [`WebSocket::read`] does:
    /// pongs, deadlines, the closing handshake.
    ///
    /// `None`: the connection has ended.
    ///
    /// Output takes precedence: a peer that only sends is not read from until it has accepted its
    /// messages, but input is checked after 256 messages at the latest. Do not leave a message of several
    /// [fragments](ws_futures::proto::Connection::send_fragment) unfinished when calling this: messages
    /// of the outbox wait for its end. A message that the connection cannot send, because it exceeds
    /// the limits of [`Config::outgoing`](ws_futures::Config::outgoing), is skipped.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, it has taken nothing from the socket, and what it took
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
            Step::Ready(Ready { room, members, history }) => {
                MemberEvent::RoomReady { room, members, history }
            }
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
        // Remaining from a call that returned another event.
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
            // Reading handles the connection's deadlines and writes what was fed.
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
                // The outbox contains the end now.
                SlowPolicy::Close => {}
            }
        }
    }

    /// Moves messages from the outbox to the socket while there is room, and registers a waker.
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
                    // It does not depend on room.
                    if let Poll::Ready(fed) = pin!(socket.feed(Message::Close(close))).poll(cx) {
                        fed?;
                    }
                    *is_closing = true;
                    return Ok(Some(Step::Closing(cause)));
                }
                None => return Ok(None),
            };
            // There is room, so this is ready at once.
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

/// The Close frame and the reason for the end of a member's connection; `None` if the member has left.
fn closing(end: End) -> Option<(Close<'static>, CloseCause)> {
    match end {
        End::Close(close) => Some((close, CloseCause::HubClosed)),
        End::TooSlow => {
            let close =
                Close::new(CloseCode::TRY_AGAIN_LATER, "too slow: outbox full or no progress");
            Some((close, CloseCause::TooSlow))
        }
        End::Departed => None,
    }
}
