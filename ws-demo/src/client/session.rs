//! How a connection has ended.

use ws_tokio::proto::Initiator;
use ws_tokio::{Close, CloseCode, Closed};

/// The Close frame of the side that began to close the connection; code 1006 if there is none.
pub(super) fn decisive_close(closed: Option<&Closed>) -> Close<'_> {
    let lost = Close::from(CloseCode::ABNORMAL);
    let Some(closed) = closed else { return lost };
    let close = match (closed.initiator, &closed.sent) {
        (Initiator::Local | Initiator::Library, Some(sent)) => Some(sent),
        _ => closed.received.as_ref(),
    };
    close.map_or(lost, |close| Close::new(close.code, &*close.reason))
}
