//! When to stop: the operating system's word.

use std::future::Future;
use std::io;
use std::process;

/// Is ready at the first SIGINT or SIGTERM. From then on the next one ends the process at once,
/// with the status that shells give to it.
///
/// # Errors
///
/// When signals cannot be received.
pub(crate) fn requested() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::listen()?;
    Ok(async move {
        signals.next().await;
        tokio::spawn(async move {
            let number = signals.next().await;
            process::exit(128 + number);
        });
    })
}

/// SIGHUPs, from the moment this is made: before that they would end the process.
pub(crate) struct Hangups {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl Hangups {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When signals cannot be received.
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

    /// Calls `act` at each of them, for as long as the runtime lives.
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

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The number of the next signal.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> i32 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        2
    }
}
