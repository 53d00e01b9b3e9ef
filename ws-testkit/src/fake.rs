//! No runtime: tasks that are polled by hand, streams that follow a script, a clock that is moved
//! by hand.

pub mod clock;
pub mod script;
pub mod stream;
pub mod task;
