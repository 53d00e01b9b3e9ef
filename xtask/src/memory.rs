use std::fs;

use crate::failure::{Context as _, Result};

/// What a process holds, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The most that was ever resident, since the last reset.
    pub(crate) peak: u64,
    /// Writable address space, whether it was touched or not: what was asked of the allocator.
    pub(crate) reserved: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{process}/{name}");
            fs::read_to_string(&path).context(path)
        };
        let status = read("status")?;
        Ok(Self {
            // Counted page by page; the count in `status` lags behind by some per CPU.
            resident: field(&read("smaps_rollup")?, "Rss")?,
            peak: field(&status, "VmHWM")?,
            reserved: field(&status, "VmData")?,
        })
    }

    /// The resident KiB that came after `before`.
    pub(crate) fn since(self, before: Self) -> u64 {
        self.resident.saturating_sub(before.resident)
    }

    /// Makes the peak start again from what is resident now.
    pub(crate) fn reset_peak(process: u32) -> Result {
        let path = format!("/proc/{process}/clear_refs");
        fs::write(&path, "5").context(path)
    }
}

fn field(text: &str, name: &str) -> Result<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = value.and_then(|value| value.trim().strip_suffix(" kB")?.trim().parse().ok());
    number.context(format_args!("there is no {name} under /proc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read() {
        let status = "Name:\tsleep\nVmHWM:\t    1780 kB\nVmRSS:\t    1764 kB\n";
        assert_eq!(field(status, "VmRSS").unwrap(), 1764);
        assert!(field(status, "VmData").is_err());
    }

    #[test]
    fn a_process_holds_something() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 0 && memory.peak > 0 && memory.reserved > 0);
    }
}
