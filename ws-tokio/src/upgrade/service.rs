//! The service of an HTTP server, and the state of the connection that its requests arrive on.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use ws_futures::Shutdown;
use ws_futures::serve::{BoxError, Permit, Permits};

/// The address of the peer, in the extensions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer<A>(pub A);

/// Converts into the service of [`serve`](super::serve): implemented for [`Hyper`] services and [`Tower`]
/// services. The compiler infers which of the two.
pub trait IntoService<Kind> {
    /// The service.
    type Service: Service;

    /// Converts into the service.
    fn into_service(self) -> Self::Service;
}

/// Marks hyper services, such as a `service_fn`.
#[derive(Debug)]
pub enum Hyper {}

/// Marks `tower` services, such as an axum `Router`.
#[derive(Debug)]
pub enum Tower {}

impl<S: Service> IntoService<Hyper> for S {
    type Service = S;

    fn into_service(self) -> S {
        self
    }
}

impl<S> IntoService<Tower> for S
where
    TowerToHyperService<S>: Service,
{
    type Service = TowerToHyperService<S>;

    fn into_service(self) -> Self::Service {
        TowerToHyperService::new(self)
    }
}

/// A hyper service that the tasks of all connections can share.
pub trait Service: Send + Sync + 'static {
    /// The body of a response.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
    /// An error, which ends the connection.
    type Error: Into<BoxError>;
    /// The future of the response.
    type Future: Future<Output = Result<Response<Self::Body>, Self::Error>> + Send + 'static;

    /// Responds to a request.
    fn answer(&self, request: Request<Incoming>) -> Self::Future;
}

impl<S, B> Service for S
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>> + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
    type Error = S::Error;
    type Future = S::Future;

    fn answer(&self, request: Request<Incoming>) -> S::Future {
        self.call(request)
    }
}

/// The state of a connection below HTTP, until both its task and a WebSocket that it has become have ended.
pub(super) struct Connection {
    state: Mutex<State>,
    connections: Option<Permits>,
    /// Bytes have arrived since the latest request.
    unanswered_input: AtomicBool,
    /// HTTP/1.1 has ended with an upgrade, or was not used.
    left_http1: AtomicBool,
}

struct State {
    /// Held until there is a request.
    handshake: Option<Permit>,
    /// Held from then on, if there is a limit.
    place: Option<Permit>,
    /// The number of requests, responses and WebSockets in progress.
    active: usize,
    /// The time of the latest response.
    idle_since: Instant,
}

/// The state of a connection at its deadline.
pub(super) enum Due {
    /// A request is in progress, or was since the last check: this is the next deadline.
    Later(Instant),
    /// There never was a request.
    NoRequest,
    Idle,
}

impl Connection {
    pub(super) fn new(handshake: Permit, connections: Option<Permits>) -> Self {
        let state = State {
            handshake: Some(handshake),
            place: None,
            active: 0,
            idle_since: Instant::now(),
        };
        Self {
            state: Mutex::new(state),
            connections,
            unanswered_input: AtomicBool::new(false),
            left_http1: AtomicBool::new(false),
        }
    }

    pub(super) fn note_input(&self) {
        self.unanswered_input.store(true, Ordering::Relaxed);
    }

    /// Whether any bytes have arrived after the latest request's head, including its body.
    pub(super) fn has_unanswered_input(&self) -> bool {
        self.unanswered_input.load(Ordering::Relaxed)
    }

