//! A connection as two values, in two tasks.

mod closing;
mod halves;
mod load;
mod reading;
mod reuniting;
mod streams;
mod waking;
