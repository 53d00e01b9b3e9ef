//! The report as a table for the terminal.

use std::fmt::{self, Write as _};

use crate::options::Mode;
use crate::report::{Latency, Report};

/// Returns the report as text.
pub(crate) fn lay_out(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(report, &mut text);
    text
}

fn write(report: &Report, text: &mut String) -> fmt::Result {
    writeln!(text, "{}: {}", report.url, title(report))?;
    writeln!(text)?;
    let connections = &report.connections;
    match report.mode {
        Mode::Churn => writeln!(
            text,
            "  connections  {} opened and closed, {} a second",
            thousands(connections.opened),
            thousands(report.messages.per_second as u64)
        )?,
        _ => writeln!(
            text,
            "  connections  {} of {} opened in {:.2} s",
            thousands(connections.opened),
            thousands(connections.wanted),
            connections.opened_in_s
        )?,
    }
    for (reason, count) in connections.failed.iter() {
        writeln!(text, "               {} failed: {reason}", thousands(count))?;
    }
    for (reason, count) in connections.lost.iter() {
        writeln!(text, "               {} lost: {reason}", thousands(count))?;
    }
    let messages = &report.messages;
    if !matches!(report.mode, Mode::Idle | Mode::Churn) {
        writeln!(
            text,
            "  messages     {} sent, {} of {} arrived",
            thousands(messages.sent),
            thousands(messages.arrived),
            thousands(messages.expected)
        )?;
        writeln!(
            text,
            "               {} lost, {} duplicate, {} out of order, {} misdirected, {} damaged",
            messages.lost,
            messages.duplicate,
            messages.misordered,
            messages.misdirected,
            messages.damaged
        )?;
        for (code, count) in messages.errors.iter() {
            writeln!(text, "               {} errors: {code}", thousands(count))?;
        }
        writeln!(
            text,
            "  throughput   {} arrivals/s, {:.1} MB/s",
            thousands(messages.per_second as u64),
            messages.bytes_per_second / 1e6
        )?;
    }
    writeln!(text)?;
    writeln!(
        text,
        "  {:<16}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"
    )?;
    let rows = [
        (latency_name(report.mode), Some(&report.latency)),
        ("last recipient", report.last_recipient.as_ref()),
        ("bench's own lag", report.send_lag.as_ref()),
        (
            "connecting",
            (!matches!(report.mode, Mode::Idle | Mode::Churn)).then_some(&connections.latency),
        ),
    ];
    for (name, latency) in rows {
        if let Some(latency) = latency {
            row(text, name, latency)?;
        }
    }
    writeln!(text)?;
    if let Some(processors) = report.bench.processors {
        write!(text, "  bench        used {processors:.2} processors")?;
        match report.bench.busiest_thread {
            Some(busiest) => writeln!(text, ", its busiest thread {:.0} %", 100.0 * busiest)?,
            None => writeln!(text)?,
        }
    }
    for warning in &report.warnings {
        writeln!(text, "  note         {warning}")?;
    }
    for problem in &report.problems {
        writeln!(text, "  PROBLEM      {problem}")?;
    }
    if let Some(limit) = report.fail_p99.filter(|_| report.is_too_slow()) {
        writeln!(text, "  TOO SLOW     p99 is over {}", milliseconds(limit))?;
    }
    Ok(())
}

/// Returns a line that describes the load.
pub(crate) fn title(report: &Report) -> String {
    let settings = &report.settings;
    let clients = format!("{} clients", thousands(settings.clients.into()));
    let rate = match settings.rate {
        Some(rate) => format!("{rate}/s"),
        None => format!("depth {}", settings.depth),
    };
    let time = format!("{} s", settings.duration_s);
    match report.mode {
        Mode::Echo => format!("echo, {clients}, {rate}, {} bytes, {time}", settings.size),
        Mode::Broadcast => {
            format!("broadcast, {clients}, {rate}, {} bytes, {time}", settings.size)
        }
        Mode::Rooms => format!(
            "rooms, {clients} in {} rooms, {rate}, {} bytes, {time}",
            settings.rooms, settings.size
        ),
        Mode::Idle => format!("idle, {clients}, {time}"),
        Mode::Churn => match settings.rate {
            Some(rate) => format!("churn, {clients}, {rate}/s, {time}"),
            None => format!("churn, {clients}, {time}"),
        },
    }
}

pub(crate) fn latency_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Idle | Mode::Churn => "connecting",
        _ => "latency",
    }
}

fn row(text: &mut String, name: &str, latency: &Latency) -> fmt::Result {
    let Latency { min, mean, p50, p90, p99, p999, p9999, max, .. } = *latency;
    write!(text, "  {name:<16}")?;
    for value in [min, mean, p50, p90, p99, p999, p9999, max] {
        match latency.count {
            0 => write!(text, "{:>9}", "-")?,
            _ => write!(text, "{:>9}", milliseconds(value))?,
        }
    }
    writeln!(text)
}

/// Formats a time in milliseconds with three significant digits.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        ..0.9995 => format!("{:.0} µs", value * 1e3),
        ..9.995 => format!("{value:.2} ms"),
        ..99.95 => format!("{value:.1} ms"),
        ..999.5 => format!("{value:.0} ms"),
        _ => format!("{:.2} s", value / 1e3),
    }
}

/// Formats a number with its digits in groups of three.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(thousands(number), text);
        }
        for (value, text) in [
            (0.0, "0 µs"),
            (0.0524, "52 µs"),
            (0.9996, "1.00 ms"),
            (9.996, "10.0 ms"),
            (99.96, "100 ms"),
            (1234.0, "1.23 s"),
        ] {
            assert_eq!(milliseconds(value), text);
        }
    }
}
