//! What came of it.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::options::{Bench, Mode};
use crate::reasons::Reasons;
use crate::recorder::{histogram, record};
use crate::shared::Shared;
use crate::tally::Tally;
use crate::usage::Usage;
use crate::walls::Wall;

/// A bench whose busiest thread is over this share of its processor measures itself.
const BUSY: f64 = 0.9;
/// A bench that sends so much later than it should cannot keep the rate.
const BEHIND_MS: f64 = 5.0;

/// What `--json` writes. Times are in milliseconds unless their name says otherwise.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) version: &'static str,
    pub(crate) url: String,
    pub(crate) mode: Mode,
    pub(crate) settings: Settings,
    /// How long was measured, in seconds.
    pub(crate) measured_s: f64,
    pub(crate) connections: Connections,
    pub(crate) messages: Messages,
    /// Of each arrival; of each connection, for the modes idle and churn.
    pub(crate) latency: Latency,
    /// From when a broadcast was due until the last of its receivers had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_recipient: Option<Latency>,
    /// How late the bench itself was, where messages were due at certain times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) send_lag: Option<Latency>,
    pub(crate) timeline: Vec<Step>,
    pub(crate) bench: Load,
    /// What is wrong with the server, or with reaching it.
    pub(crate) problems: Vec<String>,
    /// What limits the worth of these figures.
    pub(crate) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fail_p99: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
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
    /// How long it took until all were open, in seconds.
    pub(crate) opened_in_s: f64,
    pub(crate) failed: Reasons,
    /// Those that ended too early, by how.
    pub(crate) lost: Reasons,
    pub(crate) latency: Latency,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Messages {
    pub(crate) sent: u64,
    /// How often what was sent should arrive.
    pub(crate) expected: u64,
    pub(crate) arrived: u64,
    /// Arrivals while it was measured.
    pub(crate) per_second: f64,
    pub(crate) bytes_per_second: f64,
    pub(crate) lost: u64,
    pub(crate) duplicate: u64,
    pub(crate) misordered: u64,
    pub(crate) misdirected: u64,
    pub(crate) damaged: u64,
    /// Errors that the server told clients, by their codes.
    pub(crate) errors: Reasons,
}

/// Percentiles.
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
    /// The curve: quantile and time.
    pub(crate) curve: Vec<(f64, f64)>,
}

/// A step of the run.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// When it began, in seconds since the load did.
    pub(crate) at_s: f64,
    pub(crate) per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// What the bench itself took.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Load {
    /// Processors' worth of time.
    pub(crate) processors: Option<f64>,
    /// The share of its processor that the busiest thread took.
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
            settings: Settings {
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
                // Of what was on its way nobody knows.
                lost: if usage.interrupted { 0 } else { tally.faults.lost },
                duplicate: tally.faults.duplicate,
                misordered: tally.faults.late,
                misdirected: tally.faults.stray,
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
            bench: Load { processors, busiest_thread },
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
        problem(self.messages.duplicate, "messages came more than once");
        problem(self.messages.misordered, "messages came out of order");
        problem(self.messages.misdirected, "messages came to the wrong client");
        problem(self.messages.damaged, "messages came damaged");
        problem(self.messages.errors.count(), "errors came from the server");
        problems.extend(tally.walls.iter().copied().map(Wall::advice).map(str::to_owned));
        if self.latency.count == 0 {
            problems.push("there was nothing to measure".to_owned());
        }
        self.problems = problems;

        let mut warnings = Vec::new();
        if usage.interrupted {
            warnings.push("interrupted: what was on its way is not accounted for".to_owned());
        }
        if let Some(busiest) = self.bench.busiest_thread.filter(|&share| share > BUSY) {
            let busiest = 100.0 * busiest;
            warnings.push(format!(
                "the bench's busiest thread used {busiest:.0} % of a processor, so these figures \
                 say as much about the bench: try --threads, or another machine"
            ));
        }
        if let Some(lag) = self.send_lag.as_ref().filter(|lag| lag.p99 > BEHIND_MS) {
            warnings.push(format!(
                "one message of a hundred was sent {:.1} ms too late or later: the bench or the \
                 server does not keep up with --rate (latency counts that time)",
                lag.p99
            ));
        }
        self.warnings = warnings;
    }

    /// Whether the latency is over what was allowed.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.fail_p99.is_some_and(|limit| self.latency.p99 > limit)
    }

    /// The exit status.
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
            // One that did not reach all has no last recipient.
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
