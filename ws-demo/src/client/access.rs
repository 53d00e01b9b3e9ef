//! What a client may do, and until when.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use tokio::time::{Sleep, sleep};

use crate::identity::{Grant, Permissions};

/// The grant of a client, if it has authenticated; everything is allowed to one that need not.
#[derive(Default)]
pub(super) struct Access {
    grant: Option<Arc<Grant>>,
    /// The end of the grant, if it has one.
    expiry: Option<Pin<Box<Sleep>>>,
}

impl Access {
    pub(super) fn set(&mut self, grant: Arc<Grant>) {
        self.expiry = grant.expiry.map(|expiry| {
            let remaining = expiry.duration_since(SystemTime::now()).unwrap_or_default();
            Box::pin(sleep(remaining))
        });
        self.grant = Some(grant);
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.grant.as_ref().and_then(|grant| grant.user.as_deref())
    }

    pub(super) fn permissions(&self) -> &Permissions {
        self.grant.as_ref().map_or(&Permissions::ALL, |grant| &grant.permissions)
    }

    /// Is ready once, when the grant has ended.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ended = self.expiry.as_mut().is_some_and(|expiry| expiry.as_mut().poll(cx).is_ready());
        if !ended {
            return Poll::Pending;
        }
        self.expiry = None;
        Poll::Ready(())
    }
}
