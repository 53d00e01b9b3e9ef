//! The processor time that the bench itself uses: one that is at its own limit measures itself.

use std::time::Duration;

/// What this process has used so far, where that is known.
pub(super) fn process() -> Option<Duration> {
    #[cfg(unix)]
    return read(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    None
}

/// What this thread has used so far, where that is known.
pub(super) fn thread() -> Option<Duration> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return read(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    None
}

#[cfg(unix)]
fn read(clock: nix::time::ClockId) -> Option<Duration> {
    clock.now().ok().map(Duration::from)
}
