//! The progress of a run: a bar on a terminal, lines elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::recorder::Window;

/// The interval of the lines.
const PAUSE: Duration = Duration::from_secs(2);
/// The interval in which the number of messages a second is calculated.
const RATE_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) struct ProgressDisplay {
    kind: Kind,
    /// The time of the last calculation of the rate, and the number of arrivals then.
    last_rate: (Instant, u64),
    per_second: u64,
}

enum Kind {
    Nothing,
    /// The time of the next line.
    Lines(Instant),
    Bar(ProgressBar),
}

impl ProgressDisplay {
    pub(crate) fn new(quiet: bool) -> Self {
        let now = Instant::now();
        let kind = if quiet {
            Kind::Nothing
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            if let Ok(style) =
                ProgressStyle::with_template("{prefix:>10} {bar:32.cyan/dim} {percent:>3}%  {msg}")
            {
                bar.set_style(style.progress_chars("━╸─"));
            }
            Kind::Bar(bar)
        } else {
            Kind::Lines(now + PAUSE)
        };
        Self { kind, last_rate: (now, 0), per_second: 0 }
    }

    pub(crate) fn opening(&mut self, opened: u64, failed: u64, wanted: u64) {
        let failures = match failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let text = format!("{opened} of {wanted} connections{failures}");
        self.show("connecting", opened + failed, wanted, &text);
    }

    pub(crate) fn running(&mut self, window: Window, now: u64, arrived: u64, p99: u64) {
        let since = self.last_rate.0.elapsed();
        if since > RATE_INTERVAL {
            let came = arrived.saturating_sub(self.last_rate.1);
            self.per_second = (came as f64 / since.as_secs_f64()) as u64;
            self.last_rate = (Instant::now(), arrived);
        }
        let stage = if now < window.from { "warming up" } else { "measuring" };
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let latency = Duration::from_micros(p99 / 1000);
        let text = format!(
            "{:.0} of {:.0} s, {}/s, p99 {latency:?}",
            seconds(now.saturating_sub(window.start)),
            seconds(window.end - window.start),
            self.per_second
        );
        self.show(stage, now.saturating_sub(window.start), window.end - window.start, &text);
    }

    fn show(&mut self, stage: &'static str, position: u64, length: u64, text: &str) {
        match &mut self.kind {
            Kind::Nothing => {}
            Kind::Lines(due) => {
                let now = Instant::now();
                if now >= *due {
                    *due = now + PAUSE;
                    // A closed standard error is no reason to stop.
                    let _ = writeln!(io::stderr(), "{stage}: {text}");
                }
            }
            Kind::Bar(bar) => {
                bar.set_prefix(stage);
                bar.set_length(length);
                bar.set_position(position);
                bar.set_message(text.to_owned());
            }
        }
    }

    pub(crate) fn finish(&self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}
