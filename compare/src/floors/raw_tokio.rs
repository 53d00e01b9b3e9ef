//! A minimal echo server on Tokio. Its connections share one buffer.

use std::cell::RefCell;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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

const BUFFER: usize = 64 * 1024;

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
        stream.readable().await?;
        // `None`: the stream has ended. Otherwise the output that the socket did not accept.
        let left = BUFFERS.with_borrow_mut(|(input, output)| {
            let read = match stream.try_read(input) {
                Ok(0) => return Ok(None),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Some(Vec::new()));
                }
                Err(error) => return Err(error),
            };
            output.clear();
            if !rewriter.rewrite(&mut input[..read], output) {
                return Ok(None);
            }
            match stream.try_write(output) {
                Ok(written) => Ok(Some(output[written..].to_vec())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Some(output.clone())),
                Err(error) => Err(error),
            }
        })?;
        match left {
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
