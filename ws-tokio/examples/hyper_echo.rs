//! An echo server on hyper alone, over HTTP/1.1 and HTTP/2: `hyper_echo ADDRESS`.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::net::TcpListener;
use ws_tokio::serve::BoxError;
use ws_tokio::upgrade::{self, UpgradeFuture};
use ws_tokio::{Config, Deflate};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).ok_or("usage: hyper_echo ADDRESS")?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let serving = upgrade::serve(listener, service_fn(answer));
    serving.on_error(|error| eprintln!("{error}")).await;
    Ok(())
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
    match upgrade::upgrade(&mut request, config) {
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
