//! What all connections share.

use std::fmt;
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use tokio::time::Instant;
use ws_tokio::{Close, Config, Limits};

use crate::admission::{Admission, Allowed};
use crate::api_access::ApiAccess;
use crate::broadcast::{Broadcasts, Hub, Member};
use crate::certificate::Http;
use crate::disconnect::END_OF_GRANT;
use crate::engine::Engine;
use crate::id::{ClientAndUser, ClientId, ClientIds};
use crate::identity::{Authenticator, Grant, Identity, Refusal};
use crate::journal::Journal;
use crate::metrics::{Format, Metrics, Now};
use crate::notice::Notice;
use crate::origin::Origins;
use crate::page;
use crate::rate::Rate;
use crate::refused::Refused;
use crate::room::RoomName;
use crate::room_list::{Common, Page, PageRequest};
use ws_hub as hub;

/// The size of the largest message before authentication, in bytes.
const MAX_UNAUTHENTICATED: usize = 4 * 1024;

/// The number of different ping intervals, so that clients which connected together are not pinged
/// together for ever.
const VARIANTS: u32 = 16;

/// The settings of the service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The limits and deadlines of each connection.
    pub(crate) config: Config,
    pub(crate) http: Http,
    pub(crate) hub: hub::HubConfig,
    pub(crate) allowed: Allowed,
    /// The number of connections without a request.
    pub(crate) max_handshakes: usize,
    /// The rate of a client's messages, if there is a limit.
    pub(crate) message_rate: Option<Rate>,
    /// The time within which a client must authenticate.
    pub(crate) auth_timeout: Duration,
    pub(crate) origins: Origins,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether the server is ready only while other nodes can be reached.
    pub(crate) engine_required: bool,
    /// The time within which all clients must leave in a shutdown.
    pub(crate) shutdown_timeout: Duration,
    /// The time over which their Close frames are spread.
    pub(crate) drain_window: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const MAX_MESSAGE: usize = 1024 * 1024;
        let incoming = Limits {
            max_message_size: MAX_MESSAGE,
            max_frame_size: MAX_MESSAGE,
            ..Limits::incoming()
        };
        Self {
            config: Config {
                incoming,
                ping_interval: Some(Duration::from_secs(25)),
                ping_payload: b"ping",
                ..Config::default()
            },
            http: Http::One,
            hub: hub::HubConfig {
                bounds: hub::OutboxLimits {
                    capacity: 4 * (MAX_MESSAGE + 1024),
                    ..hub::OutboxLimits::default()
                },
                ..hub::HubConfig::default()
            },
            allowed: Allowed { connections: usize::MAX, per_address: None, rate: None },
            max_handshakes: 4096,
            message_rate: Rate::new(1000, 2000),
            auth_timeout: Duration::from_secs(5),
            origins: Origins::SameHost,
            trusted_proxies: Vec::new(),
            engine_required: false,
            shutdown_timeout: Duration::from_secs(30),
            drain_window: Duration::from_secs(1),
        }
    }
}

/// The clients, and what is decided about them.
pub(crate) struct Service {
    pub(crate) settings: Settings,
    pub(crate) broadcasts: Arc<Broadcasts>,
    pub(crate) engine: Engine,
    metrics: Arc<Metrics>,
    pub(crate) admission: Arc<Admission>,
    /// `None`: no authentication.
    pub(crate) authenticator: Option<Authenticator>,
    pub(crate) api: ApiAccess,
    pub(crate) journal: Journal,
    ids: ClientIds,
    common_rooms: Common,
    /// For clients, by variant.
    configs: Vec<Arc<Config>>,
    /// The same before authentication.
    unauthenticated: Vec<Arc<Config>>,
    next: AtomicUsize,
}

