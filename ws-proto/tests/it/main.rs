//! The core through its public interface. `pair/`, `property/` and `compressed/` are shared by the
//! tests.

mod any_chunking;
mod chunked_delivery;
mod close_frames;
mod closing;
mod closing_by_application;
mod closing_deadlines;
mod closing_model;
#[cfg(feature = "deflate")]
mod compressed;
#[cfg(feature = "deflate")]
mod deflate;
mod draining;
mod end_of_stream;
mod ending_tcp;
mod examples;
mod exhaustive;
mod fragments;
mod guide;
mod handshake;
mod keep_alive;
mod lengths;
mod limits;
mod masks;
mod no_limits;
mod pair;
mod property;
mod proxy;
mod replies;
mod round_trip;
mod send_errors;
mod sending;
mod size;
mod stats;
mod text;
mod timeout_changed;
mod violations;
