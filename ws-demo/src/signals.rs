//! Signals at which the server does something and continues to run.

use std::io;

/// Receives the signals of one kind. Before it exists, such a signal ends the process.
pub(crate) struct Signals {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere"))]
impl Signals {
    /// Starts to receive SIGHUP, which asks the server to read its files again.
    ///
    /// # Errors
    ///
    /// The signals cannot be received.
    pub(crate) fn hangups() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::hangup())?
            },
        })
    }

    /// Starts to receive SIGUSR1, which asks the server for its statistics.
    ///
    /// # Errors
    ///
    /// The signals cannot be received.
    pub(crate) fn questions() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::user_defined1())?
            },
        })
    }

    /// Starts to receive SIGUSR2, which switches the log between its filter and debug.
    ///
    /// # Errors
    ///
    /// The signals cannot be received.
    pub(crate) fn log_switches() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::user_defined2())?
            },
        })
    }

    /// Calls `act` at each signal until the runtime ends. It may wait, such as for a file system: clients have
    /// other threads.
    pub(crate) fn each(self, act: impl FnMut() + Send + 'static) {
        #[cfg(unix)]
        {
            let (mut signals, mut act) = (self.signals, act);
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    let acted = tokio::task::spawn_blocking(move || {
                        act();
                        act
                    });
                    let Ok(next) = acted.await else { return };
                    act = next;
                }
            });
        }
        #[cfg(not(unix))]
        drop(act);
    }
}
