//! Serves HTTP on one connection.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout_at};
use ws_futures::ShutdownGuard;
use ws_futures::serve::{Arrival, BoxError, ConnectionError, Protocol};

use super::lingering::Lingering;
use super::service::{Connection, Due, Requests, Service};
use crate::serve::{Listener, TokioListener};

/// The minimum of hyper.
const MIN_HEAD_SIZE: usize = 8 * 1024;
/// The ping interval of HTTP/2, as [`Config::ping_interval`](ws_futures::Config::ping_interval).
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// The ping timeout of HTTP/2, as [`Config::ping_timeout`](ws_futures::Config::ping_timeout).
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// The settings of [`ServeHttp`](super::ServeHttp) for each connection.
pub(super) struct Bounds {
    pub(super) request_timeout: Duration,
    pub(super) max_head_size: usize,
    pub(super) max_headers: Option<usize>,
    pub(super) max_streams: Option<u32>,
}

pub(super) struct Http<S> {
    service: Arc<S>,
    builder: Builder,
    request_timeout: Duration,
}

enum Builder {
    Http1(http1::Builder),
    /// Detected from the client's first bytes.
    Any(auto::Builder<TokioExecutor>),
}

impl<S: Service> Http<S> {
    pub(super) fn version_1(service: S, bounds: Bounds) -> Self {
        let mut builder = http1::Builder::new();
        // This server's own deadline covers the head, from the first byte on.
        builder.header_read_timeout(None).max_buf_size(bounds.max_head_size.max(MIN_HEAD_SIZE));
        if let Some(max) = bounds.max_headers {
            builder.max_headers(max);
        }
        Self::new(service, Builder::Http1(builder), bounds.request_timeout)
    }

    pub(super) fn any_version(service: S, bounds: Bounds) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        let mut http1 = builder.http1();
        http1.header_read_timeout(None).max_buf_size(bounds.max_head_size.max(MIN_HEAD_SIZE));
        if let Some(max) = bounds.max_headers {
            http1.max_headers(max);
        }
        let mut http2 = builder.http2();
        http2
            .enable_connect_protocol()
            .max_header_list_size(u32::try_from(bounds.max_head_size).unwrap_or(u32::MAX))
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        if let Some(max) = bounds.max_streams {
            http2.max_concurrent_streams(max);
        }
        Self::new(service, Builder::Any(builder), bounds.request_timeout)
    }

    fn new(service: S, builder: Builder, request_timeout: Duration) -> Self {
        Self { service: Arc::new(service), builder, request_timeout }
    }
}

impl<L: Listener, S: Service> Protocol<TokioListener<L>> for Http<S> {
    async fn serve(
        self: Arc<Self>,
        arrival: Arrival<TokioListener<L>>,
    ) -> Result<(), ConnectionError> {
        let Arrival { opening, peer, handshake, connections, guard, .. } = arrival;
        let deadline = Instant::now() + self.request_timeout;
        let has_begun = |cx: &mut Context<'_>| {
            guard.as_ref().is_some_and(|guard| guard.poll_begun(cx).is_ready())
        };
        let mut opening = pin!(timeout_at(deadline, opening));
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending if has_begun(cx) => Poll::Ready(None),
            opened => opened.map(Some),
        });
        let stream = match opened.await {
            None => return Ok(()),
            Some(Ok(opened)) => opened.map_err(ConnectionError::Open)?,
            Some(Err(_elapsed)) => {
                return Err(ConnectionError::Open(io::ErrorKind::TimedOut.into()));
            }
        };

        let connection = Arc::new(Connection::new(handshake, connections));
        let requests = Requests {
            service: Arc::clone(&self.service),
            connection: Arc::clone(&connection),
            shutdown: guard.as_ref().map(ShutdownGuard::shutdown),
            peer,
        };
        let stream = Lingering::new(stream.into_inner(), Arc::clone(&connection));
        let mut serving = pin!(self.builder.serve(stream, requests));
        let mut alarm = pin!(sleep_until(deadline));
        let mut ending = false;
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(served) = serving.as_mut().poll(cx) {
                    return Poll::Ready(served.map_err(ConnectionError::Http));
                }
                if !ending && has_begun(cx) {
                    if !connection.has_request() {
                        return Poll::Ready(Ok(()));
                    }
                    ending = true;
                    serving.as_mut().graceful_shutdown();
                    continue;
                }
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let now = Instant::now();
                match connection.due(now, self.request_timeout) {
                    Due::Later(deadline) => alarm.as_mut().reset(deadline),
                    Due::NoRequest => return Poll::Ready(Err(ConnectionError::NoRequest)),
                    // It did not end after the graceful shutdown.
                    Due::Idle if ending => return Poll::Ready(Ok(())),
                    Due::Idle => {
                        ending = true;
                        serving.as_mut().graceful_shutdown();
                        alarm.as_mut().reset(now + self.request_timeout);
                    }
                }
            }
        })
        .await
    }
}

impl Builder {
    fn serve<Io, S, A>(
        &self,
        stream: Lingering<Io>,
        requests: Requests<S, A>,
    ) -> Serving<'_, TokioIo<Lingering<Io>>, Requests<S, A>>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service,
        A: Clone + Send + Sync + 'static,
    {
        let io = TokioIo::new(stream);
        match self {
            Self::Http1(builder) => {
                Serving::Http1 { serving: builder.serve_connection(io, requests).with_upgrades() }
            }
            Self::Any(builder) => {
                Serving::Any { serving: builder.serve_connection_with_upgrades(io, requests) }
            }
        }
    }
}

pin_project! {
    /// A hyper connection.
    #[project = ServingProjection]
    enum Serving<'b, Io, R>
    where
        R: hyper::service::HttpService<hyper::body::Incoming>,
    {
        Http1 {
            #[pin]
            serving: http1::UpgradeableConnection<Io, R>,
        },
        Any {
            #[pin]
            serving: auto::UpgradeableConnection<'b, Io, R, TokioExecutor>,
        },
    }
}

impl<Io, S, A> Serving<'_, TokioIo<Lingering<Io>>, Requests<S, A>>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service,
    A: Clone + Send + Sync + 'static,
{
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self.project() {
            ServingProjection::Http1 { serving } => serving.poll(cx).map_err(Into::into),
            ServingProjection::Any { serving } => serving.poll(cx),
        }
    }

    /// Ends the connection after the requests in progress.
    fn graceful_shutdown(self: Pin<&mut Self>) {
        match self.project() {
            ServingProjection::Http1 { serving } => serving.graceful_shutdown(),
            ServingProjection::Any { serving } => serving.graceful_shutdown(),
        }
    }
}
