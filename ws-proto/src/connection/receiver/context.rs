//! What a receiver depends on.

use crate::config::Config;
use crate::connection::role::Role;
use crate::deflate::Extension;

/// What receiving depends on besides its own state.
pub(in crate::connection) struct Context<'c> {
    pub(in crate::connection) role: Role,
    pub(in crate::connection) config: &'c Config,
    pub(in crate::connection) extension: Option<&'c mut Extension>,
    pub(in crate::connection) unfinished: Unfinished,
}

/// What happens to a payload that would be gathered, and is not complete in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::connection) enum Unfinished {
    /// It is gathered.
    Take,
    /// It is left in the input.
    Leave,
}
