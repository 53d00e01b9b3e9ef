//! The size of what is kept for every connection, and of what every call returns.

use core::fmt::Debug;

use ws_proto::{Close, Connection, Error, Event, Payload, SendError};

/// Checks that a `T` takes at most `bytes`, and prints its size.
fn at_most<T>(bytes: usize) {
    let size = size_of::<T>();
    println!("{size:>4} bytes: {}", core::any::type_name::<T>());
    assert!(size <= bytes, "{size} bytes, {bytes} allowed");
}

#[test]
fn of_an_idle_connection() {
    at_most::<Connection>(160);
}

#[test]
fn of_what_receive_returns() {
    at_most::<Event<'_>>(40);
    at_most::<Result<Option<Event<'_>>, Error>>(40);
}

#[test]
fn of_errors() {
    at_most::<Error>(32);
    at_most::<SendError>(32);
}

#[test]
fn of_what_is_sent() {
    at_most::<Payload<'_>>(32);
    at_most::<Close<'_>>(40);
}

/// An adapter moves these between threads.
#[test]
fn and_all_of_it_can_change_threads() {
    fn is_send_and_sync<T: Debug + Send + Sync>() {}
    is_send_and_sync::<Connection>();
    is_send_and_sync::<Event<'static>>();
    is_send_and_sync::<Payload<'static>>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<SendError>();
}
