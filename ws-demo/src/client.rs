//! One client, from its welcome to its end.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::net::TcpStream;
use ws_tokio::proto::ErrorKind;
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
            let Turn { output, input } = turn(socket, &self.outbox).await;
            if output && let Some(end) = send_waiting(socket, &self.outbox) {
                return self.close(socket, end).await;
            }
            match input {
                None => {}
                Some(Ok(Input::Ended)) => return Ok(()),
                Some(Err(error)) => return Err(error),
                Some(Ok(Input::Arrived)) => {
                    // It is there already, so this does not wait.
                    let Some(mut batch) = socket.read().await? else { return Ok(()) };
                    while let Some(event) = batch.next() {
                        self.receive(event, &mut batch);
                    }
                }
            }
        }
    }

    fn receive(&self, event: Event<'_>, batch: &mut Batch<'_>) {
        let id = self.id;
        match event {
            Event::Text(text) => self.receive_text(&text, batch),
            Event::Binary(data) => match str::from_utf8(&data) {
                Ok(text) => self.receive_text(text, batch),
                Err(_) => {
                    let content = Content::Binary(data.len());
                    (self.journal)(&Notice::Message { id, content });
                    // It fails only when the connection is closing, and then nobody waits for it.
                    let _ = batch.send(data);
                }
            },
            Event::Close(close) => (self.journal)(&Notice::Close { id, close: &close }),
            _ => {}
        }
    }

    fn receive_text(&self, text: &str, batch: &mut Batch<'_>) {
        (self.journal)(&Notice::Message { id: self.id, content: Content::Text(text) });
        let reply = match Request::parse(text) {
            Request::Broadcast { message } => {
                let message = Message::text(protocol::broadcast(self.id, message));
                return self.hub.broadcast(self.id, &message);
            }
            Request::Json(json) => protocol::echo_json(json),
            Request::Text(text) => protocol::echo_text(text),
        };
        // It fails only when the connection is closing, and then nobody waits for it.
        let _ = batch.send(reply);
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
    input: Option<Result<Input, Error>>,
}

enum Input {
    Arrived,
    Ended,
}

/// Waits until something can be done.
///
/// Reading stays polled all the time, for that is what keeps the connection's deadlines; it takes
/// no input while the client does not take its output, so that a client which only sends is held
/// up, not given up. Output and input get their turns together: neither can starve the other.
async fn turn(socket: &mut WebSocket<TcpStream>, outbox: &Outbox) -> Turn {
    poll_fn(|cx| {
        let output = socket.closed().is_none()
            && match outbox.poll_waiting(cx) {
                Poll::Ready(Waiting::Message) => pin!(socket.ready()).poll(cx).is_ready(),
                Poll::Ready(Waiting::End) => true,
                Poll::Pending => false,
            };
        let input = match pin!(socket.read()).poll(cx) {
            Poll::Ready(Ok(Some(_untouched))) => Some(Ok(Input::Arrived)),
            Poll::Ready(Ok(None)) => Some(Ok(Input::Ended)),
            Poll::Ready(Err(error)) => Some(Err(error)),
            Poll::Pending if !output => return Poll::Pending,
            Poll::Pending => None,
        };
        Poll::Ready(Turn { output, input })
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
