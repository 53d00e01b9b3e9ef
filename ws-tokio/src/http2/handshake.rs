//! Opens an HTTP/2 connection and waits for the server's SETTINGS.

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

/// Opens an HTTP/2 connection over a stream, and waits for the server's SETTINGS, at most
/// [`Config::handshake_timeout`]. A task drives the connection, which stays open as long
/// as the sender, a clone of it, or a WebSocket in it exists.
///
/// `B` is the body of other requests that the sender may send; [`String`] is one.
///
/// # Errors
///
/// [`Http2Error::Unsupported`]: the server does not support WebSockets over HTTP/2; the stream is ended.
/// [`Http2Error::Handshake`] at the deadline.
///
/// # Cancel safety
///
/// Dropping the future ends the stream.
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
    // Streams are available only after the server's SETTINGS, its first frame, have arrived.
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

/// Waits until the connection has made progress.
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

/// Tokio's executor, which reports when a task was polled.
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
