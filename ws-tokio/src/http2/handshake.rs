//! An HTTP/2 connection, up to where it is known what the server takes.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::body::Body;
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use ws_futures::Config;

use super::Http2Error;
use super::in_time::{deadline, in_time};

/// Opens an HTTP/2 connection over a stream, and waits for what the server announces, at most
/// [`Config::handshake_timeout`]. The connection is driven by a task of its own, and lives as long
/// as the sender, a copy of it, or a WebSocket in it.
///
/// `B` is the body of other requests that the sender may send; [`String`] is one.
///
/// # Errors
///
/// [`Http2Error::Unsupported`]: the server takes no WebSockets over HTTP/2; the stream is ended then.
/// [`Http2Error::Handshake`] when time is up.
///
/// # Cancel safety
///
/// Dropped before it is ready it ends the stream.
pub async fn handshake<S, B>(stream: S, config: &Config) -> Result<SendRequest<B>, Http2Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let executor = Executor::default();
    let progress = Arc::clone(&executor.progress);
    let mut builder = Builder::new(executor);
    // Only the server's SETTINGS, its first frame, allow streams: so it is seen when they are here.
    builder.initial_max_send_streams(0);
    let opening = async {
        let opened = builder.handshake(TokioIo::new(stream)).await;
        let (sender, mut connection) =
            opened.map_err(|error| Http2Error::Unsupported(Some(error)))?;
        while connection.current_max_send_streams() == 0
            && !connection.is_extended_connect_protocol_enabled()
        {
            progressed(&mut connection, &progress).await?;
        }
        if connection.is_extended_connect_protocol_enabled() {
            Ok((sender, connection))
        } else {
            Err(Http2Error::Unsupported(None))
        }
    };
    let (sender, connection) = in_time(deadline(config), opening).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Waits until the connection has done something.
async fn progressed<S, B>(
    connection: &mut Connection<S, B, Executor>,
    progress: &Notify,
) -> Result<(), Http2Error>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut progress = pin!(progress.notified());
    poll_fn(|cx| match Pin::new(&mut *connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Err(Http2Error::Unsupported(ended.err()))),
        Poll::Pending => progress.as_mut().poll(cx).map(Ok),
    })
    .await
}

/// Tokio's, which tells when a task has done something.
#[derive(Clone, Default)]
struct Executor {
    progress: Arc<Notify>,
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        let progress = Arc::clone(&self.progress);
        tokio::spawn(async move {
            let mut task = pin!(task);
            poll_fn(|cx| {
                let polled = task.as_mut().poll(cx);
                progress.notify_one();
                polled
            })
            .await;
        });
    }
}
