//! The real program, over real sockets.

mod connect;
mod healthcheck;
mod heartbeat;
mod http;
mod limits;
mod messages;
mod options;
mod process;
mod raw;
mod shutdown;
mod slow;
