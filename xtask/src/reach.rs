//! Servers that our client reaches, and clients that reach our server over TLS.

mod authority;
mod client_run;
pub(crate) mod proxies;
pub(crate) mod tls_clients;

use crate::failure::Result;
use crate::outcome::Outcome;

pub(crate) fn run() -> Result<Outcome> {
    proxies::run()?;
    tls_clients::run()
}
