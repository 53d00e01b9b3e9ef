//! One client, from its welcome to its end.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::net::TcpStream;
use tokio::task::yield_now;
use ws_tokio::proto::{self, ErrorKind};
use ws_tokio::{Batch, Close, CloseCode, Closed, Error, Event, Message, TrySendError, WebSocket};

use crate::hub::{Hub, Joined};
use crate::id::ClientId;
use crate::notice::{Content, Journal, Notice};
use crate::outbox::{End, Next, Outbox, Waiting};
use crate::protocol::{self, Request};

/// Serves a client until it is gone; says whether both sides said goodbye.
pub(crate) async fn run(mut socket: WebSocket<TcpStream>, hub: &Hub, journal: &Journal) -> bool {
    let client = Client::join(hub, journal);
    match client.serve(&mut socket).await {
        Ok(()) => {}
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::PingTimeout => {
            journal(&Notice::FailedHeartbeat { id: client.id });
        }
        Err(error) => journal(&Notice::Failed { id: client.id, error: &error }),
    }
    socket.closed().is_some_and(Closed::is_clean)
}

/// A place in the hub, given up when this is dropped, for whatever reason.
struct Client<'h> {
    id: ClientId,
    /// What others want to be sent to it.
    outbox: Arc<Outbox>,
    total: usize,
    hub: &'h Hub,
    journal: &'h Journal,
}

impl<'h> Client<'h> {
    fn join(hub: &'h Hub, journal: &'h Journal) -> Self {
        let Joined { id, outbox, total } = hub.join();
        journal(&Notice::Connected { id, total });
        Self { id, outbox, total, hub, journal }
    }

    async fn serve(&self, socket: &mut WebSocket<TcpStream>) -> Result<(), Error> {
        socket.feed(protocol::welcome(self.id, self.total)).await?;
        loop {
            let Turn { output, input } = turn(socket, &self.outbox).await?;
            if input == Input::Ended {
                return Ok(());
            }
            if output && let Some(end) = send_waiting(socket, &self.outbox) {
                return self.close(socket, end).await;
            }
            if input == Input::Arrived {
                // It is at hand, so this does not wait.
                let Some(batch) = socket.read().await? else { return Ok(()) };
                if self.receive(batch) {
                    // They get their turn before more comes for them: when somebody sends much at
                    // once, those should not seem slow who only had no chance.
                    yield_now().await;
                }
            }
        }
    }

    /// Does what the client wants; says whether there is something for others now.
    fn receive(&self, mut batch: Batch<'_>) -> bool {
        let mut for_others = false;
        while let Some(event) = batch.next() {
            let reply = match event {
                Event::Text(text) => self.reply(&text),
                Event::Binary(data) => match str::from_utf8(&data) {
                    Ok(text) => self.reply(text),
                    Err(_) => {
                        self.tell_message(Content::Binary(data.len()));
                        Some(data.into())
                    }
                },
                Event::Close(close) => {
                    (self.journal)(&Notice::Close { id: self.id, close: &close });
                    continue;
                }
                _ => continue,
            };
            match reply {
                // It fails only when the connection is closing, and then nobody waits for it.
                Some(reply) => drop(batch.send(reply)),
                None => for_others = true,
            }
        }
        for_others
    }

    /// What the client gets for a text; `None` if it was for others, who have got it.
    fn reply(&self, text: &str) -> Option<proto::Message<'static>> {
        self.tell_message(Content::Text(text));
        match Request::parse(text) {
            Request::Broadcast { message } => {
                let message = Message::text(protocol::broadcast(self.id, message));
                self.hub.broadcast(self.id, &message);
                None
            }
            Request::Json(json) => Some(protocol::echo_json(json).into()),
            Request::Text(text) => Some(protocol::echo_text(text).into()),
        }
    }

    fn tell_message(&self, content: Content<'_>) {
        (self.journal)(&Notice::Message { id: self.id, content });
    }

    /// Closes the connection from our side.
    async fn close(&self, socket: &mut WebSocket<TcpStream>, end: End) -> Result<(), Error> {
        let close = match end {
            End::Close(close) => close,
            End::TooSlow => {
                let error = &"too slow: what waited for it was over the limit";
                (self.journal)(&Notice::Failed { id: self.id, error });
                Close::new(CloseCode::TRY_AGAIN_LATER, "too slow: too much waited for you")
            }
        };
        let ended = socket.close(close).await;
        if let Some(close) = socket.closed().and_then(|closed| closed.received.as_ref()) {
            (self.journal)(&Notice::Close { id: self.id, close });
        }
        ended
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let total = self.hub.leave(self.id);
        (self.journal)(&Notice::Disconnected { id: self.id, total });
    }
}

/// What can be done without waiting.
struct Turn {
    /// Something waits in the outbox, and nothing holds it up.
    output: bool,
    input: Input,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Nothing,
    Arrived,
    Ended,
}

/// Waits until something can be done.
///
/// Reading stays polled all the time, for that is what keeps the connection's deadlines; it takes
/// no input while the client does not take its output, so that a client which only sends is held
/// up, not given up. Output and input get their turns together: neither can starve the other.
async fn turn(socket: &mut WebSocket<TcpStream>, outbox: &Outbox) -> Result<Turn, Error> {
    poll_fn(|cx| {
        let output = socket.closed().is_none()
            && match outbox.poll_waiting(cx) {
                Poll::Ready(Waiting::Message) => pin!(socket.ready()).poll(cx).is_ready(),
                Poll::Ready(Waiting::End) => true,
                Poll::Pending => false,
            };
        let input = match pin!(socket.read()).poll(cx) {
            Poll::Ready(Ok(Some(_untouched))) => Input::Arrived,
            Poll::Ready(Ok(None)) => Input::Ended,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending if !output => return Poll::Pending,
            Poll::Pending => Input::Nothing,
        };
        Poll::Ready(Ok(Turn { output, input }))
    })
    .await
}

/// Moves what waits to the connection while there is room; returns the end if it is reached.
fn send_waiting(socket: &mut WebSocket<TcpStream>, outbox: &Outbox) -> Option<End> {
    loop {
        match outbox.next()? {
            Next::End(end) => return Some(end),
            Next::Send(message) => match socket.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Full(message)) => {
                    outbox.put_back(message);
                    return None;
                }
                // The connection is closing.
                Err(_) => return None,
            },
        }
    }
}
