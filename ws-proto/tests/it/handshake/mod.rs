//! The opening handshake, request by request and response by response.

mod client;
mod end_to_end;
mod extended_connect;
mod grammar;
mod redirects;
mod server;
