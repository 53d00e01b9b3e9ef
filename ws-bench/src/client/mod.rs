//! A client that stays connected: it sends messages, and accounts for those that arrive.

pub(crate) mod churn;
mod delivery_check;
mod ledger;
mod open;

use std::future::pending;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use ws_tokio::{Batch, ClientStream, CloseCode, Error, Event, Message, TrySendError, WebSocket};

use crate::options::Mode;
use crate::recorder::record;
use crate::shard::Shard;
use crate::shared::Stage;
use crate::stamp::{Envelope, Stamp};
use delivery_check::DeliveryCheck;
use open::open;
use ws_cli::describe_close_code;

/// The time until the next try when the output is full.
const PAUSE: Duration = Duration::from_millis(1);

/// Runs a client from connecting to closing.
pub(crate) async fn run(shard: Rc<Shard>, number: u32, mut stage: watch::Receiver<Stage>) {
    let due_times = shard.due_times(number);
    let opening = async {
        let _permit = shard.permit_to_open(number).await;
        open(&shard, number).await
    };
    let opened = tokio::select! {
        opened = opening => opened,
        _ = stage.wait_for(|stage| *stage == Stage::Stopping) => return,
    };
    let socket = match opened {
        Ok(socket) => socket,
        Err(error) => return shard.failed(error.to_string(), error.system_limit()),
    };
    shard.live().opened.fetch_add(1, Ordering::Relaxed);
    let plan = &shard.shared.plan;
    let mut client = Client {
        shard: &shard,
        number,
        check: DeliveryCheck::new(plan, number),
        envelope: plan.envelope(number).filter(|_| number < plan.senders),
        follows: plan.mode == Mode::Echo && plan.rate.is_none(),
        sequence: 0,
        message: Vec::new(),
    };
    client.converse(socket, due_times, &mut stage).await;
    let lost = client.check.lost(&shard);
    shard.tally.borrow_mut().faults.lost += lost;
}

struct Client<'s> {
    shard: &'s Shard,
    number: u32,
    check: DeliveryCheck,
    /// `None` if this client does not send.
    envelope: Option<Envelope>,
    /// Whether each reply triggers the next message.
    follows: bool,
    /// The number of the next message.
    sequence: u32,
    /// The buffer for messages that are sent by reference.
    message: Vec<u8>,
}

/// An event that a client waits for.
enum Next {
    Ended(Option<Error>),
    Due(Option<u64>),
    Again,
    Stage,
}

