//! The task that talks to the broker.

mod incoming;
mod outgoing;

use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, Request, RequestErrorKind, Subscriber};
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use self::outgoing::next;
use super::envelope::{Draft, HEADER, Kind, NodeId};
use super::gaps::Gaps;
use super::inbox::{ChannelId, Inbox};
use super::members::{List, MAX_MEMBERS};
use super::pulse::Pulse;
use super::report::{self, count32};
use super::servers::Servers;
use super::subjects::Subjects;
use super::{Outgoing, Settings, Shared, SubscriptionChange, lock};
use crate::broadcast::Broadcasts;
use crate::journal::Journal;
use crate::notice::{EngineFailure, Notice};
use crate::room::RoomName;

/// The time within which the broker must answer, or accept what is sent to it.
const BROKER_TIMEOUT: Duration = Duration::from_secs(5);

/// The time between two pings to the broker; the connection ends when two are not answered.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// The longest pause between two attempts to connect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(2);

/// The time for which the end of the server waits for the broker.
const FAREWELL: Duration = Duration::from_secs(1);

/// The messages that the client library may hold: to the broker, and of each subscription.
const CLIENT_CAPACITY: usize = 128;
const SUBSCRIPTION_CAPACITY: usize = 16 * 1024;

/// The bytes of a client's text besides the message that it broadcasts, at least.
const AROUND_MESSAGE: usize = r#"{"type":"broadcast","message":}"#.len();

/// The broker's end, before it runs.
pub(crate) struct Link {
    settings: Settings,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Outgoing>,
    node: NodeId,
}

/// A running link.
#[derive(Debug)]
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Link {
    pub(super) fn new(
        settings: Settings,
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Outgoing>,
    ) -> Result<Self, SysError> {
        let node = NodeId::new(SysRng.try_next_u64()?);
        Ok(Self { settings, shared, queue, node })
    }

    /// Connects to the broker, for clients whose texts have up to `max_message` bytes.
    pub(crate) fn start(
        self,
        broadcasts: Arc<Broadcasts>,
        max_message: usize,
        journal: Journal,
    ) -> Running {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            match Session::open(self, broadcasts, max_message, journal).await {
                Ok(session) => session.run(stopped).await,
                Err(error) => tracing::error!("[ws] engine: {error}"),
            }
        });
        Running { stop, task }
    }
}

impl Running {
    /// Notifies the other nodes of the end.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // If the broker does not accept it, the nodes notice the end by themselves.
        let _ = timeout(FAREWELL, self.task).await;
    }
}

struct Session {
    broadcasts: Arc<Broadcasts>,
    journal: Journal,
    shared: Arc<Shared>,
    node: NodeId,
    servers: Servers,
    subjects: Subjects,
    /// The size of the largest text of a client.
    max_message: usize,
    client: Client,
    events: mpsc::UnboundedReceiver<Event>,
    state: State,
    /// The broker's answer, which follows all subscriptions that were made before the request.
    barrier: Option<Barrier>,
    /// The rooms that are ready after it.
    awaiting: Vec<(RoomName, u64)>,
    inbox: Inbox<Source, Subscriber>,
    all: Option<Subject>,
    nodes: Option<Subject>,
    rooms: HashMap<RoomName, Subject>,
    /// Nodes that have stopped reporting, and since when.
    silent: VecDeque<(NodeId, Instant)>,
    queue: mpsc::Receiver<Outgoing>,
    /// The node's own reports, which are sent before messages of clients.
    own: VecDeque<(Kind, Draft)>,
    sequence: u64,
    pulse: Pulse,
    was_malformed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was logged yet.
    Starting,
    Away,
    /// It is connected, which was not logged yet.
    Back,
    Up,
}

type Barrier = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// The subject of a message.
#[derive(Clone, Debug)]
enum Source {
    All,
    Nodes,
    Room(RoomName),
}

/// A subscribed subject.
struct Subject {
    channel: ChannelId,
    /// The number of messages published to it.
    index: u64,
    gaps: Gaps,
}

