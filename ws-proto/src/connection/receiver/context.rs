//! What a receiver depends on.

use crate::config::Config;
use crate::connection::role::Role;
use crate::deflate::Extension;

/// What receiving depends on besides its own state.
pub(in crate::connection) struct Context<'c> {
    pub(in crate::connection) role: Role,
    pub(in crate::connection) config: &'c Config,
    pub(in crate::connection) extension: Option<&'c mut Extension>,
}
