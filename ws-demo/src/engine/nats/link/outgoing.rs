//! What goes to other nodes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use async_nats::Client;
use async_nats::message::OutboundMessage;
use bytes::Bytes;
use futures_sink::Sink as _;
use tokio::sync::mpsc;

use super::{Session, State, Subject};
use crate::engine::nats::envelope::{Draft, Header, Kind};
use crate::engine::nats::{Destination, Outgoing};
use crate::id::ClientId;
use crate::notice::EngineFailure;

impl Subject {
    fn next_index(subject: Option<&mut Self>) -> u64 {
        // In a room that was left meanwhile it is the only message.
        let Some(subject) = subject else { return 1 };
        subject.index += 1;
        subject.index
    }
}

/// The next message to publish.
pub(super) enum Next {
    /// Of the node itself.
    Own(Kind, Draft),
    Queued(Outgoing),
}

impl Session {
    /// Hands a message to the client library, which does not wait.
    pub(super) fn publish(&mut self, next: Next) {
        let (subject, payload) = match next {
            Next::Own(kind, draft) => self.seal_own(kind, draft),
            Next::Queued(outgoing) if self.state != State::Up => {
                return self.shared.drop_outgoing(outgoing.draft.len());
            }
            Next::Queued(outgoing) => {
                let len = outgoing.draft.len();
                if len > self.client.max_payload() {
                    let error = format_args!(
                        "a broadcast of {len} bytes is over the max_payload of the broker: dropped"
                    );
                    self.fail(EngineFailure::TooLarge, &error);
                    return self.shared.drop_outgoing(len);
                }
                self.shared.take_outgoing(len);
                self.shared.published.fetch_add(1, Ordering::Relaxed);
                self.seal(outgoing)
            }
        };
        let message =
            OutboundMessage { subject: subject.into(), payload, reply: None, headers: None };
        if let Err(error) = Pin::new(&mut self.client).start_send(message) {
            self.fail(EngineFailure::Publish, &error);
        }
    }

    fn seal(&mut self, outgoing: Outgoing) -> (String, Bytes) {
        let Outgoing { kind, sender, to, draft } = outgoing;
        let (subject, index) = match &to {
            Destination::All => (self.subjects.all(), Subject::next_index(self.all.as_mut())),
            Destination::Room(room) => {
                (self.subjects.room(room), Subject::next_index(self.rooms.get_mut(room)))
            }
            Destination::Nodes => (self.subjects.node(), Subject::next_index(self.nodes.as_mut())),
        };
        (subject, draft.seal(&self.header(kind, index, sender)))
    }

    fn seal_own(&mut self, kind: Kind, draft: Draft) -> (String, Bytes) {
        let index = Subject::next_index(self.nodes.as_mut());
        let header = self.header(kind, index, ClientId::NONE);
        (self.subjects.node(), draft.seal(&header))
    }

    fn header(&mut self, kind: Kind, index: u64, sender: ClientId) -> Header {
        self.sequence += 1;
        Header { kind, node: self.node, sequence: self.sequence, index, sender }
    }

    pub(super) async fn announce_end(&mut self) {
        if self.state != State::Up {
            return;
        }
        self.queue.close();
        while let Ok(outgoing) = self.queue.try_recv() {
            let (subject, payload) = self.seal(outgoing);
            let _ = self.client.publish(subject, payload).await;
        }
        let (subject, payload) = self.seal_own(Kind::Bye, Draft::new(b""));
        let _ = self.client.publish(subject, payload).await;
        let _ = self.client.flush().await;
    }
}

/// The next message to publish, once the client library accepts one; while the broker cannot be
/// reached, the next message to drop.
pub(super) async fn next(
    is_up: bool,
    client: &mut Client,
    own: &mut VecDeque<(Kind, Draft)>,
    queue: &mut mpsc::Receiver<Outgoing>,
) -> Next {
    poll_fn(|cx| {
        if is_up {
            match Pin::new(&mut *client).poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                // An event reports its end.
                Poll::Ready(Err(_)) | Poll::Pending => return Poll::Pending,
            }
            if let Some((kind, draft)) = own.pop_front() {
                return Poll::Ready(Next::Own(kind, draft));
            }
        }
        match queue.poll_recv(cx) {
            Poll::Ready(Some(outgoing)) => Poll::Ready(Next::Queued(outgoing)),
            // The hub has ended, and this task will.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    })
    .await
}
