//! The real program, over real sockets.

mod heartbeat;
mod http;
mod limits;
mod messages;
mod options;
mod process;
mod raw;
mod shutdown;
mod slow;