impl Session {
    async fn open(
        link: Link,
        broadcasts: Arc<Broadcasts>,
        max_message: usize,
        journal: Journal,
    ) -> Result<Self, String> {
        let Link { settings: Settings { servers, prefix }, shared, queue, node } = link;
        let (sender, events) = mpsc::unbounded_channel();
        let client = ConnectOptions::new()
            .name(format!("ws-demo {node}"))
            .retry_on_initial_connect()
            .no_echo()
            .client_capacity(CLIENT_CAPACITY)
            .subscription_capacity(SUBSCRIPTION_CAPACITY)
            .ping_interval(PING_INTERVAL)
            .connection_timeout(BROKER_TIMEOUT)
            .reconnect_delay_callback(reconnect_delay)
            .event_callback(move |event| {
                // It fails only when the link has ended.
                let _ = sender.send(event);
                async {}
            })
            .connect(servers.addresses())
            .await
            .map_err(|error| error.to_string())?;
        Ok(Self {
            broadcasts,
            journal,
            shared,
            node,
            servers,
            subjects: Subjects::new(prefix),
            max_message,
            client,
            events,
            state: State::Starting,
            barrier: None,
            awaiting: Vec::new(),
            inbox: Inbox::new(),
            all: None,
            nodes: None,
            rooms: HashMap::new(),
            silent: VecDeque::new(),
            queue,
            own: VecDeque::new(),
            sequence: 0,
            pulse: Pulse::new(Instant::now()),
            was_malformed: false,
        })
    }

