//! A client on smol: `smol_client [URI]`.

#[path = "smol/timer.rs"]
mod timer;

use std::error::Error;

use rand::TryRng;
use rand::rngs::SysRng;
use smol::net::TcpStream;
use ws_futures::client::{ClientRequest, Uri};
use ws_futures::{CloseCode, Config, connect_on};

use timer::SmolTimer;

fn main() -> Result<(), Box<dyn Error>> {
    let uri = std::env::args().nth(1).unwrap_or("ws://127.0.0.1:9001/".into());
    smol::block_on(run(&uri.parse()?))
}

async fn run(uri: &Uri) -> Result<(), Box<dyn Error>> {
    let stream = TcpStream::connect((uri.host(), uri.port())).await?;
    stream.set_nodelay(true)?;
    // The key and the masks must be unpredictable (RFC 6455 §10.3).
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    let request = ClientRequest::for_uri(uri);
    let (timer, config) = (SmolTimer::default(), Config::default());
    let (mut socket, _response) = connect_on(stream, timer, config, request, seed).await?;
    socket.send("hello").await?;
    if let Some(message) = socket.recv().await? {
        println!("{message:?}");
    }
    socket.close_and_discard(CloseCode::NORMAL).await?;
    Ok(())
}
