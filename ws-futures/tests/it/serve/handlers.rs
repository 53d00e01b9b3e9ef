//! What an application does with a connection.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use ws_futures::proto::Role;
use ws_futures::serve::{
    Arrival, BoxError, ConnectionError, Protocol, Serve, ServeError, Server as AnyServer,
};
use ws_futures::{Config, Error, HandshakeError, Incoming, Message, Shutdown};

use crate::serve::{Server, Socket, echo, is_served, status};
use crate::support::clock::Alarm;
use crate::support::handshake::REQUEST;
use crate::support::server::{Hands, QueueListener, Tasks};
use crate::support::stream::Stream;
use crate::support::task::run;
use crate::support::wire;

#[test]
fn errors_concern_one_connection_and_are_reported() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(async |socket: Socket| {
        echo(socket).await?;
        Err::<(), BoxError>("a reason of the application".into())
    }));
    let good = server.open(&mut tasks);
    let bad = server.open(&mut tasks);
    bad.send(&[0xFF; 10]);
    bad.end();
    tasks.wait();
    assert!(is_served(&good, &mut tasks));
    good.send(&wire::close(Role::Server, 1000, ""));
    good.end();
    tasks.wait();
    let reports: Vec<_> = server.reports.take().iter().map(ToString::to_string).collect();
    assert_eq!(reports, ["2: reserved bit set", "1: a reason of the application"]);
}

#[test]
fn a_panic_concerns_one_connection_and_is_reported() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(async |mut socket: Socket| {
        while let Some(message) = socket.recv().await? {
            if message.as_text() == Some("panic") {
                // Without output of the panic hook.
                std::panic::resume_unwind(Box::new("a test"));
            }
            socket.feed(message).await?;
        }
        Ok::<(), Error>(())
    }));
    let good = server.open(&mut tasks);
    let bad = server.open(&mut tasks);
    bad.send(&wire::text(Role::Server, "panic"));
    tasks.wait();
    assert!(bad.is_dropped());
    assert_eq!(tasks.others(), 1);
    assert!(is_served(&good, &mut tasks));
    let reports = server.reports.take();
    assert!(matches!(
        reports[..],
        [ServeError::Connection { peer: 2, error: ConnectionError::Panicked }]
    ));
}

#[test]
fn a_bad_request_is_answered_and_reported() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let remote = server.queue.connect();
    remote.send(b"POST / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    tasks.wait();
    assert_eq!(status(&remote), "405");
    remote.end();
    tasks.wait();
    let reports = server.reports.take();
    assert!(matches!(
        reports[..],
        [ServeError::Connection {
            peer: 1,
            error: ConnectionError::Handshake(HandshakeError::Rejected(_))
        }]
    ));
}

/// The client is identified in asynchronous code, and the result passed on.
async fn with_request(incoming: Incoming<Stream, Alarm>, peer: u32) -> Result<(), BoxError> {
    let Ok(request) = incoming.request() else { return Err("no request".into()) };
    let user = match request.header("authorization") {
        Some(user) => std::future::ready(user.to_owned()).await,
        None => {
            let answer = |answer: ws_futures::server::Rejection| {
                answer.body("who are you?\n").header("WWW-Authenticate", "Basic")
            };
            return Ok(incoming.reject(401, answer).await?);
        }
    };
    let accept = |answer: ws_futures::server::Accept| {
        answer.subprotocol("superchat")?.header("X-User", &user)
    };
    let mut socket = incoming.accept_with(accept).await?;
    socket.send(format!("{user} at {peer}")).await?;
    while socket.recv().await?.is_some() {}
    Ok(())
}

#[test]
fn a_request_is_seen_and_accepted_or_rejected() {
    let server = Server::default();
    let serve = Serve::requests(
        server.hands.clone(),
        server.queue.listener(),
        Config::default(),
        with_request,
    );
    let mut tasks = server.run(serve);

    let stranger = server.client();
    tasks.wait();
    let answer = String::from_utf8(stranger.take()).expect("a head");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("WWW-Authenticate: Basic\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nwho are you?\n"), "{answer}");

    let friend = server.queue.connect();
    let request = REQUEST.replace("\r\n\r\n", "\r\nAuthorization: me\r\n\r\n");
    friend.send(request.as_bytes());
    tasks.wait();
    let answer = friend.take();
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    let (head, frames) = answer.split_at(head);
    let head = String::from_utf8_lossy(head);
    assert!(head.contains("Sec-WebSocket-Protocol: superchat\r\nX-User: me\r\n"), "{head}");
    assert_eq!(wire::contents(frames), [(0x81, b"me at 2".to_vec())]);
}

