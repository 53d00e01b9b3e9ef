//! Metrics of the process that Prometheus gives the same names for all programs; on Linux only.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads the values whenever the metrics are encoded. A value that cannot be read is left out.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Values { cpu_seconds, resident_bytes, virtual_bytes, open_fds, max_fds, started } =
            Values::read();
        let mut gauge = |name, about, unit, value: Option<f64>| match value {
            Some(value) => encode(&mut encoder, name, about, unit, &ConstGauge::new(value)),
            None => Ok(()),
        };
        let about = "Resident memory";
        gauge("process_resident_memory", about, Some(&Unit::Bytes), resident_bytes)?;
        let about = "Virtual memory";
        gauge("process_virtual_memory", about, Some(&Unit::Bytes), virtual_bytes)?;
        gauge("process_open_fds", "Open file descriptors", None, open_fds)?;
        gauge("process_max_fds", "The limit of open file descriptors", None, max_fds)?;
        let about = "The time of the start, since the Unix epoch";
        gauge("process_start_time", about, Some(&Unit::Seconds), started)?;
        match cpu_seconds {
            Some(seconds) => encode(
                &mut encoder,
                "process_cpu",
                "Time of the processors in user and system mode",
                Some(&Unit::Seconds),
                &ConstCounter::new(seconds),
            ),
            None => Ok(()),
        }
    }
}

fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    unit: Option<&Unit>,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    // The registry adds the full stop to the texts of others.
    let about = format!("{about}.");
    metric.encode(encoder.encode_descriptor(name, &about, unit, metric.metric_type())?)
}

#[derive(Default)]
struct Values {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<f64>,
    virtual_bytes: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
    /// Since the Unix epoch, in seconds.
    started: Option<f64>,
}

impl Values {
    #[cfg(target_os = "linux")]
    fn read() -> Self {
        use procfs::process::{LimitValue, Process};

        let Ok(process) = Process::myself() else { return Self::default() };
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        let stat = process.stat().ok();
        let stat = stat.as_ref();
        let booted = procfs::boot_time_secs().ok();
        let limits = process.limits().ok();
        Self {
            cpu_seconds: stat.map(|stat| seconds(stat.utime + stat.stime)),
            resident_bytes: stat.map(|stat| (stat.rss * procfs::page_size()) as f64),
            virtual_bytes: stat.map(|stat| stat.vsize as f64),
            open_fds: process.fd_count().ok().map(|count| count as f64),
            max_fds: limits.and_then(|limits| match limits.max_open_files.soft_limit {
                LimitValue::Value(limit) => Some(limit as f64),
                LimitValue::Unlimited => None,
            }),
            started: booted.zip(stat).map(|(booted, stat)| booted as f64 + seconds(stat.starttime)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn read() -> Self {
        Self::default()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn the_values_of_this_process() {
        let values = Values::read();
        let resident = values.resident_bytes.expect("a value");
        assert!((1e6..1e12).contains(&resident), "{resident}");
        assert!(values.virtual_bytes.expect("a value") >= resident);
        let (open, max) = (values.open_fds.expect("a value"), values.max_fds.expect("a value"));
        assert!((3.0..=max).contains(&open), "{open} of {max}");
        assert!(values.cpu_seconds.expect("a value") >= 0.0);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
        let age = now.as_secs_f64() - values.started.expect("a value");
        // The clock of the system may have been set since it was booted.
        assert!(age.abs() < 24.0 * 3600.0, "{age}");
    }
}