impl Service {
    pub(crate) fn new(
        settings: Settings,
        (authenticator, api): (Option<Authenticator>, ApiAccess),
        (broadcasts, engine): (Arc<Broadcasts>, Engine),
        metrics: Arc<Metrics>,
        ids: ClientIds,
        journal: Journal,
    ) -> Self {
        let configs: Vec<_> = (0..VARIANTS)
            .map(|variant| {
                let mut config = settings.config.clone();
                config.ping_interval = config.ping_interval.map(|interval| vary(interval, variant));
                Arc::new(config)
            })
            .collect();
        let restricted = |config: &Arc<Config>| {
            let size = MAX_UNAUTHENTICATED.min(config.incoming.max_message_size);
            let incoming =
                Limits { max_message_size: size, max_frame_size: size, max_fragments: 64 };
            Arc::new(Config { incoming, ..Config::clone(config) })
        };
        Self {
            unauthenticated: configs.iter().map(restricted).collect(),
            configs,
            admission: Arc::new(Admission::new(settings.allowed)),
            settings,
            broadcasts,
            engine,
            metrics,
            authenticator,
            api,
            journal,
            ids,
            common_rooms: Common::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// All clients of this node.
    pub(crate) fn hub(&self) -> &Hub {
        self.broadcasts.hub()
    }

    /// Adds a client under an unused id; it receives nothing before it is shown.
    pub(crate) fn enter(&self) -> Member {
        loop {
            if let Ok(member) = self.hub().enter_hidden(self.ids.next(), Identity::default()) {
                return member;
            }
        }
    }

    /// What a token grants; `None` without authentication, where any token is ignored.
    pub(crate) fn verify(&self, token: &[u8]) -> Option<Result<Grant, Refusal>> {
        let verified = self.authenticator.as_ref()?.verify(token, SystemTime::now());
        self.metrics.access.check_token(verified.as_ref().err().copied());
        Some(verified)
    }

    /// Reads tokens and keys again, and disconnects the clients of those that were removed.
    pub(crate) fn reload_authenticator(&self) {
        let Some(authenticator) = &self.authenticator else { return };
        authenticator.reload();
        let is_revoked = |_: &ClientId, identity: &Identity| {
            identity.grant().is_some_and(|grant| authenticator.is_revoked(&grant))
        };
        let close = Close::new(END_OF_GRANT, "the token was revoked");
        let closed = self.hub().disconnect_where(is_revoked, close);
        let closed = closed.expect("a code and a reason that can be sent");
        if closed > 0 {
            self.metrics.access.revoke(closed);
            tracing::info!("[ws] {closed} clients disconnected: their token or key was removed");
        }
    }

    /// Publishes a message of the backend, in JSON, to all clients of all nodes, or to those in a room,
    /// but not to `except`; returns what became of it on this node.
    pub(crate) fn publish(
        &self,
        room: Option<&RoomName>,
        except: Option<ClientId>,
        message: &str,
    ) -> hub::Published {
        let published = self.broadcasts.deliver_from_server(except, room, message);
        self.engine.publish_from_server(except, room, message);
        published
    }

    /// The number of clients of all nodes.
    pub(crate) fn clients(&self) -> usize {
        self.hub().len() + self.engine.clients_elsewhere()
    }

    /// The number of a room's members, and up to `limit` of them, each with its user; in no particular
    /// order.
    pub(crate) fn members(&self, room: &RoomName, limit: usize) -> (usize, Vec<ClientAndUser>) {
        let here = self.hub().members(room);
        let clients = here.len() + self.engine.members_elsewhere(room);
        let listed = here.iter().take(limit).map(|(client, identity)| (*client, identity.user()));
        let mut listed: Vec<_> = listed.collect();
        listed.extend(self.engine.members_listed(room, limit - listed.len()));
        (clients, listed)
    }

    /// A page of the rooms of all nodes.
    pub(crate) fn rooms(&self, request: &PageRequest) -> Page {
        let here = |start: Bound<&str>, count| {
            self.hub().list_rooms::<str>((start, Bound::Unbounded), count)
        };
        request.answer(here, |start, count| self.engine.rooms_elsewhere(start, count))
    }

    /// The number of rooms of all nodes. With several nodes it may be a second old.
    pub(crate) fn room_count(&self) -> usize {
        let (here, elsewhere) = (self.hub().room_count(), self.engine.room_count_elsewhere());
        self.common_rooms.union(here, elsewhere, Instant::now(), || {
            let mut common = 0;
            self.hub().visit_rooms(|room, _| {
                common += usize::from(self.engine.members_elsewhere(room) > 0);
            });
            common
        })
    }

    /// The configuration of the next connection, and the number of its variant.
    pub(crate) fn next_config(&self) -> (usize, Arc<Config>) {
        let configs = match &self.authenticator {
            Some(_) => &self.unauthenticated,
            None => &self.configs,
        };
        let variant = self.next.fetch_add(1, Ordering::Relaxed) % configs.len();
        (variant, Arc::clone(&configs[variant]))
    }

    /// The configuration after authentication.
    pub(crate) fn client_config(&self, variant: usize) -> Arc<Config> {
        Arc::clone(&self.configs[variant])
    }

    /// The reason why the server is not ready, if it is not.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.admission.is_draining() {
            return Some("draining");
        }
        let cut_off = self.settings.engine_required && !self.engine.status().up;
        cut_off.then_some("the engine is down")
    }

    /// Counts and logs a connection that does not become a client; `client` is the id that it would have
    /// had.
    pub(crate) fn refuse(
        &self,
        why: Refused,
        address: Option<IpAddr>,
        client: Option<ClientId>,
        error: Option<&dyn fmt::Display>,
    ) {
        self.metrics.refuse(why);
        self.journal.log(&Notice::Refused { why, address, client, error });
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn page(&self) -> String {
        page::html(self.settings.config.incoming.max_message_size)
    }

    pub(crate) fn render_metrics(&self, format: Format) -> String {
        self.metrics.render(&self.now(), format)
    }

    pub(crate) fn render_stats(&self) -> String {
        format!("{}\n", self.metrics.stats(&self.now()))
    }

    fn now(&self) -> Now {
        Now {
            clients: self.clients(),
            clients_here: self.hub().len(),
            connections: self.admission.open(),
            rooms_here: self.hub().room_count(),
            queued_bytes: self.hub().queued_bytes(),
            history_bytes: self.hub().history_bytes(),
            log_lines_lost: self.journal.lost(),
            engine: self.engine.status(),
        }
    }
}

/// From 10 % less to 10 % more.
fn vary(interval: Duration, variant: u32) -> Duration {
    interval * (9 * (VARIANTS - 1) + 2 * variant) / (10 * (VARIANTS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_differ_by_a_tenth() {
        let interval = Duration::from_secs(25);
        assert_eq!(vary(interval, 0), Duration::from_millis(22_500));
        assert_eq!(vary(interval, VARIANTS - 1), Duration::from_millis(27_500));
        let intervals: Vec<_> = (0..VARIANTS).map(|variant| vary(interval, variant)).collect();
        assert!(intervals.is_sorted_by(|one, next| one < next));
    }
}
