//! No runtime: tasks that are polled by hand, streams that follow a script, a clock that moves only
//! when told.

pub mod clock;
pub mod script;
pub mod stream;
pub mod task;