impl Client<'_> {
    async fn converse(
        &mut self,
        mut socket: WebSocket<ClientStream>,
        mut due_times: Option<UnboundedReceiver<u64>>,
        stage: &mut watch::Receiver<Stage>,
    ) {
        let mut running = false;
        // The due time of a message that found the output full.
        let mut delayed = None;
        loop {
            let next = tokio::select! {
                biased;
                batch = socket.read() => match batch {
                    Ok(Some(batch)) => {
                        self.take(batch);
                        continue;
                    }
                    Ok(None) => Next::Ended(None),
                    Err(error) => Next::Ended(Some(error)),
                },
                due = next_due(&mut due_times), if running && delayed.is_none() => Next::Due(due),
                () = sleep(PAUSE), if delayed.is_some() => Next::Again,
                _ = stage.changed() => Next::Stage,
            };
            match next {
                Next::Ended(error) => return self.shard.lost(ended(&socket, error.as_ref())),
                Next::Due(Some(due)) => delayed = self.send(&mut socket, due),
                Next::Due(None) => due_times = None,
                Next::Again => {
                    if let Some(due) = delayed.take() {
                        delayed = self.send(&mut socket, due);
                    }
                }
                Next::Stage => match *stage.borrow_and_update() {
                    Stage::Running => {
                        running = self.shard.begin().is_some();
                        self.prime(&mut socket);
                    }
                    Stage::Stopping => break,
                    Stage::Opening | Stage::Draining => {}
                },
            }
        }
        // The result of the closing handshake is not measured.
        let _ =
            timeout(self.shard.shared.timeout, socket.close_and_discard(CloseCode::NORMAL)).await;
    }

    /// Sends the first messages, if replies trigger the next ones.
    fn prime(&mut self, socket: &mut WebSocket<ClientStream>) {
        if self.follows {
            for _ in 0..self.shard.shared.plan.depth {
                let now = self.shard.shared.clock.now();
                // A full output ends the attempts: replies will trigger the rest.
                if self.send(socket, now).is_some() {
                    break;
                }
            }
        }
    }

    /// Accounts for the messages of a batch, and sends the next ones if replies trigger them.
    fn take(&mut self, mut batch: Batch<'_>) {
        let now = self.shard.shared.clock.now();
        let replies =
            self.follows && self.shard.shared.window.get().is_some_and(|window| now < window.end);
        while let Some(event) = batch.next() {
            let reply = match event {
                Event::Text(text) => self.check.receive(self.shard, text.as_bytes(), now),
                Event::Binary(data) => self.check.receive(self.shard, &data, now),
                Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                    unreachable!("whole messages are delivered by default")
                }
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => false,
            };
            if reply && replies {
                self.reply(&mut batch, now);
            }
        }
    }

    fn reply(&mut self, batch: &mut Batch<'_>, now: u64) {
        let stamp = self.stamp(now);
        let Some(envelope) = &self.envelope else { return };
        envelope.seal_into(stamp, &mut self.message);
        let sent = match (envelope.is_binary(), str::from_utf8(&self.message)) {
            (false, Ok(text)) => batch.send(text),
            _ => batch.send(&self.message),
        };
        if sent.is_err() {
            // The next read returns the error.
            self.unsend();
        }
    }

    /// Sends the message of a due time; returns the time if the output is full.
    fn send(&mut self, socket: &mut WebSocket<ClientStream>, due: u64) -> Option<u64> {
        let stamp = self.stamp(due);
        let message = match &self.envelope {
            Some(envelope) => envelope.seal(stamp),
            None => Message::text(""),
        };
        match socket.try_send(message) {
            Ok(()) => {
                let shared = &self.shard.shared;
                let lag = shared.clock.now().saturating_sub(due);
                if shared.window.get().is_some_and(|window| window.measures(due)) {
                    record(&mut self.shard.tally.borrow_mut().lag, lag);
                }
                None
            }
            Err(TrySendError::Full(_)) => {
                self.unsend();
                Some(due)
            }
            Err(TrySendError::Send(_)) => {
                // The next read returns the error.
                self.unsend();
                None
            }
        }
    }

    /// Counts a message before it can arrive.
    fn stamp(&mut self, due: u64) -> Stamp {
        let stamp = Stamp { sender: self.number, sequence: self.sequence, due };
        self.sequence += 1;
        self.count(self.sequence);
        stamp
    }

    /// Takes back the count of a message that was not sent.
    fn unsend(&mut self) {
        self.sequence -= 1;
        self.count(self.sequence);
    }

    fn count(&self, sent: u32) {
        let shared = &self.shard.shared;
        let before = shared.sent[self.number as usize].swap(sent, Ordering::Release);
        let (live, receivers) = (self.shard.live(), shared.plan.receivers(self.number));
        if sent > before {
            live.sent.fetch_add(1, Ordering::Relaxed);
            live.expected.fetch_add(receivers, Ordering::Relaxed);
        } else {
            live.sent.fetch_sub(1, Ordering::Relaxed);
            live.expected.fetch_sub(receivers, Ordering::Relaxed);
        }
    }
}

async fn next_due(due_times: &mut Option<UnboundedReceiver<u64>>) -> Option<u64> {
    match due_times {
        Some(due_times) => due_times.recv().await,
        None => pending().await,
    }
}

/// Returns the reason why a connection ended.
fn ended(socket: &WebSocket<ClientStream>, error: Option<&Error>) -> String {
    let close = socket.closed().and_then(|closed| closed.received.as_ref());
    match (close, error) {
        (Some(close), _) => {
            format!("closed by the server: {} {}", close.code, describe_close_code(close.code))
        }
        (None, Some(error)) => error.to_string(),
        (None, None) => "the stream ended".to_owned(),
    }
}
