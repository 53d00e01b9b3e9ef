//! A connection as two values, in two tasks.

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod halves;
mod load;
mod reading;
mod reuniting;
mod streams;
mod waking;