/// While its request is decided on, a client counts as a handshake; afterwards it does not.
#[test]
fn a_request_counts_until_it_is_answered() {
    let server = Server::default();
    let decided = Shutdown::new();
    let gate = decided.clone();
    let serve = Serve::requests(
        server.hands.clone(),
        server.queue.listener(),
        Config::default(),
        move |incoming: Incoming<Stream, Alarm>, _peer| {
            let gate = gate.clone();
            async move {
                gate.begun().await;
                let mut socket = incoming.accept().await?;
                while socket.recv().await?.is_some() {}
                Ok::<(), BoxError>(())
            }
        },
    )
    .max_handshakes(1);
    let mut tasks = server.run(serve);
    let first = server.client();
    let second = server.client();
    tasks.wait();
    assert_eq!(server.queue.len(), 1);
    decided.begin();
    tasks.wait();
    assert!(first.take().starts_with(b"HTTP/1.1 101 "));
    assert_eq!(server.queue.len(), 0);
    assert!(second.take().starts_with(b"HTTP/1.1 101 "));
}

/// A handler may return before its connection ends.
#[test]
fn a_connection_may_outlive_its_handler() {
    let server = Server::default();
    let (sender, sockets) = channel();
    let shutdown = Shutdown::new();
    let serve = server
        .serve(move |socket: Socket| {
            let sent = sender.send(socket);
            async { sent.map_err(|_| "the test has ended") }
        })
        .shutdown(&shutdown);
    let mut tasks = server.run(serve);
    let remote = server.open(&mut tasks);
    let mut socket = sockets.recv().expect("a socket");
    assert_eq!((tasks.others(), shutdown.connections()), (0, 1));
    run(socket.send(Message::text("still here"))).expect("open");
    assert!(!remote.take().is_empty());
    shutdown.begin();
    tasks.wait();
    drop(socket);
    assert_eq!(tasks.finish().cut, 1);
}

/// Never run: a handler's future may be large, and must be `Send` only.
#[expect(dead_code, reason = "its types are the test")]
fn types(server: &Server) {
    let room = Arc::new(Mutex::new(0));
    let handler = move |_socket: Socket| {
        let room = Arc::clone(&room);
        async move {
            *room.lock().expect("no panic") += 1;
            pending::<()>().await;
            Ok::<(), BoxError>(())
        }
    };
    fn send(_: impl Send) {}
    send(server.serve(handler).into_future());
}

/// A task is hardly larger than its handler.
#[test]
fn sizes() {
    let server = Server::default();
    let size = Arc::new(AtomicUsize::new(0));
    let handler = {
        let size = Arc::clone(&size);
        move |socket| {
            let echo = echo(socket);
            size.store(size_of_val(&echo), Ordering::SeqCst);
            echo
        }
    };
    let mut tasks = server.run(server.serve(handler));
    server.open(&mut tasks);
    let [handler, task] = [size, server.hands.size].map(|size| size.load(Ordering::SeqCst));
    assert!(task <= handler + 96, "{task} bytes around {handler}");
}

/// A protocol that reports which connections take part in a shutdown.
struct Parts(Sender<bool>);

impl Protocol<QueueListener> for Parts {
    async fn serve(
        self: Arc<Self>,
        arrival: Arrival<QueueListener>,
    ) -> Result<(), ConnectionError> {
        let _ = self.0.send(arrival.guard.is_some());
        Ok(())
    }
}

/// Taking part costs memory, which a server that is never shut down does not use.
#[test]
fn connections_take_part_in_a_shutdown_if_there_can_be_one() {
    let takes_part = |set: fn(AnyServer<Hands, QueueListener>) -> AnyServer<_, _>| {
        let Server { hands, queue, .. } = Server::default();
        let (sender, parts) = channel();
        let server = set(AnyServer::new(hands.clone(), queue.listener()));
        let mut tasks = Tasks::new(&hands, server.run(Parts(sender)));
        queue.connect();
        tasks.wait();
        parts.recv().expect("a connection")
    };
    assert!(!takes_part(|server| server));
    assert!(takes_part(|server| server.with_graceful_shutdown(pending())));
    assert!(takes_part(|server| server.shutdown(&Shutdown::new())));
}
