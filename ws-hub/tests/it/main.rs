//! Members with sockets, over scripted streams and a clock that is moved by hand.

mod closing;
mod receiving;
mod sending;
mod slow;
mod support;
