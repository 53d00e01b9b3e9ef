//! Echo servers, one for each way to write one.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use ws_tokio::{Close, Config, Error, Event, Message, WebSocket, accept};

use super::listen;

/// How an echo is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Batches,
    Messages,
    Halves,
}

pub(crate) const WAYS: [Way; 3] = [Way::Batches, Way::Messages, Way::Halves];

/// How a connection of the server's has ended.
pub(crate) type End = Result<Option<Close<'static>>, Error>;

/// A server that echoes text and binary messages on each connection that comes.
pub(crate) async fn server(way: Way, config: Config) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let config = config.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("a socket");
                if let Ok(socket) = accept(stream, config).await {
                    // Its peers break things on purpose.
                    let _ = echo(socket, way).await;
                }
            });
        }
    });
    address
}

pub(crate) async fn echo(socket: WebSocket<TcpStream>, way: Way) -> End {
    match way {
        Way::Batches => batches(socket).await,
        Way::Messages => messages(socket).await,
        Way::Halves => halves(socket).await,
    }
}

async fn batches(mut socket: WebSocket<TcpStream>) -> End {
    let mut end = None;
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                Event::Close(close) => end = Some(close.into_owned()),
                _ => {}
            }
        }
    }
    Ok(end)
}

async fn messages(mut socket: WebSocket<TcpStream>) -> End {
    let mut end = None;
    while let Some(message) = socket.recv().await? {
        match message {
            Message::Close(close) => end = Some(close),
            message if message.is_data() => socket.send(message).await?,
            _ => {}
        }
    }
    Ok(end)
}

/// Two tasks and a channel between them.
async fn halves(socket: WebSocket<TcpStream>) -> End {
    let (mut reader, mut writer) = socket.split();
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Message>(4);
    let writing = tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            writer.feed(message).await?;
            if receiver.is_empty() {
                writer.flush().await?;
            }
        }
        Ok::<_, Error>(())
    });
    let mut end = None;
    let read = loop {
        match reader.recv().await {
            Ok(Some(Message::Close(close))) => end = Some(close),
            // The writer may have ended before: reading goes on to find out why.
            Ok(Some(message)) if message.is_data() => drop(sender.send(message).await),
            Ok(Some(_)) => {}
            Ok(None) => break Ok(end),
            Err(error) => break Err(error),
        }
    };
    drop(sender);
    let written = writing.await.expect("no panic");
    let end = read?;
    match written {
        Err(error) if end.is_none() => Err(error),
        _ => Ok(end),
    }
}
