//! The adapter through its public interface; `support/` has listeners and both kinds of runtime.

mod connect_errors;
mod deadlines;
mod faults;
mod gateway;
mod http_server;
mod pipe;
mod reaching;
mod serve;
mod support;
#[cfg(feature = "deflate")]
mod upgrade;
