//! HTTP/1.1 on the port of the WebSockets: a few small answers, and the way to become a client.
//!
//! The requests are read by the library's own handshake parser, so that one set of limits (bytes,
//! fields, time) and of refusals holds for whatever comes, and what is answered here is small and
//! known. A request with a body is refused, so nothing but heads is ever read; a connection is kept
//! for further requests unless one was refused.

mod response;
mod route;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use ws_tokio::proto::Instant as Time;
use ws_tokio::server::{Rejection, RequestHead, ServerHandshake, ServerProgress, ServerRequest};
use ws_tokio::{Config, TokioStream, TokioTimer, WebSocket};

use crate::admission::Admitted;
use crate::metrics::{self, Refused};
use crate::page;
use crate::proxy::client_address;
use crate::service::Service;
use crate::stream::Stream;
use response::Response;
use route::Route;

/// How soon somebody who was refused should try again, in seconds.
const RETRY_AFTER: &str = "5";

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// Everything.
    Public,
    /// Everything but what is for operators, which is elsewhere.
    PublicOnly,
    /// What is for operators.
    Admin,
}

/// A client to be.
pub(crate) struct Opened {
    pub(crate) socket: WebSocket<Stream>,
    /// Its place among the clients.
    pub(crate) admitted: Admitted,
    /// Which of the service's configurations it has.
    pub(crate) variant: usize,
}

/// Answers requests until one is for a WebSocket; `None` if none was. `peer` is `None` for a local
/// socket.
pub(crate) async fn serve(
    stream: Stream,
    peer: Option<IpAddr>,
    port: Port,
    service: &Arc<Service>,
) -> io::Result<Option<Opened>> {
    let (variant, config) = service.next_config();
    let mut connection = Connection { stream, buffer: Box::new([0; 4096]), start: 0, end: 0 };
    let mut first = true;
    loop {
        let Some(request) = connection.request(&config, first).await? else { return Ok(None) };
        first = false;
        let route = route::route(request.as_ref(), port, &service.settings.origins);
        let response = match (route, request) {
            (Route::WebSocket, Ok(request)) => {
                let address = client_address(peer, &request, &service.settings.trusted_proxies);
                match service.admission.admit(address, Instant::now()) {
                    Ok(admitted) => {
                        let socket = connection.open(request, &config).await?;
                        service.metrics().accept();
                        return Ok(Some(Opened { socket, admitted, variant }));
                    }
                    Err(refused) => {
                        service.metrics().refuse(refused);
                        refusal(refused)
                    }
                }
            }
            (Route::ForeignOrigin, Ok(_)) => {
                service.metrics().refuse(Refused::ForeignOrigin);
                refusal(Refused::ForeignOrigin)
            }
            (Route::Library, Err(rejection)) => {
                service.metrics().refuse(match rejection.status() {
                    408 => Refused::Timeout,
                    _ => Refused::BadHandshake,
                });
                connection.reject(&rejection, &config).await?;
                return Ok(None);
            }
            (route, request) => {
                let response = answer(route, service);
                let head =
                    request.as_ref().map_or_else(Rejection::request, |request| Some(request));
                let Some(head) = head else { return Ok(None) };
                let keep = response.allows_more()
                    && request.is_err()
                    && !service.admission.is_draining()
                    && !route::wants_upgrade(head)
                    && !wants_close(head);
                connection.answer(&response, head.method(), keep, &config).await?;
                match keep {
                    true => continue,
                    false => return Ok(None),
                }
            }
        };
        connection.answer(&response, "GET", false, &config).await?;
        return Ok(None);
    }
}

/// The answer to a request that is not for a WebSocket.
fn answer(route: Route, service: &Service) -> Response {
    match route {
        Route::Page => Response::new(200, "text/html; charset=utf-8", service.page())
            .header("Content-Security-Policy", page::policy())
            .header("X-Content-Type-Options", "nosniff")
            .header("Referrer-Policy", "no-referrer")
            .header("Cache-Control", "no-cache"),
        Route::Health => Response::text(200, "ok\n").header("Cache-Control", "no-store"),
        Route::Ready => {
            let response = match service.unready() {
                None => Response::text(200, "ready\n"),
                Some(why) => {
                    Response::text(503, format!("{why}\n")).header("Retry-After", RETRY_AFTER)
                }
            };
            response.header("Cache-Control", "no-store")
        }
        Route::Metrics => Response::new(200, metrics::CONTENT_TYPE, service.render_metrics()),
        Route::Stats => Response::new(200, "application/json", service.render_stats())
            .header("Cache-Control", "no-store"),
        Route::UpgradeRequired => {
            let hint = "this is a WebSocket endpoint: upgrade to websocket; the page is at /\n";
            Response::text(426, hint)
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
        }
        Route::MethodNotAllowed => {
            Response::text(405, "this is only to be read: use GET\n").header("Allow", "GET, HEAD")
        }
        Route::NotFound | Route::WebSocket | Route::ForeignOrigin | Route::Library => {
            Response::text(404, "not found: / is a page, /ws is a WebSocket\n")
        }
    }
}

