//! An echo server on hyper alone, over HTTP/1.1 and HTTP/2: `hyper_echo ADDRESS`.

use std::convert::Infallible;
use std::error::Error;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use ws_tokio::upgrade::{UpgradeFuture, upgrade};
use ws_tokio::{Config, Deflate};

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).ok_or("usage: hyper_echo ADDRESS")?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    loop {
        let (stream, _peer) = listener.accept().await?;
        tokio::spawn(async move {
            let mut server = auto::Builder::new(TokioExecutor::new());
            server.http2().enable_connect_protocol();
            let serving =
                server.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(answer));
            serving.await
        });
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
    match upgrade(&mut request, config) {
        Ok((response, socket)) => {
            tokio::spawn(echo(socket));
            Ok(response)
        }
        Err(rejection) => Ok(rejection.into()),
    }
}

async fn echo(socket: UpgradeFuture) -> Result<(), BoxError> {
    let mut socket = socket.await?;
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
