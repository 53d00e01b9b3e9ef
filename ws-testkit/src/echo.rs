//! Echo loops, one for each way to write one.

use futures_channel::mpsc;
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::{SinkExt, StreamExt};
use ws_futures::{Close, Error, Event, Message, Timer, WebSocket};

use crate::runtime::{Runtime, spawn};

/// How an echo loop is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Events are lent.
    Batches,
    /// Messages are owned.
    Messages,
    /// Two tasks and a channel between them.
    Halves,
}

/// All of them.
pub const WAYS: [Way; 3] = [Way::Batches, Way::Messages, Way::Halves];

/// How a connection has ended: with the peer's Close frame, without one, or with an error.
pub type End = Result<Option<Close<'static>>, Error>;

/// Echoes text and binary messages until the connection ends.
///
/// # Errors
///
/// The connection failed.
pub(crate) async fn echo<R, Io>(socket: WebSocket<Io, R::Timer>, way: Way) -> End
where
    R: Runtime,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match way {
        Way::Batches => batches(socket).await,
        Way::Messages => messages(socket).await,
        Way::Halves => halves::<R, Io>(socket).await,
    }
}

async fn batches<Io, T>(mut socket: WebSocket<Io, T>) -> End
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let mut end = None;
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                Event::TextChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::BinaryChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::Ping(_) | Event::Pong(_) => {}
                Event::Close(close) => end = Some(close.into_owned()),
            }
        }
    }
    Ok(end)
}

async fn messages<Io, T>(mut socket: WebSocket<Io, T>) -> End
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let mut end = None;
    while let Some(message) = socket.recv().await? {
        match message {
            Message::Text(_)
            | Message::Binary(_)
            | Message::TextChunk { .. }
            | Message::BinaryChunk { .. } => socket.feed(message).await?,
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(close) => end = Some(close),
        }
    }
    Ok(end)
}

async fn halves<R, Io>(socket: WebSocket<Io, R::Timer>) -> End
where
    R: Runtime,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut reader, mut writer) = socket.split();
    let (mut sender, mut receiver) = mpsc::channel::<Message>(4);
    let writing = spawn::<R, _>(async move {
        while let Some(message) = receiver.next().await {
            writer.send(message).await?;
        }
        Ok::<_, Error>(())
    });
    let mut end = None;
    let read = loop {
        match reader.recv().await {
            Ok(Some(Message::Close(close))) => end = Some(close),
            // The writer may have ended before: reading continues to find out why.
            Ok(Some(message)) if message.is_data() => drop(sender.send(message).await),
            Ok(Some(_)) => {}
            Ok(None) => break Ok(end),
            Err(error) => break Err(error),
        }
    };
    drop(sender);
    let written = writing.await;
    let end = read?;
    match written {
        Err(error) if end.is_none() => Err(error),
        _ => Ok(end),
    }
}
