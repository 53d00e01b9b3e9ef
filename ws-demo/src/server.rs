//! The server: listens, serves HTTP, and closes all clients when it is to stop.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rand::TryRng as _;
use rand::rngs::SysRng;
use tokio::time::{Instant, timeout};
use ws_hub::Drain;
use ws_tokio::serve::{AnyAddress, AnyListener, ConnectionError, Listeners, ServeError};
use ws_tokio::upgrade::{IntoService, ServeHttp, Tower, serve};
use ws_tokio::{Close, CloseCode, Shutdown};

use crate::api::ApiSetup;
use crate::api_access::ApiAccess;
use crate::auth::{self, Tokens};
use crate::broadcast::{Broadcasts, Hub};
use crate::certificate::{self, Certificate, Http};
use crate::endpoint::{Endpoint, Listen};
use crate::engine::Engine;
use crate::engine::nats::{self, Nats};
use crate::expiry;
use crate::id::{ClientId, ClientIds};
use crate::identity::{Authenticator, Identity, KeySetup};
use crate::journal::Journal;
use crate::listener::{self, Bound, SocketPath};
use crate::metrics::Metrics;
use crate::notice::Notice;
use crate::refused::Refused;
use crate::room::RoomName;
use crate::routes;
use crate::service::{Service, Settings};

/// The resolution with which closing is spread over the drain window.
const DRAIN_STEP: Duration = Duration::from_millis(10);

/// The time that responses may take that are not sent yet when all clients are gone.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The most WebSockets and requests on one connection of HTTP/2.
const MAX_STREAMS: u32 = 128;

/// Where the server listens, and its secrets.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) listen: Vec<Listen>,
    /// The address for operators; without it their paths are on the public ones.
    pub(crate) admin_listen: Option<Listen>,
    pub(crate) tls: Option<certificate::Files>,
    pub(crate) tokens: Option<auth::Source>,
    /// The keys of signed tokens.
    pub(crate) keys: Option<KeySetup>,
    pub(crate) api: ApiSetup,
    /// How other nodes are reached, if there are any.
    pub(crate) nats: Option<nats::Settings>,
}

/// A server that listens.
pub(crate) struct Server {
    public: Vec<AnyListener>,
    /// Empty without an address for operators.
    admin: Vec<AnyListener>,
    endpoints: Vec<Endpoint>,
    /// Removed at the end.
    paths: Vec<SocketPath>,
    service: Arc<Service>,
    certificate: Option<Arc<Certificate>>,
    /// The connection to other nodes.
    link: Option<nats::Running>,
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
        let handshake_timeout = settings.config.handshake_timeout;
        let load = |files| Certificate::load(files, settings.http, handshake_timeout);
        let certificate = setup.tls.map(load).transpose()?.map(Arc::new);
        let authenticator = Authenticator::load(setup.tokens, setup.keys)?;
        let api = ApiAccess::new(setup.api.keys.map(Tokens::load).transpose()?, setup.api.limit);
        let (mut public, mut endpoints, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for listen in &setup.listen {
            let tls = certificate.as_ref().map(|certificate| certificate.acceptor());
            for Bound { listener, endpoint, path } in listener::bind(listen, tls).await? {
                public.push(listener);
                endpoints.push(endpoint);
                paths.extend(path);
            }
        }
        let admin = match &setup.admin_listen {
            Some(listen) => listener::bind(listen, None).await?,
            None => Vec::new(),
        };
        for on in &endpoints {
            journal.log(&Notice::Listening { on });
        }
        let admin = admin.into_iter().map(|Bound { listener, endpoint, path }| {
            journal.log(&Notice::AdminListening { on: &endpoint });
            paths.extend(path);
            listener
        });
        let admin: Vec<_> = admin.collect();

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
        let link =
            link.map(|link| link.start(Arc::clone(&broadcasts), max_message, journal.clone()));
        let ids = ClientIds::new(seed);
        let service = Arc::new(Service::new(
            settings,
            (authenticator, api),
            (broadcasts, engine),
            metrics,
            ids,
            journal,
        ));
        Ok(Self { public, admin, endpoints, paths, service, certificate, link })
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
        self.service.hub()
    }

