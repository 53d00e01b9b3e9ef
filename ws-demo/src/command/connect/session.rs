//! The session: lines are sent, messages are received.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use ws_cli::describe_connect_error;
use ws_tokio::client::Uri;
use ws_tokio::{
    Bytes, ClientStream, CloseCode, Closed, Error, Message, ReadHalf, Reconnect, Verdict,
    WebSocket, WriteHalf,
};

use super::ending::Ending;
use super::entry::Entry;
use super::input::{Input, Lines};
use super::screen::Screen;

/// The access of this client has ended: `ws-demo` lets it connect again.
const ENDED: CloseCode = CloseCode::new(4503);

/// The options of a session.
pub(super) struct Session {
    /// Whether lines are typed on a terminal.
    pub(super) interactive: bool,
    /// Whether lines can be commands.
    pub(super) commands: bool,
    /// Whether lines are sent as binary messages.
    pub(super) binary: bool,
    /// The time without a message after which the connection is closed, at the end of the input.
    pub(super) wait: Duration,
    /// The number of messages to wait for.
    pub(super) expect: u64,
}

/// The state that both directions share.
struct Shared<'s> {
    screen: RefCell<&'s mut Screen>,
    /// Pings without a pong.
    pings: RefCell<VecDeque<(Bytes, Instant)>>,
    received: Cell<u64>,
    latest: Cell<Instant>,
    arrival: Notify,
    /// Whether a line could not be sent.
    faulty: Cell<bool>,
    /// Whether the user has stopped the program.
    stopped: Cell<bool>,
    /// Whether nothing reads standard output any more, as behind `head -1`: the connection is closed.
    unheard: Cell<bool>,
    unheard_now: Notify,
}

/// How to connect again, and to what.
pub(super) type Again = (Reconnect, Uri);

