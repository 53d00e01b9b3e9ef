use std::fs;

use crate::failure::{Context as _, Result};

/// The memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The maximum resident size since the last reset.
    pub(crate) peak: u64,
    /// Writable address space, whether it was touched or not: requested memory counts, too.
    pub(crate) reserved: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let process = procfs::process::Process::new(process.cast_signed()).context("/proc")?;
        let status = process.status().context("/proc")?;
        // Counted page by page; the count in `status` lags behind by some per CPU.
        let rollup = process.smaps_rollup().context("/proc")?.memory_map_rollup;
        let rss = rollup.iter().find_map(|map| map.extension.map.get("Rss"));
        let missing = "/proc has no memory information of the process";
        Ok(Self {
            resident: rss.context(missing)? / 1024,
            peak: status.vmhwm.context(missing)?,
            reserved: status.vmdata.context(missing)?,
        })
    }

    /// The growth of the resident memory since `before`, in KiB.
    pub(crate) fn since(self, before: Self) -> u64 {
        self.resident.saturating_sub(before.resident)
    }

    /// Resets the peak to the current resident size.
    pub(crate) fn reset_peak(process: u32) -> Result {
        let path = format!("/proc/{process}/clear_refs");
        fs::write(&path, "5").context(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_holds_something() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 0 && memory.peak > 0 && memory.reserved > 0);
    }
}
