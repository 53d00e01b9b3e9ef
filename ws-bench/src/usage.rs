//! The processor time of the bench itself: where the bench is at its limit, it distorts the result.

use std::time::Duration;

/// The elapsed time and the processor time at the start and the end of the measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) opened_after: u64,
    pub(crate) from: Option<(u64, Option<Duration>)>,
    pub(crate) until: Option<(u64, Option<Duration>)>,
    pub(crate) interrupted: bool,
}

impl Usage {
    /// Begins the measurement.
    pub(crate) fn begin(&mut self, now: u64) {
        self.from = Some((now, process()));
    }

    /// Ends the measurement, unless it has ended.
    pub(crate) fn end(&mut self, now: u64) {
        if self.until.is_none() {
            self.until = Some((now, process()));
        }
    }
}

/// Returns the processor time of this process, if known.
fn process() -> Option<Duration> {
    #[cfg(unix)]
    return read(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    None
}

/// Returns the processor time of this thread, if known.
pub(crate) fn thread() -> Option<Duration> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return read(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    None
}

#[cfg(unix)]
fn read(clock: nix::time::ClockId) -> Option<Duration> {
    clock.now().ok().map(Duration::from)
}
