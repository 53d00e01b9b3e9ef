//! The adapter through its public interface.

mod connect;
mod faults;
mod serve;
mod support;
mod tls;
