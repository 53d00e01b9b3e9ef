//! Where the server reports what happens.

use std::sync::Arc;

use tokio::time::Instant;

use crate::notice::{Notice, Repeating};
use crate::throttle::{Repetitions, Throttle};

/// Receives the notices: for the log, or for the output of `script`. Those that a loop could repeat are
/// throttled. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Inner>);

struct Inner {
    write: Box<dyn Fn(&Notice<'_>) + Send + Sync>,
    lost: Box<dyn Fn() -> u64 + Send + Sync>,
    throttle: Throttle<Repeating>,
}

impl Journal {
    /// Calls `write`, which must not wait, with each notice; `lost` returns the number of lines that
    /// were not written.
    pub(crate) fn new(
        write: impl Fn(&Notice<'_>) + Send + Sync + 'static,
        lost: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        let (write, lost) = (Box::new(write), Box::new(lost));
        Self(Arc::new(Inner { write, lost, throttle: Throttle::default() }))
    }

    pub(crate) fn log(&self, notice: &Notice<'_>) {
        if let Some((repeating, address)) = notice.repeating()
            && !self.0.throttle.admit(repeating, address, Instant::now())
        {
            return;
        }
        (self.0.write)(notice);
    }

    /// Logs the number of repetitions of throttled notices, until it is dropped.
    pub(crate) async fn log_repetitions(&self) {
        loop {
            self.log_all(self.0.throttle.ended().await);
        }
    }

    /// Logs the number of repetitions so far.
    pub(crate) fn log_last_repetitions(&self) {
        self.log_all(self.0.throttle.end_all());
    }

    /// The number of lines that were not written.
    pub(crate) fn lost(&self) -> u64 {
        (self.0.lost)()
    }

    fn log_all(&self, repetitions: Vec<Repetitions<Repeating>>) {
        for repetitions in repetitions {
            (self.0.write)(&Notice::Repeated(repetitions));
        }
    }
}
