//! A client that stays connected: it sends what is due, and takes account of what comes.

pub(crate) mod churn;
mod ledger;
mod open;
mod role;

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
use crate::shared::Phase;
use crate::stamp::{Envelope, Stamp};
use open::open;
use role::Role;
use ws_cli::describe_close_code;

/// How soon to try again when the output is full.
const PAUSE: Duration = Duration::from_millis(1);

/// Runs one client from its connection to its goodbye.
pub(crate) async fn run(shard: Rc<Shard>, number: u32, mut phase: watch::Receiver<Phase>) {
    let told = shard.told(number);
    let opening = async {
        let _turn = shard.turn(number).await;
        open(&shard, number).await
    };
    let opened = tokio::select! {
        opened = opening => opened,
        _ = phase.wait_for(|phase| *phase == Phase::Stopping) => return,
    };
    let socket = match opened {
        Ok(socket) => socket,
        Err(error) => return shard.failed(error.to_string(), error.wall()),
    };
    shard.live().opened.fetch_add(1, Ordering::Relaxed);
    let plan = &shard.shared.plan;
    let mut client = Client {
        shard: &shard,
        number,
        role: Role::new(plan, number),
        envelope: plan.envelope(number).filter(|_| number < plan.senders),
        follows: plan.mode == Mode::Echo && plan.rate.is_none(),
        sequence: 0,
        message: Vec::new(),
    };
    client.converse(socket, told, &mut phase).await;
    let lost = client.role.lost(&shard);
    shard.tally.borrow_mut().faults.lost += lost;
}

struct Client<'s> {
    shard: &'s Shard,
    number: u32,
    role: Role,
    /// There if this client sends.
    envelope: Option<Envelope>,
    /// Whether it is replies that call for the next messages.
    follows: bool,
    /// The number of the next message.
    sequence: u32,
    /// Where messages that are lent are made.
    message: Vec<u8>,
}

/// What a client waits for.
enum Next {
    Ended(Option<Error>),
    Due(Option<u64>),
    Again,
    Phase,
}

impl Client<'_> {
    async fn converse(
        &mut self,
        mut socket: WebSocket<ClientStream>,
        mut told: Option<UnboundedReceiver<u64>>,
        phase: &mut watch::Receiver<Phase>,
    ) {
        let mut running = false;
        // What was due when the output was full.
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
                due = next_due(&mut told), if running && delayed.is_none() => Next::Due(due),
                () = sleep(PAUSE), if delayed.is_some() => Next::Again,
                _ = phase.changed() => Next::Phase,
            };
            match next {
                Next::Ended(error) => return self.shard.lost(ended(&socket, error.as_ref())),
                Next::Due(Some(due)) => delayed = self.send(&mut socket, due),
                Next::Due(None) => told = None,
                Next::Again => {
                    if let Some(due) = delayed.take() {
                        delayed = self.send(&mut socket, due);
                    }
                }
                Next::Phase => match *phase.borrow_and_update() {
                    Phase::Running => {
                        running = self.shard.begin().is_some();
                        self.prime(&mut socket);
                    }
                    Phase::Stopping => break,
                    Phase::Opening | Phase::Draining => {}
                },
            }
        }
        // Whoever does not answer is waited for no longer than this; it is not what is measured.
        let _ =
            timeout(self.shard.shared.timeout, socket.close_and_discard(CloseCode::NORMAL)).await;
    }

    /// Sends the first messages, where replies call for the next ones.
    fn prime(&mut self, socket: &mut WebSocket<ClientStream>) {
        if self.follows {
            for _ in 0..self.shard.shared.plan.depth {
                let now = self.shard.shared.clock.now();
                // What does not fit would only wait in front of the rest.
                if self.send(socket, now).is_some() {
                    break;
                }
            }
        }
    }

    /// Takes what came; where replies call for the next messages, sends those.
    fn take(&mut self, mut batch: Batch<'_>) {
        let now = self.shard.shared.clock.now();
        let goes_on =
            self.follows && self.shard.shared.window.get().is_some_and(|window| now < window.end);
        while let Some(event) = batch.next() {
            let reply = match event {
                Event::Text(text) => self.role.take(self.shard, text.as_bytes(), now),
                Event::Binary(data) => self.role.take(self.shard, &data, now),
                Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                    unreachable!("whole messages are delivered by default")
                }
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => false,
            };
            if reply && goes_on {
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
            // The next read tells why.
            self.unsend();
        }
    }

    /// Sends the message that was due then, or gives the time back if there is no room for it.
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
                // The next read tells why.
                self.unsend();
                None
            }
        }
    }

    /// Counts a message before anybody can get it.
    fn stamp(&mut self, due: u64) -> Stamp {
        let stamp = Stamp { sender: self.number, sequence: self.sequence, due };
        self.sequence += 1;
        self.count(self.sequence);
        stamp
    }

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

async fn next_due(told: &mut Option<UnboundedReceiver<u64>>) -> Option<u64> {
    match told {
        Some(told) => told.recv().await,
        None => pending().await,
    }
}

/// How a connection ended, in words.
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
