//! A minimal echo server on Tokio. Its connections share one buffer.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::handshake;
use super::rewriter::Rewriter;
use crate::contestant::{Contestant, Server, Side};
use crate::server;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "raw Tokio",
    package: None,
    side: Side::Floor,
    codec: None,
    server: Some(Server::Echo(serve)),
};

const BUFFER: usize = 256 * 1024;

thread_local! {
    /// Input and output; lent only between two waits.
    static BUFFERS: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::new((vec![0; BUFFER], Vec::new()));
}

fn serve() {
    server::block_on(async {
        let listener = server::listen().await;
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream.set_nodelay(true));
            tokio::spawn(async { drop(echo(stream).await) });
        }
    });
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    shake_hands(&mut stream).await?;
    let mut rewriter = Rewriter::default();
    loop {
        // `None`: the stream has ended. Otherwise the output that the socket did not accept.
        let left = poll_fn(|cx| {
            BUFFERS.with_borrow_mut(|(input, output)| {
                let mut buffer = ReadBuf::new(input);
                ready!(Pin::new(&mut stream).poll_read(cx, &mut buffer))?;
                let read = buffer.filled_mut();
                output.clear();
                if read.is_empty() || !rewriter.rewrite(read, output) {
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(match stream.try_write(output) {
                    Ok(written) => Ok(Some(output[written..].to_vec())),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        Ok(Some(output.clone()))
                    }
                    Err(error) => Err(error),
                })
            })
        });
        match left.await? {
            Some(left) if left.is_empty() => {}
            Some(left) => stream.write_all(&left).await?,
            None => return Ok(()),
        }
    }
}

async fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    loop {
        if let Some(response) = handshake::response(&head) {
            return stream.write_all(&response).await;
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
