//! Every way in which a connection ends.

mod by_application;
mod deadlines;
mod drain;
mod end_of_stream;
mod failure;
mod flood;
mod handshake;
mod reset;
mod unread_output;
mod write_error;

use ws_futures::proto::Initiator;
use ws_futures::{Error, Message};

use crate::support::Socket;
use crate::support::task::run;

/// What an application receives from a connection until its end.
struct Rest {
    messages: Vec<Message>,
    error: Option<Error>,
}

type Take = fn(&mut Socket) -> Rest;

const WAYS: [(&str, Take); 2] = [("recv", by_recv), ("read", by_read)];

fn by_recv(socket: &mut Socket) -> Rest {
    let mut messages = Vec::new();
    let error = run(async {
        loop {
            match socket.recv().await {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => return None,
                Err(error) => return Some(error),
            }
        }
    });
    assert_ended(socket);
    Rest { messages, error }
}

fn by_read(socket: &mut Socket) -> Rest {
    let mut messages = Vec::new();
    let error = run(async {
        loop {
            let over = socket.closed().is_some_and(|closed| {
                closed.received.is_some() || closed.initiator == Initiator::Library
            });
            match socket.read().await {
                Ok(Some(mut batch)) => {
                    assert!(!over, "lends events after the end");
                    while let Some(event) = batch.next() {
                        messages.push(event.into());
                    }
                }
                Ok(None) => return None,
                Err(error) => return Some(error),
            }
        }
    });
    assert_ended(socket);
    Rest { messages, error }
}

/// An end is reported once; after that every call returns nothing.
#[track_caller]
fn assert_ended(socket: &mut Socket) {
    for _ in 0..2 {
        assert!(matches!(run(socket.recv()), Ok(None)));
        assert!(matches!(run(socket.read()), Ok(None)));
    }
    assert!(run(socket.send("late")).is_err());
    assert!(socket.try_send("late").is_err());
    run(socket.close_and_discard(ws_futures::CloseCode::NORMAL)).expect("nothing is pending");
}
