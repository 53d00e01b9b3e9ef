//! The server: accepts connections, and says goodbye to all when it is told to stop.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRng as _;
use rand::rngs::SysRng;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use ws_tokio::{Close, CloseCode, Config, Limits};

use crate::hub::Hub;
use crate::notice::{Journal, Notice};
use crate::{client, http};

/// How long to wait when a connection could not be accepted, as when all file descriptors are in
/// use: others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the server can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The limits and deadlines of each connection.
    pub(crate) config: Config,
    /// How long the clients may take to leave.
    pub(crate) shutdown_timeout: Duration,
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
                max_head_size: 8 * 1024,
                max_headers: 64,
                ping_interval: Some(Duration::from_secs(25)),
                ping_payload: b"ping",
                ..Config::default()
            },
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// A server that listens.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: Arc<Config>,
    shutdown_timeout: Duration,
    hub: Arc<Hub>,
    journal: Journal,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    ///
    /// [`BindError`] if it cannot.
    pub(crate) async fn bind(
        listen: &str,
        settings: Settings,
        journal: Journal,
    ) -> Result<Self, BindError> {
        let fail = |source| BindError { listen: listen.to_owned(), source };
        let listener = TcpListener::bind(listen).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed).map_err(io::Error::other).map_err(fail)?;
        journal(&Notice::Listening { address });
        Ok(Self {
            listener,
            address,
            config: Arc::new(settings.config),
            shutdown_timeout: settings.shutdown_timeout,
            hub: Arc::new(Hub::new(seed)),
            journal,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its clients.
    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Serves until `stop` is ready, then until all clients are gone or have been cut.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, config, hub, journal, .. } = self;
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                stream = accept(&listener) => {
                    let (config, stopped) = (Arc::clone(&config), stopped.clone());
                    let (hub, journal) = (Arc::clone(&hub), Arc::clone(&journal));
                    connections.spawn(connection(stream, config, stopped, hub, journal));
                }
                Some(ended) = connections.join_next() => {
                    ended.unwrap_or_else(report);
                }
            }
        }

        drop(listener);
        // Whoever still asks gets no answer; whoever was answered is a client.
        let _ = stopping.send(true);
        let clients = hub.close(Close::new(CloseCode::GOING_AWAY, "server is shutting down"));
        journal(&Notice::Stopping { clients });
        let deadline = Instant::now() + self.shutdown_timeout;
        let (mut clean, mut cut) = (0, 0);
        while let Ok(Some(ended)) = timeout_at(deadline, connections.join_next()).await {
            match ended.unwrap_or_else(report) {
                Ended::Clean => clean += 1,
                Ended::Cut => cut += 1,
                Ended::NoClient => {}
            }
        }
        cut += connections.len();
        connections.shutdown().await;
        journal(&Notice::Bye { clean, cut });
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It never became a WebSocket.
    NoClient,
    /// Both sides said goodbye.
    Clean,
    Cut,
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => return stream,
            Err(error) => {
                tracing::warn!("[ws] cannot accept: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    config: Arc<Config>,
    mut stopped: watch::Receiver<bool>,
    hub: Arc<Hub>,
    journal: Journal,
) -> Ended {
    // Only an optimisation: small messages leave at once.
    let _ = stream.set_nodelay(true);
    let answered = tokio::select! {
        // Who was answered is to be told goodbye.
        biased;
        // Boxed: the task lives on, and should not stay as large as its first moments.
        answered = Box::pin(http::answer(stream, config)) => answered,
        _ = stopped.wait_for(|stopped| *stopped) => return Ended::NoClient,
    };
    match answered {
        Ok(Some(socket)) => match client::run(socket, &hub, &journal).await {
            true => Ended::Clean,
            false => Ended::Cut,
        },
        Ok(None) => Ended::NoClient,
        Err(error) => {
            tracing::debug!("[ws] no WebSocket: {error}");
            Ended::NoClient
        }
    }
}

/// A connection's task has panicked; the others go on.
fn report(error: JoinError) -> Ended {
    tracing::error!("[ws] a connection failed: {error}");
    Ended::Cut
}

/// The server cannot listen.
#[derive(Debug)]
pub(crate) struct BindError {
    listen: String,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.listen, self.source)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
