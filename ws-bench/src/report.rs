//! The result of a run.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::options::{Bench, Mode};
use crate::reasons::Reasons;
use crate::recorder::{histogram, record};
use crate::shared::Shared;
use crate::system_limits::SystemLimit;
use crate::tally::Tally;
use crate::usage::Usage;

/// The share of a processor from which on the busiest thread of the bench distorts the result.
const BUSY: f64 = 0.9;
/// The 99th percentile of the send lag, in milliseconds, from which on the rate counts as not reached.
const BEHIND_MS: f64 = 5.0;

/// The report that `--json` writes. Times are in milliseconds unless a name ends in `_s` (seconds).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) version: &'static str,
    pub(crate) url: String,
    pub(crate) mode: Mode,
    pub(crate) settings: ReportedOptions,
    /// The length of the measurement, in seconds.
    pub(crate) measured_s: f64,
    pub(crate) connections: Connections,
    pub(crate) messages: Messages,
    /// From the schedule of a message to each arrival; in the modes idle and churn, of each connection.
    pub(crate) latency: Latency,
    /// From the schedule of a broadcast to its arrival at the last receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_recipient: Option<Latency>,
    /// From the schedule of a message to its sending: the delay of the bench itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) send_lag: Option<Latency>,
    pub(crate) timeline: Vec<Step>,
    pub(crate) bench: BenchUsage,
    /// Faults of the server, and failures to reach it.
    pub(crate) problems: Vec<String>,
    /// Reasons to doubt the figures.
    pub(crate) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fail_p99: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReportedOptions {
    pub(crate) clients: u32,
    pub(crate) rate: Option<f64>,
    pub(crate) depth: u32,
    pub(crate) size: usize,
    pub(crate) binary: bool,
    pub(crate) senders: u32,
    pub(crate) rooms: u32,
    pub(crate) warmup_s: f64,
    pub(crate) duration_s: f64,
    pub(crate) threads: u16,
    pub(crate) sources: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Connections {
    pub(crate) wanted: u64,
    pub(crate) opened: u64,
    /// The time until all were open, in seconds.
    pub(crate) opened_in_s: f64,
    pub(crate) failed: Reasons,
    /// Connections that ended early, by reason.
    pub(crate) lost: Reasons,
    pub(crate) latency: Latency,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Messages {
    pub(crate) sent: u64,
    /// The number of arrivals that the sent messages should cause.
    pub(crate) expected: u64,
    pub(crate) arrived: u64,
    /// Arrivals during the measurement.
    pub(crate) per_second: f64,
    pub(crate) bytes_per_second: f64,
    pub(crate) lost: u64,
    pub(crate) duplicate: u64,
    pub(crate) misordered: u64,
    pub(crate) misdirected: u64,
    pub(crate) damaged: u64,
    /// Error messages of the server, by code.
    pub(crate) errors: Reasons,
}

/// Percentiles of a time.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: u64,
    pub(crate) min: f64,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) p9999: f64,
    pub(crate) max: f64,
    /// Pairs of a quantile and its time.
    pub(crate) curve: Vec<(f64, f64)>,
}

/// A time step of the run.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// Its start, in seconds since the start of the load.
    pub(crate) at_s: f64,
    pub(crate) per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// The processor time of the bench itself.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct BenchUsage {
    /// Processor time divided by elapsed time.
    pub(crate) processors: Option<f64>,
    /// The same for the busiest thread.
    pub(crate) busiest_thread: Option<f64>,
}

impl Report {
    pub(crate) fn new(bench: &Bench, shared: &Shared, tally: Tally, usage: &Usage) -> Self {
        let plan = &shared.plan;
        let (measured, processors) = match (usage.from, usage.until) {
            (Some((from, before)), Some((until, after))) if until > from => {
                let wall = (until - from) as f64 / 1e9;
                let used = before.zip(after).map(|(before, after)| after.saturating_sub(before));
                (wall, used.map(|used| used.as_secs_f64() / wall))
            }
            _ => (0.0, None),
        };
        let running = shared.window.get().map_or(0.0, |window| {
            let until = usage.until.map_or(window.end, |(until, _)| until);
            until.saturating_sub(window.start) as f64 / 1e9
        });
        let busiest_thread =
            tally.cpu.filter(|_| running > 0.0).map(|used| used.as_secs_f64() / running);
        let empty = histogram();
        let latency = match (plan.mode, &tally.recorder) {
            (Mode::Idle, _) => &tally.opening,
            (_, Some(recorder)) => &recorder.latency,
            (_, None) => &empty,
        };
        let per_second = |count: u64| if measured > 0.0 { count as f64 / measured } else { 0.0 };
        let scheme = if bench.target.url().is_secure() { "wss" } else { "ws" };
        let url = bench.target.url();
        let mut report = Self {
            version: env!("CARGO_PKG_VERSION"),
            url: format!("{scheme}://{}{}", url.authority(), url.target()),
            mode: plan.mode,
            settings: ReportedOptions {
                clients: plan.clients,
                rate: plan.rate,
                depth: plan.depth,
                size: plan.size,
                binary: plan.binary,
                senders: plan.senders,
                rooms: if plan.mode == Mode::Rooms { plan.groups } else { 0 },
                warmup_s: plan.warmup.as_secs_f64(),
                duration_s: plan.duration.as_secs_f64(),
                threads: plan.threads,
                sources: shared.sources.len(),
            },
            measured_s: measured,
            connections: Connections {
                wanted: plan.clients.into(),
                opened: match plan.mode {
                    Mode::Churn => tally.opening.len(),
                    _ => shared.total(|live| &live.opened),
                },
                opened_in_s: usage.opened_after as f64 / 1e9,
                failed: tally.failures.clone(),
                lost: tally.losses.clone(),
                latency: Latency::new(&tally.opening),
            },
            messages: Messages {
                sent: shared.total(|live| &live.sent),
                expected: shared.total(|live| &live.expected),
                arrived: shared.total(|live| &live.arrived),
                per_second: per_second(tally.measured),
                bytes_per_second: per_second(tally.measured_bytes),
                // Messages in flight may have arrived later.
                lost: if usage.interrupted { 0 } else { tally.faults.lost },
                duplicate: tally.faults.duplicate,
                misordered: tally.faults.misordered,
                misdirected: tally.faults.misdirected,
                damaged: tally.faults.damaged,
                errors: tally.errors.clone(),
            },
            latency: Latency::new(latency),
            last_recipient: last_recipient(shared, &tally),
            send_lag: plan
                .rate
                .filter(|_| plan.mode != Mode::Churn)
                .map(|_| Latency::new(&tally.lag)),
            timeline: timeline(shared, &tally),
            bench: BenchUsage { processors, busiest_thread },
            problems: Vec::new(),
            warnings: Vec::new(),
            fail_p99: bench.fail_p99.map(|limit| limit.as_secs_f64() * 1e3),
        };
        report.judge(&tally, usage);
        report
    }

