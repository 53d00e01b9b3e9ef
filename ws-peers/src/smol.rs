//! The runtime and the timer are those of the examples of `ws-futures`.

#[path = "../../ws-futures/examples/smol/runtime.rs"]
mod runtime;
#[path = "../../ws-futures/examples/smol/timer.rs"]
mod timer;

use std::sync::Arc;

use rand::TryRng;
use rand::rngs::SysRng;
use smol::net::{TcpListener, TcpStream};
use ws_futures::client::{ClientRequest, Uri};
use ws_futures::serve::Serve;
use ws_futures::{Config, WebSocket};

use crate::{Result, Server, echo, report};

use runtime::{Smol, SmolListener};
use timer::SmolTimer;

pub(crate) fn serve(options: Server) -> Result {
    let listener = smol::block_on(TcpListener::bind(&options.address))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let runtime = Smol::default();
    let echo = async |socket: WebSocket<TcpStream, SmolTimer>| echo(socket).await;
    let listener = SmolListener(listener);
    let serving = Serve::sockets(runtime.clone(), listener, options.config(), echo);
    runtime.block_on(options.threads, serving.on_error(report).into_future());
    Ok(())
}

pub(crate) fn connect(uri: &Uri, config: Arc<Config>) -> Result {
    smol::block_on(async {
        let stream = TcpStream::connect((uri.host(), uri.port())).await?;
        stream.set_nodelay(true)?;
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed)?;
        let request = ClientRequest::for_uri(uri);
        let opening = ws_futures::connect_on(stream, SmolTimer::default(), config, request, seed);
        Ok(echo(opening.await?.0).await?)
    })
}
