//! The real program, over real sockets.

mod admission;
mod api;
mod auth;
mod bench;
mod compression;
mod connect;
mod drain;
mod endpoints;
mod engine;
mod healthcheck;
mod heartbeat;
mod history;
mod http;
mod http2;
mod identity;
mod incidents;
mod limits;
mod log;
mod messages;
mod mistakes;
mod options;
mod presence;
mod process;
mod raw;
mod rooms;
mod routes;
mod script;
mod secure;
mod shutdown;
mod slow;
#[cfg(unix)]
mod transport;
