//! Servers that must keep running.

mod accepting;
mod bounds;
mod handlers;
mod shutting_down;

use ws_futures::serve::{Handler, Serve, Sockets};
use ws_futures::{Close, Config, Drained, Error, WebSocket};

use crate::support::clock::Alarm;
use crate::support::handshake::{ACCEPT, REQUEST};
use crate::support::server::{Hands, Queue, QueueListener, Reports, Tasks};
use crate::support::stream::{Remote, Stream};

type Socket = WebSocket<Stream, Alarm>;

/// A server under test: its runtime, its queue and its reports.
#[derive(Clone, Default)]
struct Server {
    hands: Hands,
    queue: Queue,
    reports: Reports,
}

impl Server {
    fn serve<F>(&self, handler: F) -> Serve<Hands, QueueListener, Sockets<F>>
    where
        Sockets<F>: Handler<Stream, Alarm, u32>,
    {
        let reports = self.reports.clone();
        Serve::sockets(self.hands.clone(), self.queue.listener(), Config::default(), handler)
            .on_error(move |error| reports.push(error))
    }

    fn run<F: IntoFuture<Output = Drained, IntoFuture: 'static>>(
        &self,
        serve: F,
    ) -> Tasks<Drained> {
        Tasks::new(&self.hands, serve)
    }

    /// A client whose request has been sent.
    fn client(&self) -> Remote {
        let remote = self.queue.connect();
        remote.send(REQUEST.as_bytes());
        remote
    }

    /// A client whose request was accepted.
    fn open(&self, tasks: &mut Tasks<Drained>) -> Remote {
        let remote = self.client();
        tasks.wait();
        let answer = remote.take();
        assert!(answer.ends_with(format!("Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n").as_bytes()));
        remote
    }
}

async fn echo(mut socket: Socket) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}

/// Returns whether a client receives an echo.
fn is_served(remote: &Remote, tasks: &mut Tasks<Drained>) -> bool {
    use crate::support::wire::{self, FIN, TEXT};
    use ws_futures::proto::Role;

    remote.send(&wire::text(Role::Server, "hello"));
    tasks.wait();
    let mut written = remote.take();
    let frames = wire::take_contents(&mut written);
    written.is_empty() && frames == [(FIN | TEXT, b"hello".to_vec())]
}

/// The status of an answer.
fn status(remote: &Remote) -> String {
    let answer = String::from_utf8(remote.take()).expect("a head");
    answer.split(' ').nth(1).unwrap_or_default().into()
}

/// The Close frame of a shutdown, to be compared.
fn going_away() -> Close<'static> {
    ws_futures::CloseCode::GOING_AWAY.into()
}