    /// A function that reads the files again that may change: certificates and tokens.
    pub(crate) fn reloader(&self) -> impl Fn() + Send + 'static {
        let (service, certificate) = (Arc::clone(&self.service), self.certificate.clone());
        move || {
            if let Some(certificate) = &certificate {
                match certificate.reload() {
                    Ok(()) => tracing::info!("[ws] certificate reloaded"),
                    Err(error) => tracing::error!(
                        "[ws] certificate not reloaded, the former one stays in use: {error}"
                    ),
                }
            }
            service.reload_authenticator();
            service.api.reload();
        }
    }

    /// A function that logs the statistics of the moment.
    pub(crate) fn reporter(&self) -> impl Fn() + Send + 'static {
        let service = Arc::clone(&self.service);
        move || tracing::info!("[ws] statistics: {}", service.render_stats().trim_end())
    }

    /// Serves until `stop` is ready, then until all clients are gone or have been cut.
    ///
    /// Requests in between are answered: that the server is shutting down, and that it is not ready.
    pub(crate) async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self { public, admin, paths, service, link, .. } = self;
        let draining = {
            let service = Arc::clone(&service);
            async move {
                stop.await;
                drain(&service).await;
            }
        };
        let journal = service.journal.clone();
        let repetitions = tokio::spawn(async move { journal.log_repetitions().await });
        let shutdown = Shutdown::new();
        let routes = match admin.is_empty() {
            false => routes::public(),
            true => routes::public().merge(routes::operators()),
        };
        let public = http(Listeners::from_iter(public), routes, &service, &shutdown)
            .max_handshakes(service.settings.max_handshakes)
            .drop_excess_handshakes()
            .with_graceful_shutdown(draining);
        let admin = (!admin.is_empty()).then(|| {
            let admin = Listeners::from_iter(admin);
            http(admin, routes::admin(&service), &service, &shutdown).into_future()
        });
        let expiring = tokio::spawn(expiry::run(Arc::clone(&service)));
        tokio::join!(public.into_future(), async {
            if let Some(admin) = admin {
                admin.await;
            }
        });
        expiring.abort();
        drop(paths);
        if let Some(link) = link {
            link.stop().await;
        }
        repetitions.abort();
        service.journal.log_last_repetitions();
        let (clean, cut) = service.admission.goodbyes();
        service.journal.log(&Notice::Bye { clean, cut });
    }
}

fn http(
    listeners: Listeners<AnyListener>,
    routes: Router<Arc<Service>>,
    service: &Arc<Service>,
    shutdown: &Shutdown,
) -> ServeHttp<Listeners<AnyListener>, <Router as IntoService<Tower>>::Service> {
    let Settings { config, http, allowed, max_handshakes, .. } = &service.settings;
    let mut serving = serve(listeners, routes::with_service(routes, Arc::clone(service)))
        .max_head_size(config.max_head_size)
        .max_headers(config.max_headers)
        .max_streams(MAX_STREAMS)
        // Clients are counted by `admission`; connections of plain HTTP must have a bound too.
        .max_connections(allowed.connections.saturating_add(*max_handshakes))
        .shutdown(shutdown)
        .shutdown_timeout(RESPONSE_TIMEOUT);
    if let Some(timeout) = config.handshake_timeout {
        serving = serving.request_timeout(timeout);
    }
    if *http == Http::One {
        serving = serving.http1_only();
    }
    let service = Arc::clone(service);
    serving.on_error(move |error| report(&service, error))
}

/// Counts and logs what goes wrong before a connection has a client.
fn report(service: &Service, error: ServeError<AnyAddress>) {
    let journal = &service.journal;
    let refuse = |why, peer: AnyAddress, error| service.refuse(why, address(&peer), None, error);
    let (peer, error) = match error {
        ServeError::Accept { error, unreported } => {
            return journal.log(&Notice::CannotAccept { error: &error, unreported });
        }
        ServeError::Excess { peer } => return refuse(Refused::TooManyHandshakes, peer, None),
        ServeError::Connection { peer, error } => (peer, error),
        error => {
            return journal.log(&Notice::ConnectionFailed { address: None, error: &error });
        }
    };
    match error {
        ConnectionError::Open(error) => refuse(Refused::Tls, peer, Some(&error)),
        ConnectionError::NoRequest => refuse(Refused::Timeout, peer, None),
        ConnectionError::Http(error) => {
            if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
                refuse(Refused::BadHandshake, peer, Some(&error));
            } else {
                // The client has left.
                tracing::debug!("[ws] HTTP connection failed: {error}");
            }
        }
        error => {
            let address = address(&peer);
            journal.log(&Notice::ConnectionFailed { address, error: &error });
        }
    }
}

/// The address of a peer, which may be a proxy.
fn address(peer: &AnyAddress) -> Option<IpAddr> {
    peer.ip().map(|ip| ip.to_canonical())
}

/// Closes all clients, and waits until they are gone or the time is over.
async fn drain(service: &Service) {
    let Service { settings, admission, journal, .. } = service;
    admission.drain();
    let hub = service.hub();
    let close = Close::new(CloseCode::GOING_AWAY, "server is shutting down");
    let clients = hub.drain(close).expect("a code and a reason that can be sent");
    journal.log(&Notice::Stopping { clients: hub.len() });
    // The last client to be closed must still have time to answer.
    let window = settings.drain_window.min(settings.shutdown_timeout / 2);
    let closing = pin!(close_over(clients, Instant::now(), window));
    let gone = async {
        tokio::join!(closing, admission.emptied());
    };
    // What remains is counted as cut.
    let _ = timeout(settings.shutdown_timeout, gone).await;
}

/// Closes all clients one after the other, evenly over the window.
async fn close_over(
    mut clients: Drain<ClientId, RoomName, Identity>,
    begin: Instant,
    window: Duration,
) {
    let count = clients.len();
    while !clients.is_empty() {
        let passed = begin.elapsed();
        // In whole steps, so that thousands do not need a timer each.
        let scheduled = match passed >= window {
            true => count,
            false => 1 + (count as f64 * passed.as_secs_f64() / window.as_secs_f64()) as usize,
        };
        let asked = count - clients.len();
        clients.close(scheduled.saturating_sub(asked));
        if !clients.is_empty() {
            tokio::time::sleep(DRAIN_STEP).await;
        }
    }
}
