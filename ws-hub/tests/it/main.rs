//! Members with sockets, over streams and a clock that do as they are told.

mod closing;
mod receiving;
mod sending;
mod slow;
mod support;
