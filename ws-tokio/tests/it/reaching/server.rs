//! A server that records requests, and answers depending on the path.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_tokio::{Config, Incoming, incoming};

use crate::support::listen;

/// A running server. All its tasks end with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Log,
}

/// The recorded parts of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) target: String,
    pub(crate) host: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) subprotocols: Vec<String>,
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        field.map(|(_, value)| &**value)
    }
}

impl Server {
    /// Echoes messages on each connection, with the first subprotocol offered; a path of a redirect
    /// in the table gets its status and its `Location`.
    pub(crate) async fn start(redirects: &[(&str, u16, String)]) -> Self {
        let (listener, address) = listen().await;
        let log = Log::default();
        let answering = (log.clone(), owned(redirects));
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let (log, redirects) = answering.clone();
                tokio::spawn(serve(stream, log, redirects));
            }
        });
        Self { address, log }
    }

    pub(crate) fn uri(&self, target: &str) -> String {
        format!("ws://{}{target}", self.address)
    }

    /// The requests since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.take()
    }
}

/// The same server on a Unix socket, over any protocol on it.
#[cfg(unix)]
pub(crate) fn start_at<S, F>(
    listener: tokio::net::UnixListener,
    redirects: &[(&str, u16, String)],
    prepare: impl Fn(tokio::net::UnixStream) -> F + Send + 'static,
) -> Log
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Option<S>> + Send + 'static,
{
    let log = Log::default();
    let answering = (log.clone(), owned(redirects));
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let (log, redirects) = answering.clone();
            let preparing = prepare(stream);
            tokio::spawn(async move {
                let Some(stream) = preparing.await else { return };
                serve(stream, log, redirects).await;
            });
        }
    });
    log
}

/// The requests that a server has received.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Asked>>>);

impl Log {
    /// Those since the last call.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

type Redirects = Arc<[(String, u16, String)]>;

fn owned(redirects: &[(&str, u16, String)]) -> Redirects {
    let owned = redirects.iter();
    owned.map(|(path, status, location)| ((*path).to_owned(), *status, location.clone())).collect()
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, log: Log, redirects: Redirects) {
    let Ok(incoming) = incoming(stream, Config::default()).await else { return };
    let asked = asked(&incoming);
    let redirect = redirects.iter().find(|(path, ..)| *path == asked.target).cloned();
    log.0.lock().expect("no panic").push(asked.clone());
    if let Some((_, status, location)) = redirect {
        let _ = incoming.reject(status, |rejection| rejection.header("Location", location)).await;
        return;
    }
    let accepted = incoming.accept_with(|accept| match asked.subprotocols.first() {
        Some(name) => accept.subprotocol(name),
        None => Ok(accept),
    });
    let Ok(mut socket) = accepted.await else { return };
    while let Ok(Some(message)) = socket.recv().await {
        if message.is_data() && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn asked<S>(incoming: &Incoming<S>) -> Asked
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = incoming.request().expect("a valid request");
    let fields = request.headers().iter();
    Asked {
        target: request.target().to_owned(),
        host: request.host().to_owned(),
        fields: fields
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect(),
        subprotocols: request.subprotocols().map(str::to_owned).collect(),
    }
}
