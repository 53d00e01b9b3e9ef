//! The memory of a process.

use std::fs;

/// The memory of a process, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The maximum resident size since the last reset.
    pub(crate) peak: u64,
    /// Writable address space, whether it was touched or not: requested memory counts, too.
    pub(crate) reserved: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Self {
        let process = procfs::process::Process::new(process.cast_signed()).expect("/proc");
        let status = process.status().expect("/proc");
        // Counted page by page; the count in `status` lags behind by some per CPU.
        let rollup = process.smaps_rollup().expect("/proc").memory_map_rollup;
        let resident = rollup.iter().find_map(|map| map.extension.map.get("Rss"));
        Self {
            resident: resident.expect("Rss") / 1024,
            peak: status.vmhwm.expect("VmHWM"),
            reserved: status.vmdata.expect("VmData"),
        }
    }

    /// Resets the peak to the current resident size, and returns the memory.
    pub(crate) fn with_peak_reset(process: u32) -> Self {
        fs::write(format!("/proc/{process}/clear_refs"), "5").expect("/proc");
        Self::of(process)
    }

    /// The growth of the resident memory since `before`.
    pub(crate) fn since(self, before: Self) -> u64 {
        self.resident.saturating_sub(before.resident)
    }
}
