//! What a good token grants, and the identity that it gives a client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::permissions::Permissions;

/// What the token of a client grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The user that the token names, if it does.
    pub(crate) user: Option<Arc<str>>,
    pub(crate) permissions: Permissions,
    /// When it ends, if it does.
    pub(crate) expiry: Option<SystemTime>,
    pub(super) credential: Credential,
}

/// The secret or the key on which a grant depends: its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    StaticToken([u8; 32]),
    Key([u8; 32]),
}

/// Who a client is, as others see it: the hub keeps one for each member.
#[derive(Debug, Default)]
pub(crate) struct Identity(Mutex<Option<Arc<Grant>>>);

impl Identity {
    /// `None`: it has not authenticated.
    pub(crate) fn grant(&self) -> Option<Arc<Grant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The user, if its token names one.
    pub(crate) fn user(&self) -> Option<Arc<str>> {
        self.grant()?.user.clone()
    }

    /// Whether it is a client of this user. Copies nothing: it is asked of all clients.
    pub(crate) fn is_of(&self, user: &str) -> bool {
        let grant = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        grant.as_ref().is_some_and(|grant| grant.user.as_deref() == Some(user))
    }

    pub(super) fn set(&self, grant: Arc<Grant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(grant);
    }
}