/// The answer to somebody who would be a client.
fn refusal(refused: Refused) -> Response {
    let (status, text) = match refused {
        Refused::ForeignOrigin => {
            let text = "pages of other sites may not connect: Origin and Host differ\n";
            return Response::text(403, text);
        }
        Refused::Draining => (503, "the server is shutting down\n"),
        Refused::TooManyFromAddress => (429, "too many connections from your address\n"),
        Refused::ConnectRate => (429, "you connect too often\n"),
        _ => (503, "the server is full\n"),
    };
    Response::text(status, text).header("Retry-After", RETRY_AFTER)
}

/// Whether the client will not ask again (RFC 9112 §9.6).
fn wants_close(head: &RequestHead) -> bool {
    let fields = head.headers().get_all("connection");
    let mut options = fields.flat_map(|field| field.split(|byte| *byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// A stream and what has come of the next request.
struct Connection {
    stream: Stream,
    buffer: Box<[u8; 4096]>,
    /// What was read and not used yet.
    start: usize,
    end: usize,
}

impl Connection {
    /// The next request, or why it is none for a WebSocket; `None` when nobody asks any more.
    async fn request(
        &mut self,
        config: &Arc<Config>,
        first: bool,
    ) -> io::Result<Option<Result<ServerRequest, Rejection>>> {
        // The handshake's clock begins with this wait.
        let mut handshake = ServerHandshake::new(Arc::clone(config));
        let limit = handshake.poll_timeout(Time::from_epoch(Duration::ZERO));
        let deadline = limit.map(|limit| Instant::now() + limit.since_epoch());
        let mut begun = first;
        loop {
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
                let read = self.stream.read(&mut *self.buffer);
                self.end = match within(deadline, read).await {
                    Ok(0) => return Ok(None),
                    Ok(len) => len,
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                        let late = limit.map(|limit| handshake.handle_timeout(limit));
                        return Ok(late.and_then(Result::err).filter(|_| begun).map(Err));
                    }
                    Err(error) => return Err(error),
                };
            }
            begun = true;
            let mut input = &mut self.buffer[self.start..self.end];
            let progress = handshake.receive(&mut input);
            self.start = self.end - input.len();
            match progress {
                Ok(ServerProgress::NeedsInput(unfinished)) => handshake = unfinished,
                Ok(ServerProgress::Request(request)) => return Ok(Some(Ok(request))),
                Err(rejection) => return Ok(Some(Err(rejection))),
            }
        }
    }

    /// Grants a WebSocket. What came behind the request belongs to it.
    async fn open(
        mut self,
        request: ServerRequest,
        config: &Config,
    ) -> io::Result<WebSocket<Stream>> {
        let mut response = Vec::new();
        let connection = request.accept().respond(&mut response);
        self.write(&response, config).await?;
        let Self { stream, buffer, start, end } = self;
        let stream = TokioStream::new(stream);
        Ok(WebSocket::new(stream, TokioTimer::default(), connection, &buffer[start..end]))
    }

    async fn answer(
        &mut self,
        response: &Response,
        method: &str,
        keep: bool,
        config: &Config,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        response.write(method, keep, &mut bytes);
        self.write(&bytes, config).await?;
        if !keep {
            self.linger(config).await;
        }
        Ok(())
    }

    async fn reject(&mut self, rejection: &Rejection, config: &Config) -> io::Result<()> {
        let mut bytes = Vec::new();
        rejection.respond(&mut bytes);
        self.write(&bytes, config).await?;
        self.linger(config).await;
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8], config: &Config) -> io::Result<()> {
        let deadline = config.handshake_timeout.map(|limit| Instant::now() + limit);
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        within(deadline, write).await
    }

    /// Ends our direction of the stream, and reads for a while so that what was written is not lost
    /// to a reset.
    async fn linger(&mut self, config: &Config) {
        let drain = async {
            self.stream.shutdown().await?;
            let mut drained = 0;
            while drained <= config.max_drain_size {
                match self.stream.read(&mut *self.buffer).await? {
                    0 => break,
                    len => drained += len as u64,
                }
            }
            io::Result::Ok(())
        };
        // Whatever happens, it is over.
        let _ = timeout(config.drain_timeout, drain).await;
    }
}

async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())),
        None => work.await,
    }
}
