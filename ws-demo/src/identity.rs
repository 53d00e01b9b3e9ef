//! Who a client is and what it may do, by the token that it presents: a static one, or a signed one
//! (JWT).

mod claims;
mod cryptography;
mod grant;
mod keys;
mod options;
mod permissions;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::auth::{self, Tokens};
use grant::Credential;
use keys::Keys;

pub(crate) use grant::{Grant, Identity};
pub(crate) use keys::Setup as KeySetup;
pub(crate) use options::IdentityOptions;
pub(crate) use permissions::{Pattern, Permissions};

/// Verifies the tokens of clients.
pub(crate) struct Authenticator {
    tokens: Option<Tokens>,
    keys: Option<Keys>,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is unknown, malformed, or its signature is wrong.
    Invalid,
    Expired,
    NotYetValid,
    /// It is for another server.
    Audience,
    /// It names another user than the one that the client has authenticated as.
    OtherUser,
}

impl Authenticator {
    /// Reads tokens and keys; `None` if there is neither source.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or contains neither token nor key.
    pub(crate) fn load(
        tokens: Option<auth::Source>,
        keys: Option<KeySetup>,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let tokens = tokens.map(Tokens::load).transpose()?;
        let keys = keys.map(Keys::load).transpose()?;
        Ok((tokens.is_some() || keys.is_some()).then_some(Self { tokens, keys }))
    }

    /// Reads the files again, and reports to the log. What cannot be read stays as it was.
    pub(crate) fn reload(&self) {
        if let Some(tokens) = &self.tokens {
            match tokens.reload() {
                Ok(count) => tracing::info!("[ws] {count} tokens reloaded"),
                Err(error) => {
                    tracing::error!(
                        "[ws] tokens not reloaded, the former ones stay valid: {error}"
                    );
                }
            }
        }
        if let Some(keys) = &self.keys {
            match keys.reload() {
                Ok(count) => tracing::info!("[ws] {count} keys reloaded"),
                Err(error) => {
                    tracing::error!("[ws] keys not reloaded, the former ones stay in use: {error}");
                }
            }
        }
    }

    /// Verifies a token at this time.
    ///
    /// # Errors
    ///
    /// The reason why it is refused.
    pub(crate) fn verify(&self, token: &[u8], now: SystemTime) -> Result<Grant, Refusal> {
        if let Some(hash) = self.tokens.as_ref().and_then(|tokens| tokens.find(token)) {
            return Ok(Grant {
                user: None,
                permissions: Permissions::ALL,
                expiry: None,
                credential: Credential::StaticToken(hash),
            });
        }
        match &self.keys {
            Some(keys) => keys.verify(token, now),
            None => Err(Refusal::Invalid),
        }
    }

    /// Gives a client the identity of a grant.
    ///
    /// # Errors
    ///
    /// The grant is not valid any more, or names another user than the client has.
    pub(crate) fn identify(
        &self,
        identity: &Identity,
        grant: Grant,
    ) -> Result<Arc<Grant>, Refusal> {
        if identity.grant().is_some_and(|former| former.user != grant.user) {
            return Err(Refusal::OtherUser);
        }
        let grant = Arc::new(grant);
        identity.set(Arc::clone(&grant));
        // Checked afterwards: who removes a key looks for its clients afterwards, too, so one of the
        // two notices.
        match self.is_revoked(&grant) {
            true => Err(Refusal::Invalid),
            false => Ok(grant),
        }
    }

    /// Whether the token or the key on which the grant depends was removed.
    pub(crate) fn is_revoked(&self, grant: &Grant) -> bool {
        !match &grant.credential {
            Credential::StaticToken(hash) => {
                self.tokens.as_ref().is_some_and(|tokens| tokens.contains(hash))
            }
            Credential::Key(hash) => self.keys.as_ref().is_some_and(|keys| keys.contains(hash)),
        }
    }
}

impl Refusal {
    /// A short form, for metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Audience => "audience",
            Self::OtherUser => "other_user",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Invalid => "the token is not valid",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::Audience => "the token is for another audience",
            Self::OtherUser => "the token is of another user: connect again to change the user",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
