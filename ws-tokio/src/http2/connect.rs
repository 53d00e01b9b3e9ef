//! Opens a WebSocket in an HTTP/2 connection.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper::ext::Protocol;
use hyper::header::{HeaderName, HeaderValue, LOCATION};
use hyper::{Method, Request, Uri, Version};
use tokio::time::{Instant, timeout_at};
use ws_futures::client::{self, ExtendedConnect, ExtendedConnectOutcome, Response};
use ws_futures::proto::InvalidHeader;
use ws_futures::{Config, HandshakeError};

use super::Http2Error;
use super::in_time::{deadline, in_time};
use crate::connect::USER_AGENT;
use crate::seed::seed;
use crate::upgrade::{Registration, UpgradeFuture, WebSocket};

/// Opens a WebSocket in an HTTP/2 connection, within [`Config::handshake_timeout`]. The request has
/// `user-agent: ws-tokio/VERSION` unless it was set or removed
/// ([`Request::user_agent`](client::ClientRequest::user_agent)).
///
/// The sender is that of [`handshake`](super::handshake()), or of another HTTP/2 connection: then call
/// this only after the server has announced extended CONNECT
/// (`Connection::is_extended_connect_protocol_enabled`).
///
/// # Errors
///
/// [`Http2Error::Handshake`] with [`HandshakeError::Refused`] has the server's response; any other error
/// means that there is none.
///
/// # Cancel safety
///
/// Dropping the future resets the stream; the HTTP/2 connection stays open.
pub async fn connect<B>(
    sender: &mut SendRequest<B>,
    request: client::ClientRequest,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket, Response), Http2Error>
where
    B: Body + Default + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let config = config.into();
    let request = request
        .default_user_agent(Some(USER_AGENT))
        .extended_connect(Arc::clone(&config), seed()?)
        .map_err(HandshakeError::from)?;
    open(sender, request, &config).await
}

async fn open<B>(
    sender: &mut SendRequest<B>,
    request: ExtendedConnect,
    config: &Config,
) -> Result<(WebSocket, Response), Http2Error>
where
    B: Body + Default + 'static,
{
    let deadline = deadline(config);
    let asking = sender.send_request(http_request(&request)?);
    let mut response = in_time(deadline, async { Ok(asking.await?) }).await?;
    let body = match response.status() {
        status if status.is_success() => Vec::new(),
        // The target of a redirect is in the head: its body is not awaited.
        status if status.is_redirection() && response.headers().contains_key(LOCATION) => {
            beginning(response.body_mut(), config.max_body_size, Some(Instant::now())).await
        }
        _ => beginning(response.body_mut(), config.max_body_size, deadline).await,
    };
    let fields = response.headers().iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
    let answer = request.receive(response.status().as_u16(), fields, &body);
    match answer.map_err(HandshakeError::from)? {
        ExtendedConnectOutcome::Open(connection, answer) => {
            let on_upgrade = hyper::upgrade::on(response);
            let upgrade = UpgradeFuture::new(
                on_upgrade,
                Version::HTTP_2,
                connection,
                None,
                Registration::default(),
            );
            let socket = in_time(deadline, async { Ok(upgrade.await?) }).await?;
            Ok((socket, answer))
        }
        ExtendedConnectOutcome::Refused(answer) => {
            Err(HandshakeError::Refused(Box::new(answer)).into())
        }
    }
}

fn http_request<B: Default>(request: &ExtendedConnect) -> Result<Request<B>, Http2Error> {
    let uri = Uri::builder()
        .scheme(request.scheme())
        .authority(request.authority())
        .path_and_query(request.path())
        .build()
        // The core accepts hosts that the crate `http` rejects.
        .map_err(|_invalid| {
            HandshakeError::from(InvalidHeader::Target(request.authority().to_owned()))
        })?;
    let mut connect = Request::new(B::default());
    *connect.method_mut() = Method::CONNECT;
    *connect.version_mut() = Version::HTTP_2;
    *connect.uri_mut() = uri;
    connect.extensions_mut().insert(Protocol::from_static("websocket"));
    for (name, value) in request.headers().iter() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            connect.headers_mut().append(name, value);
        }
    }
    Ok(connect)
}

/// Reads a body up to the deadline, an error or `limit` bytes.
async fn beginning(body: &mut Incoming, limit: usize, deadline: Option<Instant>) -> Vec<u8> {
    let mut beginning = Vec::new();
    let reading = async {
        while beginning.len() < limit {
            let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
            let Some(Ok(frame)) = frame else { break };
            let Ok(data) = frame.into_data() else { continue };
            let room = limit - beginning.len();
            beginning.extend_from_slice(&data[..data.len().min(room)]);
        }
    };
    match deadline {
        // The bytes received so far are returned, whether or not the deadline has passed.
        Some(deadline) => drop(timeout_at(deadline, reading).await),
        None => reading.await,
    }
    beginning
}
