//! The server: accepts connections, and says goodbye to all when it is told to stop.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRng as _;
use rand::rngs::SysRng;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use ws_tokio::{Close, CloseCode};

use crate::admission::Admitted;
use crate::auth::{self, Tokens};
use crate::broadcast::{Broadcasts, Hub};
use crate::client;
use crate::endpoint::{Endpoint, Listen};
use crate::engine::Engine;
use crate::engine::nats::{self, Nats};
use crate::http::{self, Opened, Port};
use crate::id::{ClientId, ClientIds};
use crate::listener::{Arrival, Arrivals, Listener, Raw};
use crate::metrics::{Metrics, Refused};
use crate::notice::{Journal, Notice};
use crate::room::RoomName;
use crate::service::{Service, Settings};
use crate::stream::Stream;
use crate::tls::{self, Tls};
use ws_hub::Drain;

/// How finely closing is spread over the drain window.
const DRAIN_STEP: Duration = Duration::from_millis(10);

/// Where the server listens, and who it says it is.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) listen: Vec<Listen>,
    /// Where what is for operators is served; without it, where everything is.
    pub(crate) admin_listen: Option<Listen>,
    pub(crate) tls: Option<tls::Files>,
    pub(crate) tokens: Option<auth::Source>,
    /// How other nodes are reached, if there are any.
    pub(crate) nats: Option<nats::Settings>,
}

/// A server that listens.
pub(crate) struct Server {
    arrivals: Arrivals,
    endpoints: Vec<Endpoint>,
    shared: Arc<Shared>,
    /// What talks to other nodes.
    link: Option<nats::Running>,
}

/// What all connections share, before they are anybody's.
struct Shared {
    service: Arc<Service>,
    tls: Option<Tls>,
    /// Places for those who have not sent their request.
    handshakes: Arc<Semaphore>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    ///
    /// It cannot, or a file that it needs cannot be read.
    pub(crate) async fn bind(
        setup: Setup,
        settings: Settings,
        journal: Journal,
    ) -> Result<Self, Box<dyn Error>> {
        let tls = setup.tls.map(Tls::load).transpose()?;
        let tokens = setup.tokens.map(Tokens::load).transpose()?;
        let public = if setup.admin_listen.is_some() { Port::PublicOnly } else { Port::Public };
        let mut listeners = Vec::new();
        for listen in &setup.listen {
            listeners.push(Listener::bind(listen, public, tls.is_some()).await?);
        }
        let endpoints = listeners.iter().map(|listener| listener.endpoint().clone()).collect();
        if let Some(listen) = &setup.admin_listen {
            listeners.push(Listener::bind(listen, Port::Admin, false).await?);
        }
        for (index, listener) in listeners.iter().enumerate() {
            let on = listener.endpoint();
            match index < setup.listen.len() {
                true => journal(&Notice::Listening { on }),
                false => journal(&Notice::AdminListening { on }),
            }
        }

        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed)?;
        let (hub, engine, link) = match setup.nats {
            Some(nats) => {
                let (nats, link) = Nats::new(nats)?;
                let nats = Arc::new(nats);
                let hub = Hub::with_engine(settings.hub.clone(), Arc::clone(&nats));
                (hub, Engine::Nats(nats), Some(link))
            }
            None => (Hub::new(settings.hub.clone()), Engine::Memory, None),
        };
        let metrics = Arc::new(Metrics::new());
        let deflate = settings.config.deflate.clone();
        let broadcasts = Arc::new(Broadcasts::new(hub, deflate, Arc::clone(&metrics)));
        let max_message = settings.config.incoming.max_message_size;
        let link = link.map(|link| link.start(Arc::clone(&broadcasts), max_message));
        let handshakes = Arc::new(Semaphore::new(settings.max_handshakes));
        let ids = ClientIds::new(seed);
        let service =
            Arc::new(Service::new(settings, tokens, (broadcasts, engine), metrics, ids, journal));
        let shared = Arc::new(Shared { service, tls, handshakes });
        Ok(Self { arrivals: Arrivals::new(listeners), endpoints, shared, link })
    }

    /// The first address it listens on.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.endpoints.iter().find_map(|endpoint| match endpoint {
            Endpoint::Tcp { address, .. } => Some(*address),
            Endpoint::Unix(_) => None,
        })
    }

    /// Its clients.
    pub(crate) fn hub(&self) -> &Hub {
        self.shared.service.hub()
    }

    /// A call of this reads the files again that may change: certificates and tokens.
    pub(crate) fn reloader(&self) -> impl Fn() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.reload()
    }

    /// Serves until `stop` is ready, then until all clients are gone or have been cut.
    ///
    /// Who still comes in between is told that the server is shutting down, and so is whoever asks
    /// whether it is ready.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { mut arrivals, shared, link, .. } = self;
        let Service { settings, admission, journal, .. } = &*shared.service;
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                arrival = arrivals.next() => {
                    if let Some(place) = shared.place(arrival.port) {
                        connections.spawn(connection(arrival, place, Arc::clone(&shared)));
                    }
                }
                Some(ended) = connections.join_next() => {
                    how(ended);
                }
            }
        }

        admission.drain();
        let hub = shared.service.hub();
        let close = Close::new(CloseCode::GOING_AWAY, "server is shutting down");
        let clients = hub.drain(close).expect("a code and a reason that can be sent");
        journal(&Notice::Stopping { clients: hub.len() });
        let begin = Instant::now();
        let deadline = begin + settings.shutdown_timeout;
        // Who is told last must still have time to answer.
        let window = settings.drain_window.min(settings.shutdown_timeout / 2);
        let mut spread = pin!(close_over(clients, begin, window));
        let (mut told, mut goodbyes) = (false, Goodbyes::default());
        while !told || admission.open() > 0 {
            tokio::select! {
                () = &mut spread, if !told => told = true,
                arrival = arrivals.next() => {
                    if let Some(place) = shared.place(arrival.port) {
                        connections.spawn(connection(arrival, place, Arc::clone(&shared)));
                    }
                }
                Some(ended) = connections.join_next() => goodbyes.count(ended),
                () = sleep_until(deadline) => break,
            }
        }
        drop(arrivals);
        while let Some(ended) = connections.try_join_next() {
            goodbyes.count(ended);
        }
        let Goodbyes { clean, cut } = goodbyes;
        let cut = cut + admission.open();
        connections.shutdown().await;
        if let Some(link) = link {
            link.stop().await;
        }
        journal(&Notice::Bye { clean, cut });
    }
}

