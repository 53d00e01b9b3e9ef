//! Metrics of who may do what: tokens, and rights that clients lack.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Label;
use crate::identity::Refusal;

/// The metrics of tokens and rights.
pub(crate) struct Access {
    tokens: Family<[Label; 1], Counter>,
    forbidden: Counter,
    expired: Counter,
    revoked: Counter,
}

impl Access {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let tokens = Family::<[Label; 1], Counter>::default();
        let refusals = [
            Refusal::Invalid,
            Refusal::Expired,
            Refusal::NotYetValid,
            Refusal::Audience,
            Refusal::OtherUser,
        ];
        for result in [None].into_iter().chain(refusals.map(Some)) {
            // The series exists from the start.
            drop(tokens.get_or_create(&[("result", label(result))]));
        }
        let (forbidden, expired, revoked) =
            (Counter::default(), Counter::default(), Counter::default());
        registry.register("tokens", "Tokens of clients that were verified", tokens.clone());
        let about = "Requests that the token of their client does not allow";
        registry.register("forbidden", about, forbidden.clone());
        let about = "Clients disconnected because their token expired";
        registry.register("tokens_expired", about, expired.clone());
        let about = "Clients disconnected because their token or its key was removed";
        registry.register("tokens_revoked", about, revoked.clone());
        Self { tokens, forbidden, expired, revoked }
    }

    /// A token was verified; `None`: it was accepted.
    pub(crate) fn check_token(&self, refused: Option<Refusal>) {
        self.tokens.get_or_create(&[("result", label(refused))]).inc();
    }

    /// A client lacks a right.
    pub(crate) fn forbid(&self) {
        self.forbidden.inc();
    }

    /// A client was disconnected because its token expired.
    pub(crate) fn expire(&self) {
        self.expired.inc();
    }

    /// This number of clients was disconnected because of a removed token or key.
    pub(crate) fn revoke(&self, clients: usize) {
        self.revoked.inc_by(clients as u64);
    }
}

fn label(refused: Option<Refusal>) -> &'static str {
    refused.map_or("ok", Refusal::label)
}
