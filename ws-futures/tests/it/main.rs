//! The loop through its public interface; `support/` has the streams, the clock and the tasks.

mod auto_traits;
mod back_pressure;
mod cancel_safety;
mod chunks;
mod closing;
#[cfg(feature = "deflate")]
mod compressed;
mod corking;
mod facts;
mod flushing;
mod fragments;
mod handshake;
mod keep_alive;
mod large_frames;
mod layers_above;
mod message;
mod one_conversation;
mod pending_replies;
mod prepared;
mod serve;
mod shutdown;
mod smol;
mod split;
mod support;
#[cfg(feature = "tracing")]
mod tracing;
mod waiting_to_send;