    fn leave_http1(&self) {
        self.left_http1.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_http1(&self) -> bool {
        !self.left_http1.load(Ordering::Relaxed)
    }

    pub(super) fn has_request(&self) -> bool {
        self.state().handshake.is_none()
    }

    pub(super) fn due(&self, now: Instant, timeout: Duration) -> Due {
        let state = self.state();
        let idle_until = state.idle_since + timeout;
        match &*state {
            State { handshake: Some(_), .. } => Due::NoRequest,
            State { active: 1.., .. } => Due::Later(now + timeout),
            _ if idle_until > now => Due::Later(idle_until),
            _ => Due::Idle,
        }
    }

    /// Records a request; `None`: there are too many connections.
    fn begin<B>(self: &Arc<Self>, request: &Request<B>) -> Option<Activity> {
        self.unanswered_input.store(false, Ordering::Relaxed);
        if request.version() >= Version::HTTP_2 || *request.method() == Method::CONNECT {
            self.leave_http1();
        }
        let mut state = self.state();
        let handshake = state.handshake.take();
        if let (None, Some(connections)) = (&state.place, &self.connections) {
            state.place = connections.try_take();
            state.place.as_ref()?;
        }
        state.active += 1;
        drop(state);
        drop(handshake);
        Some(Activity(Arc::new(Active(Arc::clone(self)))))
    }

    /// Ignores poisoning: a panic elsewhere leaves the counts valid.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An activity on a connection, which is not idle while it exists. Clones count as one.
#[derive(Clone)]
pub(super) struct Activity(Arc<Active>);

/// What a WebSocket keeps of the connection below for its lifetime.
#[derive(Debug)]
pub(super) enum Held {
    /// A stream of HTTP/2: the connection is not idle.
    Activity { _activity: Activity },
    /// A permit of the limited number of HTTP/1.1 connections.
    Place { _permit: Permit },
}

impl Activity {
    /// Converts into what a WebSocket keeps. An HTTP/1.1 connection carries only the WebSocket from now on,
    /// so the HTTP state is freed.
    pub(super) fn into_held(self, version: Version) -> Option<Held> {
        if version >= Version::HTTP_2 {
            return Some(Held::Activity { _activity: self });
        }
        let place = self.0.0.state().place.take();
        place.map(|permit| Held::Place { _permit: permit })
    }
}

struct Active(Arc<Connection>);

impl Drop for Active {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.active -= 1;
        state.idle_since = Instant::now();
    }
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity").finish_non_exhaustive()
    }
}

/// The requests of one connection.
pub(super) struct Requests<S, A> {
    pub(super) service: Arc<S>,
    pub(super) connection: Arc<Connection>,
    pub(super) shutdown: Option<Shutdown>,
    pub(super) peer: A,
}

impl<S, A> hyper::service::Service<Request<Incoming>> for Requests<S, A>
where
    S: Service,
    A: Clone + Send + Sync + 'static,
{
    type Response = Response<ServedBody<S::Body>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let Some(activity) = self.connection.begin(&request) else {
            return Answering::Full { version: request.version() };
        };
        let extensions = request.extensions_mut();
        extensions.insert(Peer(self.peer.clone()));
        if let Some(shutdown) = &self.shutdown {
            extensions.insert(shutdown.clone());
        }
        extensions.insert(activity.clone());
        Answering::Answer { answer: self.service.answer(request), activity: Some(activity) }
    }
}

pin_project! {
    /// The future of a response.
    #[project = AnsweringProjection]
    pub(super) enum Answering<F> {
        Answer {
            #[pin]
            answer: F,
            activity: Option<Activity>,
        },
        Full {
            version: Version,
        },
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ServedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnsweringProjection::Answer { answer, activity } => {
                let response = ready!(answer.poll(cx))?;
                let activity = activity.take();
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    activity.iter().for_each(|Activity(active)| active.0.leave_http1());
                }
                Poll::Ready(Ok(response.map(|body| ServedBody::Body { body, activity })))
            }
            AnsweringProjection::Full { version } => Poll::Ready(Ok(full(*version))),
        }
    }
}

/// The response to clients beyond the limit of connections.
fn full<B>(version: Version) -> Response<ServedBody<B>> {
    let mut response = Response::new(ServedBody::Empty);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    if version < Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

pin_project! {
    /// The body of a response, an activity until it ends.
    #[project = ServedBodyProjection]
    pub(super) enum ServedBody<B> {
        Body {
            #[pin]
            body: B,
            activity: Option<Activity>,
        },
        Empty,
    }
}

impl<B: Body> Body for ServedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project() {
            ServedBodyProjection::Body { body, activity } => {
                let frame = ready!(body.poll_frame(cx));
                if frame.is_none() {
                    *activity = None;
                }
                Poll::Ready(frame)
            }
            ServedBodyProjection::Empty => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Body { body, .. } => body.is_end_stream(),
            Self::Empty => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Body { body, .. } => body.size_hint(),
            Self::Empty => SizeHint::with_exact(0),
        }
    }
}
