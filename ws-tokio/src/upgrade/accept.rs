//! Accepts a WebSocket request to an HTTP server.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use hyper::ext::Protocol;
use hyper::http::request::Parts;
use hyper::http::{Extensions, HeaderMap, Method, Uri};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, Version};
use ws_futures::server::{self, PseudoHeaders, RejectionKind};
use ws_futures::{Config, Shutdown};

use super::future::{Registration, UpgradeFuture};
use super::rejection::{UpgradeRejection, response};
use super::service::Activity;

/// Accepts any valid request for a WebSocket, without a subprotocol.
///
/// Return the response, with an empty body, to the server. The future resolves to the socket once the
/// response is sent, and must be awaited in its own task.
///
/// # Errors
///
/// The [`UpgradeRejection`] converts into the response to return instead.
pub fn upgrade<R, B: Default>(
    request: &mut Request<R>,
    config: impl Into<Arc<Config>>,
) -> Result<(Response<B>, UpgradeFuture), UpgradeRejection> {
    Upgrade::from_request(request, config).map(Upgrade::accept)
}

/// A valid request for a WebSocket that waits for a response.
///
/// It dereferences to [`server::ServerRequest`]: `origin()`, `subprotocols()`, `header()`.
#[must_use = "the client waits for a response: accept or reject"]
pub struct Upgrade {
    request: server::ServerRequest,
    subprotocol: Option<String>,
    on_upgrade: OnUpgrade,
    version: Version,
    handshake_timeout: Option<Duration>,
    shutdown: Option<Shutdown>,
    activity: Option<Activity>,
}

impl Upgrade {
    /// Checks a request over HTTP/1.1 (RFC 6455 §4.2.1) or HTTP/2 (RFC 8441). Only hyper's upgrade handle
    /// is taken from it.
    ///
    /// # Errors
    ///
    /// The [`UpgradeRejection`] converts into the response to return. The request is unchanged.
    pub fn from_request<B>(
        request: &mut Request<B>,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, UpgradeRejection> {
        let config = config.into();
        let handshake_timeout = config.handshake_timeout;
        let version = request.version();
        let checked = check(
            request.method(),
            request.uri(),
            version,
            request.headers(),
            request.extensions(),
            config,
        )?;
        Self::take(checked, version, request.extensions_mut(), handshake_timeout)
    }

    /// Like [`from_request`](Self::from_request), for the parts of a request without its body.
    ///
    /// # Errors
    ///
    /// Those of [`from_request`](Self::from_request).
    pub fn from_parts(
        parts: &mut Parts,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, UpgradeRejection> {
        let config = config.into();
        let handshake_timeout = config.handshake_timeout;
        let Parts { method, uri, version, headers, extensions, .. } = parts;
        let checked = check(method, uri, *version, headers, extensions, config)?;
        Self::take(checked, *version, extensions, handshake_timeout)
    }

    fn take(
        request: server::ServerRequest,
        version: Version,
        extensions: &mut Extensions,
        handshake_timeout: Option<Duration>,
    ) -> Result<Self, UpgradeRejection> {
        let Some(on_upgrade) = extensions.remove::<OnUpgrade>() else {
            let rejection = request.reject(500);
            return Err(rejection.body("connection does not support upgrades\n").into());
        };
        Ok(Self {
            request,
            subprotocol: None,
            on_upgrade,
            version,
            handshake_timeout,
            shutdown: extensions.get::<Shutdown>().cloned(),
            activity: extensions.get::<Activity>().cloned(),
        })
    }

    /// Replaces the configuration, for limits and compression that depend on the request.
    ///
    /// # Errors
    ///
    /// An [`UpgradeRejection`] if the configuration has compression and the client's offer is malformed.
    pub fn with_config(self, config: impl Into<Arc<Config>>) -> Result<Self, UpgradeRejection> {
        let config = config.into();
        let handshake_timeout = config.handshake_timeout;
        let request = self.request.with_config(config)?;
        Ok(Self { request, handshake_timeout, ..self })
    }

    /// Selects the first of these subprotocols that the client offers; none if it offers none of
    /// them.
    pub fn protocols<P: AsRef<str>>(mut self, supported: impl IntoIterator<Item = P>) -> Self {
        let offered = |name: &P| self.request.subprotocols().any(|offer| offer == name.as_ref());
        let chosen = supported.into_iter().find(offered);
        self.subprotocol = chosen.map(|name| name.as_ref().into());
        self
    }

    /// Returns the selected subprotocol.
    pub fn selected_protocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Returns the HTTP version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Accepts the request. Returns the response to return to the server, to which header fields may be
    /// added, and the future of the socket.
    pub fn accept<B: Default>(self) -> (Response<B>, UpgradeFuture) {
        let mut accept = self.request.accept();
        if let Some(name) = &self.subprotocol {
            accept = accept.subprotocol(name).expect("it was offered, and is the only one");
        }
        let response = response(accept.status(), accept.headers(), B::default());
        let connection = accept.into_connection();
        let registration = Registration {
            guard: self.shutdown.as_ref().map(Shutdown::guard),
            activity: self.activity,
        };
        let socket = UpgradeFuture::new(
            self.on_upgrade,
            self.version,
            connection,
            self.handshake_timeout,
            registration,
        );
        (response, socket)
    }

    /// Rejects the request with this status, such as 401, 403 or 503.
    pub fn reject(self, status: u16) -> UpgradeRejection {
        self.request.reject(status).into()
    }
}

impl Deref for Upgrade {
    type Target = server::ServerRequest;

    fn deref(&self) -> &server::ServerRequest {
        &self.request
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("request", &self.request)
            .field("subprotocol", &self.subprotocol)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn check(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
    extensions: &Extensions,
    config: Arc<Config>,
) -> Result<server::ServerRequest, UpgradeRejection> {
    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let request = match version {
        Version::HTTP_11 => {
            server::ServerRequest::from_parts(config, method.as_str(), &uri.to_string(), fields)
        }
        Version::HTTP_2 | Version::HTTP_3 => {
            let pseudo = PseudoHeaders {
                method: method.as_str(),
                protocol: extensions.get::<Protocol>().map(Protocol::as_str),
                authority: uri.authority().map_or("", |authority| authority.as_str()),
                path: uri.path_and_query().map_or("", |path| path.as_str()),
            };
            server::ServerRequest::from_pseudo_headers(config, &pseudo, fields)
        }
        _ => Err(RejectionKind::UnsupportedHttpVersion.into()),
    };
    Ok(request?)
}
