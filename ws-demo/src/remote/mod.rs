//! Servers elsewhere, as `connect`, `bench` and `healthcheck` reach them.

mod closing;
mod dial;
mod route;
mod stream;
mod target;
mod tls;

pub(crate) use closing::words;
pub(crate) use dial::{DialError, Dialer};
pub(crate) use route::Route;
pub(crate) use stream::Stream;
pub(crate) use target::Target;
pub(crate) use tls::Trust;
