//! What the bench itself uses: one that is at its own limit measures itself.

use std::time::Duration;

/// The time and the processor time when measuring began and ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) opened_after: u64,
    pub(crate) from: Option<(u64, Option<Duration>)>,
    pub(crate) until: Option<(u64, Option<Duration>)>,
    pub(crate) interrupted: bool,
}

impl Usage {
    pub(crate) fn begin(&mut self, now: u64) {
        self.from = Some((now, process()));
    }

    /// Only the first call counts.
    pub(crate) fn end(&mut self, now: u64) {
        if self.until.is_none() {
            self.until = Some((now, process()));
        }
    }
}

/// What this process has used so far, where that is known.
fn process() -> Option<Duration> {
    #[cfg(unix)]
    return read(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    None
}

/// What this thread has used so far, where that is known.
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
