//! Several messages in one packet.

use std::io::Write;
use std::thread;

use futures_channel::oneshot;
use ws_futures::proto::Role;
use ws_futures::{Config, Message, accept};

use crate::raw::{REQUEST, RESPONSE, connect, expect, read_frame};
use crate::runtime::Runtime;
use crate::server::listener;

/// Sent messages reach the peer even if more input is buffered and the socket is not polled again.
pub fn a_reply_arrives_while_the_socket_is_idle<R: Runtime>() {
    reply_to_the_first_of_three::<R>(AfterReply::Idle);
}

/// The same when the socket is dropped at once.
pub fn a_reply_arrives_when_the_socket_is_dropped<R: Runtime>() {
    reply_to_the_first_of_three::<R>(AfterReply::Dropped);
}

#[derive(PartialEq)]
enum AfterReply {
    Idle,
    Dropped,
}

fn reply_to_the_first_of_three<R: Runtime>(after_reply: AfterReply) {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    let (done, is_done) = oneshot::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _done = done;
            let mut stream = connect(address);
            let texts = [b"one", b"two", b"333"]
                .map(|text| ws_wire::frame(Role::Server, 0x81, text))
                .concat();
            stream.write_all(&[REQUEST.as_bytes(), &texts].concat()).expect("open");
            assert_eq!(expect(&mut stream, RESPONSE.len()), RESPONSE.as_bytes());
            assert_eq!(read_frame(&mut stream), (0x81, b"to one".to_vec()));
        });
        R::block_on(async move {
            listener.set_nonblocking(true).expect("a socket");
            let listener = R::listen(listener).expect("a listener");
            let stream = R::accept(&listener).await.expect("a client");
            let mut socket =
                accept(stream, R::timer(), Config::default()).await.expect("a request");
            let first = socket.recv().await.expect("no error");
            assert_eq!(first, Some(Message::text("one")));
            socket.send("to one").await.expect("open");
            let idle = (after_reply == AfterReply::Idle).then_some(socket);
            let _ = is_done.await;
            drop(idle);
        });
    });
}
