//! SIGHUP, which asks the server to read its files again.

use std::io;

/// Receives SIGHUPs. Before it exists, a SIGHUP ends the process.
pub(crate) struct Hangups {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl Hangups {
    /// Starts to receive the signals.
    ///
    /// # Errors
    ///
    /// The signals cannot be received.
    #[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere"))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::hangup())?
            },
        })
    }

    /// Calls `act` at each signal until the runtime ends.
    pub(crate) fn each(self, act: impl Fn() + Send + 'static) {
        #[cfg(unix)]
        {
            let mut signals = self.signals;
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    act();
                }
            });
        }
        #[cfg(not(unix))]
        drop(act);
    }
}
