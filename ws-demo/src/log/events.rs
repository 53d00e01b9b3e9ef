//! The events of the log that notices become.

use tracing::{Level, event};

use crate::notice::{Content, Notice, Repeating, shown};
use crate::throttle::Repetitions;

/// An event at a level that is not known at compile time.
macro_rules! event_at {
    ($level:expr, $($event:tt)+) => {
        match $level {
            Level::ERROR => event!(Level::ERROR, $($event)+),
            Level::WARN => event!(Level::WARN, $($event)+),
            Level::DEBUG => event!(Level::DEBUG, $($event)+),
            _ => event!(Level::INFO, $($event)+),
        }
    };
}

/// Logs a line of text.
pub(super) fn text(notice: &Notice<'_>) {
    event_at!(notice.level(), "{notice}");
    // The line above has a fixed form.
    if let Notice::Disconnected { id, session, .. } = notice {
        event!(Level::INFO, "[ws] Session of {id}: {session}");
    }
}

/// Logs fields; the message only names the event.
pub(super) fn fields(notice: &Notice<'_>) {
    let level = notice.level();
    match *notice {
        Notice::Listening { on } => event_at!(level, endpoint = %on, "listening"),
        Notice::AdminListening { on } => event_at!(level, endpoint = %on, "admin listening"),
        Notice::Refused { why, address, client, error } => event_at!(
            level,
            client = client.map(display),
            address = address.map(display),
            reason = why.reason(),
            error = error.map(shown),
            count = 1_u64,
            "refused"
        ),
        Notice::Connected { id, user, address, total } => event_at!(
            level,
            client = %id,
            user,
            address = address.map(display),
            clients = total,
            "connected"
        ),
        Notice::Message { id, content } => match content {
            Content::Binary(len) => event_at!(level, client = %id, bytes = len, "message"),
            Content::Text(text) => {
                event_at!(level, client = %id, text = %content, bytes = text.len(), "message");
            }
            Content::Secret => event_at!(level, client = %id, "secret message"),
        },
        Notice::Close { id, close } => event_at!(
            level,
            client = %id,
            code = close.code.get(),
            reason = &*close.reason,
            "close received"
        ),
        Notice::Disconnected { id, session, total } => event_at!(
            level,
            client = %id,
            user = session.user,
            address = session.address.map(display),
            code = session.close.code.get(),
            reason = &*session.close.reason,
            duration = session.duration.as_millis() as f64 / 1000.0,
            bytes_in = session.bytes_in,
            bytes_out = session.bytes_out,
            clients = total,
            "disconnected"
        ),
        Notice::Failed { id, address, error } => event_at!(
            level,
            client = %id,
            address = address.map(display),
            error = shown(error),
            "client error"
        ),
        Notice::FailedHeartbeat { id, address } => event_at!(
            level,
            client = %id,
            address = address.map(display),
            "heartbeat failed"
        ),
        Notice::RateLimited { id, address } => event_at!(
            level,
            client = %id,
            address = address.map(display),
            count = 1_u64,
            "rate limited"
        ),
        Notice::CannotAccept { error, unreported } => {
            let count = unreported as u64 + 1;
            event_at!(level, error = shown(error), count, "cannot accept");
        }
        Notice::ConnectionFailed { address, error } => event_at!(
            level,
            address = address.map(display),
            error = shown(error),
            count = 1_u64,
            "connection failed"
        ),
        Notice::EngineFailed { failure, error } => event_at!(
            level,
            reason = failure.reason(),
            error = shown(error),
            count = 1_u64,
            "engine failed"
        ),
        Notice::Repeated(Repetitions { kind, count, address }) => {
            let (reason, message) = match kind {
                Repeating::Refused(why) => (Some(why.reason()), "refused"),
                Repeating::RateLimited => (None, "rate limited"),
                Repeating::ConnectionFailed => (None, "connection failed"),
                Repeating::Engine(failure) => (Some(failure.reason()), "engine failed"),
            };
            event_at!(level, address = address.map(display), reason, count, "{message}");
        }
        Notice::Stopping { clients } => event_at!(level, clients, "stopping"),
        Notice::Bye { clean, cut } => event_at!(level, clean, cut, "stopped"),
    }
}