/// A place among those who have not sent their request; operators need none.
type Place = Option<OwnedSemaphorePermit>;

impl Shared {
    /// A place for somebody who has come to this port, unless there is none left.
    fn place(&self, port: Port) -> Option<Place> {
        if port == Port::Admin {
            return Some(None);
        }
        let place = Arc::clone(&self.handshakes).try_acquire_owned().ok();
        if place.is_none() {
            self.service.metrics().refuse(Refused::TooManyHandshakes);
        }
        place.map(Some)
    }

    fn reload(&self) {
        if let Some(tls) = &self.tls {
            match tls.reload() {
                Ok(()) => tracing::info!("[ws] the certificate was read again"),
                Err(error) => tracing::error!("[ws] the certificate stays as it is: {error}"),
            }
        }
        if let Some(tokens) = &self.service.tokens {
            match tokens.reload() {
                Ok(count) => tracing::info!("[ws] {count} tokens were read again"),
                Err(error) => tracing::error!("[ws] the tokens stay as they are: {error}"),
            }
        }
    }
}

/// Asks all to leave, one after the other, evenly over the window.
async fn close_over(mut clients: Drain<ClientId, RoomName>, begin: Instant, window: Duration) {
    let count = clients.len();
    while !clients.is_empty() {
        let passed = begin.elapsed();
        // In whole steps, so that thousands do not need a timer each.
        let due = match passed >= window {
            true => count,
            false => 1 + (count as f64 * passed.as_secs_f64() / window.as_secs_f64()) as usize,
        };
        let asked = count - clients.len();
        clients.close(due.saturating_sub(asked));
        if !clients.is_empty() {
            tokio::time::sleep(DRAIN_STEP).await;
        }
    }
}

/// A connection has ended. It counts until this is looked at.
struct Ended {
    how: How,
    _admitted: Option<Admitted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It never became a WebSocket.
    NoClient,
    /// Both sides said goodbye.
    Clean,
    Cut,
}

/// How connections ended while the server was stopping.
#[derive(Default)]
struct Goodbyes {
    clean: usize,
    cut: usize,
}

impl Goodbyes {
    fn count(&mut self, ended: Result<Ended, JoinError>) {
        match how(ended) {
            How::NoClient => {}
            How::Clean => self.clean += 1,
            How::Cut => self.cut += 1,
        }
    }
}

async fn connection(arrival: Arrival, place: Place, shared: Arc<Shared>) -> Ended {
    let service = &shared.service;
    // Boxed: the task lives on, and should not stay as large as its first moments.
    let opened = Box::pin(open(arrival, &shared)).await;
    drop(place);
    match opened {
        Some(Opened { socket, admitted, variant }) => {
            let clean = client::run(socket, variant, service).await;
            Ended { how: if clean { How::Clean } else { How::Cut }, _admitted: Some(admitted) }
        }
        None => Ended { how: How::NoClient, _admitted: None },
    }
}

/// What comes before somebody is a client.
async fn open(arrival: Arrival, shared: &Shared) -> Option<Opened> {
    let Arrival { stream, peer, port, secure } = arrival;
    let metrics = shared.service.metrics();
    let stream = match stream {
        Raw::Tcp(stream) => match &shared.tls {
            Some(tls) if secure => {
                let accepting = tls.acceptor().accept(stream);
                let limit = shared.service.settings.config.handshake_timeout;
                let accepted = match limit {
                    Some(limit) => timeout(limit, accepting).await.map_err(Into::into),
                    None => Ok(accepting.await),
                };
                match accepted.and_then(|accepted| accepted) {
                    Ok(stream) => {
                        let _ = stream.get_ref().0.set_nodelay(true);
                        Stream::from(stream)
                    }
                    Err(error) => {
                        metrics.refuse(Refused::Tls);
                        tracing::debug!("[ws] no TLS: {error}");
                        return None;
                    }
                }
            }
            _ => Stream::from(stream),
        },
        #[cfg(unix)]
        Raw::Unix(stream) => Stream::from(stream),
    };
    match http::serve(stream, peer, port, &shared.service).await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::debug!("[ws] no WebSocket: {error}");
            None
        }
    }
}

fn how(ended: Result<Ended, JoinError>) -> How {
    match ended {
        Ok(ended) => ended.how,
        // The others go on.
        Err(error) => {
            tracing::error!("[ws] a connection failed: {error}");
            How::Cut
        }
    }
}