impl Session {
    /// Runs until the connection has ended, and is not opened again.
    pub(super) async fn run(
        self,
        (mut socket, mut again): (WebSocket<ClientStream>, Option<Again>),
        mut lines: Lines,
        authentication: Option<String>,
        screen: &mut Screen,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Ending {
        let shared = Shared {
            screen: RefCell::new(screen),
            pings: RefCell::default(),
            received: Cell::new(0),
            latest: Cell::new(Instant::now()),
            arrival: Notify::new(),
            faulty: Cell::new(false),
            stopped: Cell::new(false),
            unheard: Cell::new(false),
            unheard_now: Notify::new(),
        };
        loop {
            let (ending, verdict) =
                self.talk(socket, &mut lines, &authentication, stop.as_mut(), &shared).await;
            let Some((reconnect, url)) = &mut again else { return ending };
            if verdict.is_final() || shared.stopped.get() || shared.unheard.get() {
                return ending;
            }
            shared.show(|screen| screen.failed(&format_args!("{ending}; connecting again")));
            let opened = tokio::select! {
                opened = reconnect.connect() => opened,
                () = stop.as_mut() => return ending,
            };
            let response;
            (socket, response) = match opened {
                Ok(opened) => opened,
                Err(error) => return Ending::Broken(describe_connect_error(&error)),
            };
            shared.pings.borrow_mut().clear();
            shared.show(|screen| screen.opened(url, &response, false));
        }
    }

    /// Runs until the connection has ended.
    async fn talk(
        &self,
        socket: WebSocket<ClientStream>,
        lines: &mut Lines,
        authentication: &Option<String>,
        stop: Pin<&mut impl Future<Output = ()>>,
        shared: &Shared<'_>,
    ) -> (Ending, Verdict) {
        let (mut reader, writer) = socket.split();
        // They must not wait for each other: a server whose messages are not read may stop to read.
        let ended = {
            let mut writing = pin!(self.write(writer, lines, authentication, stop, shared));
            let mut reading = pin!(read(&mut reader, shared));
            tokio::select! {
                ended = &mut reading => ended,
                // The reader meets the same error.
                () = &mut writing => reading.await,
            }
        };
        let closed = reader.closed();
        let error = match &ended {
            Err(Failure::Connection(error)) => Some(error),
            _ => None,
        };
        let verdict = ws_tokio::Failure::Ended { closed: closed.as_ref(), error }.verdict();
        let verdict = match &closed {
            // An access that has ended may be renewed.
            Some(closed) if closed.code() == ENDED => Verdict::TRANSIENT,
            _ => verdict,
        };
        let ending = match (ended, closed) {
            (Err(Failure::Output(error)), _) => Ending::Broken(format!("standard output: {error}")),
            (Err(Failure::Connection(error)), closed) => match closed {
                // The server's Close frame says more than an error of the stream behind it.
                Some(closed) if closed.received.is_some() => Ending::Closed(closed),
                _ => Ending::Broken(error.to_string()),
            },
            (Ok(()), Some(closed)) => self.judge(closed, shared),
            (Ok(()), None) => Ending::Broken("the stream ended".to_owned()),
        };
        (ending, verdict)
    }

    fn judge(&self, closed: Closed, shared: &Shared<'_>) -> Ending {
        let (received, faulty) = (shared.received.get(), shared.faulty.get());
        if closed.received.is_none() {
            return Ending::Broken("the server did not answer the Close frame".to_owned());
        }
        match self.expect {
            _ if faulty && !self.interactive => Ending::Faulty(closed),
            _ if shared.unheard.get() => Ending::Closed(closed),
            expected if received < expected => Ending::Missing { expected, received, closed },
            _ => Ending::Closed(closed),
        }
    }

    async fn write(
        &self,
        mut writer: WriteHalf<ClientStream>,
        lines: &mut Lines,
        authentication: &Option<String>,
        stop: Pin<&mut impl Future<Output = ()>>,
        shared: &Shared<'_>,
    ) {
        let sent = async {
            if let Some(message) = authentication {
                writer.send(message.as_str()).await?;
            }
            self.speak(&mut writer, lines, shared).await
        };
        let sent = tokio::select! {
            sent = sent => sent,
            () = stop => {
                shared.stopped.set(true);
                Ok(())
            }
            () = shared.unheard_now.notified() => Ok(()),
        };
        // The reader meets an error of the stream, too.
        if sent.is_ok() {
            let _ = writer.close(CloseCode::NORMAL).await;
        }
    }

    /// Sends the input; at its end the connection is to be closed.
    async fn speak(
        &self,
        writer: &mut WriteHalf<ClientStream>,
        lines: &mut Lines,
        shared: &Shared<'_>,
    ) -> Result<(), Error> {
        while let Some(input) = lines.recv().await {
            let line = match input {
                Input::Line(line) => line,
                Input::Data(data) => {
                    writer.send(data).await?;
                    shared.latest.set(Instant::now());
                    continue;
                }
                Input::Invalid(error) => {
                    shared.fault(&error);
                    continue;
                }
                Input::Failed(error) => {
                    shared.fault(&error);
                    return Ok(());
                }
            };
            if line.is_empty() && self.interactive {
                continue;
            }
            let entry = match self.commands {
                true => Entry::parse(&line),
                false => Ok(Entry::Text(&line)),
            };
            match entry {
                Ok(Entry::Text(text)) if self.binary => {
                    writer.send(Bytes::copy_from_slice(text.as_bytes())).await?;
                }
                Ok(Entry::Text(text)) => writer.send(text).await?,
                Ok(Entry::Binary(data)) => writer.send(data).await?,
                Ok(Entry::File(path)) => match tokio::fs::read(&path).await {
                    Ok(data) => writer.send(data).await?,
                    Err(error) => shared.fault(&format!("{}: {error}", path.display())),
                },
                Ok(Entry::Ping(payload)) => {
                    let payload = Bytes::copy_from_slice(payload.unwrap_or_default().as_bytes());
                    shared.pings.borrow_mut().push_back((payload.clone(), Instant::now()));
                    writer.send(Message::Ping(payload)).await?;
                }
                Ok(Entry::Close(close)) => return writer.close(close).await,
                Ok(Entry::Help) => shared.show(Screen::help),
                Err(error) => shared.fault(&error),
            }
            shared.latest.set(Instant::now());
        }
        if !self.interactive {
            self.linger(shared).await;
        }
        Ok(())
    }

    /// Waits until the expected messages have arrived, or no more arrive.
    async fn linger(&self, shared: &Shared<'_>) {
        shared.latest.set(Instant::now());
        loop {
            if self.expect > 0 && shared.received.get() >= self.expect {
                return;
            }
            tokio::select! {
                () = shared.arrival.notified() => {}
                () = sleep_until(shared.latest.get() + self.wait) => return,
            }
        }
    }
}

/// Why the session ended early.
enum Failure {
    Connection(Error),
    Output(io::Error),
}

async fn read(reader: &mut ReadHalf<ClientStream>, shared: &Shared<'_>) -> Result<(), Failure> {
    while let Some(message) = reader.recv().await.map_err(Failure::Connection)? {
        match shared.received(&message) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                shared.unheard.set(true);
                shared.unheard_now.notify_one();
            }
            shown => shown.map_err(Failure::Output)?,
        }
        // Other tasks run while the server sends many messages.
        tokio::task::consume_budget().await;
    }
    Ok(())
}

impl Shared<'_> {
    fn received(&self, message: &Message) -> io::Result<()> {
        if self.unheard.get() {
            return Ok(());
        }
        let mut screen = self.screen.borrow_mut();
        match message {
            Message::Pong(payload) => {
                let took = self.answered(payload);
                screen.pong(took)?;
            }
            message => screen.message(message)?,
        }
        if message.is_data() {
            self.received.set(self.received.get() + 1);
        }
        if message.is_data() || matches!(message, Message::Pong(_)) {
            self.latest.set(Instant::now());
            self.arrival.notify_one();
        }
        Ok(())
    }

    /// Returns the time since the ping with this payload; earlier ones need no pong (RFC 6455 §5.5.3).
    fn answered(&self, payload: &Bytes) -> Option<Duration> {
        let mut pings = self.pings.borrow_mut();
        let at = pings.iter().position(|(sent, _)| sent == payload)?;
        let (_, sent) = pings.drain(..=at).next_back()?;
        Some(sent.elapsed())
    }

    fn fault(&self, error: &str) {
        self.faulty.set(true);
        self.show(|screen| screen.failed(&error));
    }

    /// A failed output is noticed by the next message.
    fn show(&self, show: impl FnOnce(&mut Screen) -> io::Result<()>) {
        let _ = show(&mut self.screen.borrow_mut());
    }
}
