//! The options of the history of rooms.

use std::time::Duration;

use clap::Args;
use ws_cli::{count_limit, positive, size_limit};
use ws_hub::HistoryLimits;

/// The bytes around a client's message in a broadcast, and those that a stored message costs, at most.
const AROUND_MESSAGE: usize = 2048;

/// The options of the history of rooms.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct HistoryOptions {
    /// The number of messages that each room keeps, so that clients which reconnect receive what they
    /// have missed; 0: no history
    #[arg(long, env = "WS_DEMO_HISTORY", value_name = "COUNT", default_value_t = 0)]
    history: usize,

    /// The time for which messages are kept, and rooms without members
    #[arg(long, env = "WS_DEMO_HISTORY_AGE", value_name = "TIME", default_value = "5m")]
    #[arg(value_parser = positive)]
    history_age: Duration,

    /// The size of the messages that each room keeps, at least --max-message and 2KiB; 0: no limit. By
    /// default twice --max-message, and at least 2MiB
    #[arg(long, env = "WS_DEMO_HISTORY_BYTES", value_name = "SIZE", value_parser = size_limit)]
    history_bytes: Option<usize>,

    /// The size of the messages that all rooms keep; 0: no limit. The rooms that lost their last member
    /// first are removed to stay within it
    #[arg(long, env = "WS_DEMO_HISTORY_TOTAL_BYTES", value_name = "SIZE")]
    #[arg(default_value = "256MiB", value_parser = size_limit)]
    history_total_bytes: usize,

    /// The number of rooms without members that are kept for --history-age; 0: no limit
    #[arg(long, env = "WS_DEMO_HISTORY_IDLE_ROOMS", value_name = "COUNT")]
    #[arg(default_value = "10000", value_parser = count_limit)]
    history_idle_rooms: usize,
}

impl HistoryOptions {
    /// The limits of the history of each room, with messages up to this size; `None`: rooms have none.
    pub(crate) fn limits(&self, max_message: usize) -> Option<HistoryLimits> {
        const LEAST: usize = 2 * 1024 * 1024;
        let several = max_message.saturating_add(AROUND_MESSAGE).saturating_mul(2);
        (self.history > 0).then_some(HistoryLimits {
            messages: self.history,
            age: self.history_age,
            room_bytes: self.history_bytes.unwrap_or(several.max(LEAST)),
            total_bytes: self.history_total_bytes,
            idle_rooms: self.history_idle_rooms,
        })
    }

    /// Checks the limits against the size of the largest message.
    ///
    /// # Errors
    ///
    /// The sentence that explains which option to change.
    pub(crate) fn check(&self, max_message: usize) -> Result<(), String> {
        let limits = self.limits(max_message);
        let Some(HistoryLimits { room_bytes, total_bytes, .. }) = limits else { return Ok(()) };
        let least = max_message.saturating_add(AROUND_MESSAGE);
        if room_bytes < least {
            return Err(format!(
                "--history-bytes {room_bytes}: must be at least {least}, so that the history of a \
                 room holds the largest message (--max-message {max_message}); 0: no limit"
            ));
        }
        if total_bytes < least {
            return Err(format!(
                "--history-total-bytes {total_bytes}: must be at least {least}, so that it holds the \
                 largest message (--max-message {max_message}); 0: no limit"
            ));
        }
        Ok(())
    }
}