    fn judge(&mut self, tally: &Tally, usage: &Usage) {
        let mut problems = Vec::new();
        let mut problem = |count: u64, text: &str| {
            if count > 0 {
                problems.push(format!("{count} {text}"));
            }
        };
        problem(tally.failures.count(), "connections failed");
        problem(tally.losses.count(), "connections were lost");
        problem(self.messages.lost, "messages were lost");
        problem(self.messages.duplicate, "messages arrived more than once");
        problem(self.messages.misordered, "messages arrived out of order");
        problem(self.messages.misdirected, "messages arrived at the wrong client");
        problem(self.messages.damaged, "messages arrived damaged");
        problem(self.messages.errors.count(), "error messages from the server");
        problems.extend(
            tally.system_limits.iter().copied().map(SystemLimit::advice).map(str::to_owned),
        );
        if self.latency.count == 0 {
            problems.push("there was nothing to measure".to_owned());
        }
        self.problems = problems;

        let mut warnings = Vec::new();
        if usage.interrupted {
            warnings.push("interrupted: messages in flight are not accounted for".to_owned());
        }
        if let Some(busiest) = self.bench.busiest_thread.filter(|&share| share > BUSY) {
            let busiest = 100.0 * busiest;
            warnings.push(format!(
                "the busiest thread of the bench used {busiest:.0} % of a processor, so the bench may \
                 limit these figures: try more --threads, or another machine"
            ));
        }
        if let Some(lag) = self.send_lag.as_ref().filter(|lag| lag.p99 > BEHIND_MS) {
            warnings.push(format!(
                "1 % of the messages were sent at least {:.1} ms late: the bench or the server does \
                 not keep up with --rate (latency includes that time)",
                lag.p99
            ));
        }
        self.warnings = warnings;
    }

    /// Returns whether the latency is over `--fail-p99`.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.fail_p99.is_some_and(|limit| self.latency.p99 > limit)
    }

    /// Returns the exit status.
    pub(crate) fn status(&self) -> u8 {
        match (self.problems.is_empty(), self.is_too_slow()) {
            (false, _) => 1,
            (true, true) => 3,
            (true, false) => 0,
        }
    }
}

impl Latency {
    fn new(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let at = |quantile| milliseconds(histogram.value_at_quantile(quantile));
        Self {
            count: histogram.len(),
            min: milliseconds(histogram.min()),
            mean: histogram.mean() / 1e6,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: milliseconds(histogram.max()),
            curve: histogram
                .iter_quantiles(5)
                .map(|value| {
                    (value.quantile_iterated_to(), milliseconds(value.value_iterated_to()))
                })
                .collect(),
        }
    }
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

fn last_recipient(shared: &Shared, tally: &Tally) -> Option<Latency> {
    if !matches!(shared.plan.mode, Mode::Broadcast | Mode::Rooms) {
        return None;
    }
    let window = shared.window.get()?;
    let mut last = histogram();
    for (sender, deliveries) in (0..).zip(&tally.deliveries) {
        let receivers = shared.plan.receivers(sender);
        for delivery in deliveries {
            // A message that did not reach all receivers has no last one.
            if window.measures(delivery.due) && u64::from(delivery.receivers) == receivers {
                record(&mut last, delivery.last.saturating_sub(delivery.due));
            }
        }
    }
    Some(Latency::new(&last))
}

fn timeline(shared: &Shared, tally: &Tally) -> Vec<Step> {
    let (Some(window), Some(recorder)) = (shared.window.get(), &tally.recorder) else {
        return Vec::new();
    };
    let step = window.step as f64 / 1e9;
    let whole = (window.end - window.start) as f64 / 1e9;
    recorder
        .steps
        .iter()
        .enumerate()
        .map(|(number, histogram)| {
            let at = number as f64 * step;
            Step {
                at_s: at,
                // The last step may be shorter.
                per_second: histogram.len() as f64 / step.min(whole - at).max(1e-3),
                p50: milliseconds(histogram.value_at_quantile(0.5)),
                p99: milliseconds(histogram.value_at_quantile(0.99)),
            }
        })
        .collect()
}