    async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        loop {
            let now = Instant::now();
            self.expire(now);
            let is_up = self.state == State::Up;
            if is_up && self.own.is_empty() && self.pulse.next_report() <= now {
                self.report(now);
            }
            let is_connected = matches!(self.state, State::Back | State::Up);
            let expiry = lock(&self.shared.nodes).next_expiry();
            let timer = expiry.into_iter().chain(is_up.then(|| self.pulse.next_report())).min();
            tokio::select! {
                _ = &mut stop => break,
                Some(event) = self.events.recv() => self.handle(event).await,
                answer = answered(&mut self.barrier) => self.pass(answer).await,
                () = self.shared.requested.notified(), if is_connected && self.barrier.is_none() => {
                    self.apply_changes().await;
                }
                () = self.shared.changed.notified() => self.pulse.change(),
                batch = self.inbox.take() => self.receive(batch).await,
                next = next(is_up, &mut self.client, &mut self.own, &mut self.queue) => {
                    self.publish(next);
                }
                () = sleep_until(timer.unwrap_or(now)), if timer.is_some() => {}
            }
        }
        self.announce_end().await;
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Connected => self.connect().await,
            Event::Disconnected | Event::Closed => self.go_down("the connection is lost"),
            Event::ClientError(error) if self.state == State::Starting => {
                self.go_down(&error.to_string());
            }
            Event::ServerError(error) => self.fail(EngineFailure::Broker, &error),
            event => tracing::debug!("[ws] engine: {event}"),
        }
    }

    /// The broker is connected. The client library has renewed former subscriptions.
    async fn connect(&mut self) {
        self.state = State::Back;
        if self.all.is_none() {
            self.all = self.subscribe(Source::All, self.subjects.all()).await;
        }
        if self.nodes.is_none() {
            self.nodes = self.subscribe(Source::Nodes, self.subjects.node()).await;
        }
        if self.all.is_none() || self.nodes.is_none() {
            return self.give_up("it accepts no subscription").await;
        }
        self.apply_changes().await;
        self.ask();
    }

    async fn subscribe(&mut self, source: Source, subject: String) -> Option<Subject> {
        let subscriber =
            timeout(BROKER_TIMEOUT, self.client.subscribe(subject)).await.ok()?.ok()?;
        let channel = self.inbox.open(source, subscriber);
        Some(Subject { channel, index: 0, gaps: Gaps::default() })
    }

    async fn apply_changes(&mut self) {
        let mut pending = self.shared.take_pending().into_iter();
        while let Some((room, change)) = pending.next() {
            let SubscriptionChange::Open(opening) = change else {
                if let Some(subject) = self.rooms.remove(&room) {
                    self.inbox.close(subject.channel);
                }
                continue;
            };
            if !self.rooms.contains_key(&room) {
                let subject = self.subjects.room(&room);
                let Some(subject) = self.subscribe(Source::Room(room.clone()), subject).await
                else {
                    self.shared.put_back(room, change);
                    pending.for_each(|(room, change)| self.shared.put_back(room, change));
                    return self.give_up("it accepts no subscription").await;
                };
                self.rooms.insert(room.clone(), subject);
            }
            self.awaiting.push((room, opening));
        }
        if !self.awaiting.is_empty() {
            self.ask();
        }
    }

    /// Sends a request to a subject without responders. The broker's answer follows everything that was
    /// sent to it before: a flush alone only shows that it was sent.
    fn ask(&mut self) {
        let (client, subject) = (self.client.clone(), self.subjects.no_responders());
        self.barrier = Some(Box::pin(async move {
            let request = Request::new().timeout(None);
            // The time counts from now, not from when the client library takes the request.
            match timeout(BROKER_TIMEOUT, client.send_request(subject, request)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_elapsed) => Err(format!("no answer for {} s", BROKER_TIMEOUT.as_secs())),
            }
        }));
    }

    /// The broker has answered, or failed to.
    async fn pass(&mut self, answer: Result<(), String>) {
        self.barrier = None;
        if let Err(error) = answer {
            return self.give_up(&error).await;
        }
        if self.state == State::Back {
            self.go_up();
        }
        for (room, opening) in self.awaiting.drain(..) {
            if let Some(subject) = self.rooms.get_mut(&room) {
                // Messages sent before do not count as missing.
                subject.gaps = Gaps::default();
            }
            self.broadcasts.hub().room_ready(&room, opening);
        }
    }

    fn fail(&self, failure: EngineFailure, error: &dyn std::fmt::Display) {
        self.journal.log(&Notice::EngineFailed { failure, error });
    }

    fn go_up(&mut self) {
        let max_payload = self.client.max_payload();
        let max_message = max_payload.saturating_sub(HEADER);
        self.shared.go_up(max_message);
        self.state = State::Up;
        self.pulse = Pulse::new(Instant::now());
        let Self { servers, .. } = self;
        tracing::info!("[ws] engine: connected to {servers}");
        if self.max_message.saturating_sub(AROUND_MESSAGE) > max_message {
            tracing::warn!(
                "[ws] engine: {servers} accepts up to {max_payload} bytes: broadcasts over \
                 {max_message} bytes are refused (too_large); raise its max_payload, or lower \
                 --max-message"
            );
        }
    }

    /// The broker cannot be reached; clients do not wait for it.
    fn go_down(&mut self, why: &str) {
        if matches!(self.state, State::Starting | State::Up) {
            let Self { servers, .. } = self;
            tracing::warn!(
                "[ws] engine: {servers} cannot be reached ({why}): clients of this node reach each \
                 other, but no other nodes until it is back"
            );
        }
        self.state = State::Away;
        self.barrier = None;
        self.own.clear();
        let opened = self.shared.go_down();
        for (room, opening) in self.awaiting.drain(..).chain(opened) {
            self.broadcasts.hub().room_ready(&room, opening);
        }
    }

    /// The broker is connected but does not respond: connects again.
    async fn give_up(&mut self, why: &str) {
        self.go_down(why);
        let _ = timeout(BROKER_TIMEOUT, self.client.force_reconnect()).await;
    }

    fn report(&mut self, now: Instant) {
        let mut rooms = Vec::new();
        self.broadcasts.hub().visit_rooms(|name, members| {
            let sent = self.rooms.get(name).map_or(0, |subject| subject.index);
            rooms.push(report::Room { name: name.clone(), members: count32(members), sent });
        });
        let sent = self.all.as_ref().map_or(0, |subject| subject.index);
        let parts = report::parts(self.broadcasts.hub().len(), sent, &rooms);
        self.own.extend(parts.into_iter().map(|part| (Kind::Presence, part)));
        // In order, so that the same rooms are listed as before if not all fit.
        rooms.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let mut list = List::new();
        for report::Room { name, members, .. } in &rooms {
            // Those of a large room are not even looked at.
            if *members as usize <= MAX_MEMBERS {
                let members = self.broadcasts.hub().members(name);
                let members = members.iter().map(|(client, identity)| (*client, identity.user()));
                list.add(name, members.collect::<Vec<_>>().into_iter());
            }
        }
        self.own.extend(list.finish().into_iter().map(|part| (Kind::Members, part)));
        self.pulse.beat(now, self.own.len());
        if self.barrier.is_none() {
            // Detects a broker that is connected but does not respond.
            self.ask();
        }
    }
}

/// The answer, if one is pending.
async fn answered(barrier: &mut Option<Barrier>) -> Result<(), String> {
    match barrier {
        Some(barrier) => barrier.await,
        None => pending().await,
    }
}

fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let delay = Duration::from_millis(50).saturating_mul(2_u32.saturating_pow(doublings));
    // Nodes must not reconnect all at once.
    let jitter = rand::random_range(0.5..=1.0);
    if attempts <= 1 { Duration::ZERO } else { delay.min(MAX_RECONNECT_DELAY).mul_f64(jitter) }
}
