//! A pipe program: standard input to the socket, the socket to standard output, written in several
//! ways. An echo server returns everything, including messages in transit when the input ends.

use std::io::Cursor;
use std::net::SocketAddr;

use futures_util::stream::unfold;
use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::try_join;
use ws_tokio::{ClientStream, CloseCode, Config, Error, Message, WebSocket, accept, connect};

const SIZE: usize = 300_000;
const RUNS: usize = 20;

async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    address
}

async fn echo(stream: TcpStream) {
    let mut socket = accept(stream, Config::default()).await.expect("a request");
    while let Ok(Some(message)) = socket.recv().await {
        if message.is_data() {
            socket.feed(message).await.expect("open");
        }
    }
}

async fn next_chunk<R: AsyncRead + Unpin>(stdin: &mut R) -> Result<Option<Vec<u8>>, Error> {
    let mut chunk = vec![0; 1024];
    let len = stdin.read(&mut chunk).await?;
    chunk.truncate(len);
    Ok((len > 0).then_some(chunk))
}

/// With the combinators of `Stream` and `Sink`: `forward` closes the sink at the end of the input.
async fn pipe_by_streams(
    socket: WebSocket<ClientStream>,
    stdin: impl AsyncRead + Unpin,
    stdout: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Error> {
    let (sink, stream) = StreamExt::split(socket);
    let messages = unfold(stdin, async |mut stdin| {
        let chunk = next_chunk(&mut stdin).await.transpose()?;
        Some((chunk.map(Message::binary), stdin))
    });
    let outgoing = messages.forward(sink);
    let incoming = stream.try_fold(stdout, async |stdout, message| {
        if message.is_data() {
            stdout.write_all(message.as_bytes()).await?;
        }
        Ok(stdout)
    });
    try_join!(outgoing, incoming)?;
    Ok(())
}

/// The same with a task for each direction.
async fn pipe_by_tasks(
    socket: WebSocket<ClientStream>,
    stdin: &[u8],
    stdout: &mut Vec<u8>,
) -> Result<(), Error> {
    let (sink, stream) = StreamExt::split(socket);
    let messages = unfold(Cursor::new(stdin.to_vec()), async |mut stdin| {
        let chunk = next_chunk(&mut stdin).await.transpose()?;
        Some((chunk.map(Message::binary), stdin))
    });
    let outgoing = tokio::spawn(messages.forward(sink));
    let incoming = tokio::spawn(stream.try_collect::<Vec<_>>());
    let (outgoing, incoming) = (outgoing.await, incoming.await);
    outgoing.expect("no panic")?;
    for message in incoming.expect("no panic")? {
        if message.is_data() {
            stdout.extend_from_slice(message.as_bytes());
        }
    }
    Ok(())
}

/// With the halves of this crate.
async fn pipe_by_halves(
    socket: WebSocket<ClientStream>,
    mut stdin: impl AsyncRead + Unpin,
    stdout: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Error> {
    let (mut reader, mut writer) = socket.split();
    let outgoing = async {
        while let Some(chunk) = next_chunk(&mut stdin).await? {
            writer.send(chunk).await?;
        }
        writer.close(CloseCode::NORMAL).await
    };
    let incoming = async {
        while let Some(message) = reader.recv().await? {
            if message.is_data() {
                stdout.write_all(message.as_bytes()).await?;
            }
        }
        Ok(())
    };
    try_join!(outgoing, incoming)?;
    Ok(())
}

fn input() -> Vec<u8> {
    (0..SIZE).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

macro_rules! loses_nothing {
    ($pipe:ident) => {{
        let server = echo_server().await;
        let input = input();
        for run in 1..=RUNS {
            let socket = connect(&format!("ws://{server}/")).await.expect("a server");
            let mut output = Vec::new();
            $pipe(socket, &*input, &mut output).await.expect("no error");
            assert_eq!(output.len(), SIZE, "run {run}");
            assert!(output == input, "run {run}: not what was sent");
        }
    }};
}

#[tokio::test]
async fn split_and_forward_lose_nothing() {
    loses_nothing!(pipe_by_streams);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn split_and_forward_in_two_tasks_lose_nothing() {
    loses_nothing!(pipe_by_tasks);
}

#[tokio::test]
async fn halves_lose_nothing() {
    loses_nothing!(pipe_by_halves);
}
