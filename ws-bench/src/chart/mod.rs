//! The report as an SVG image: key figures, the curve of percentiles, and the run over time.

mod axis;
mod svg;

use axis::Axis;
use svg::{Anchor, Area, Svg};

use crate::options::Mode;
use crate::report::{Latency, Report, Step};
use crate::table::{latency_name, milliseconds, thousands, title};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 628.0;
const MARGIN: f64 = 32.0;
/// The vertical positions of the figures and of the panels.
const FIGURES: f64 = 122.0;
const PANELS: f64 = 222.0;
/// The width of the labels to the left of a panel.
const NAMES: f64 = 56.0;

const STYLE: &str = "
:root { color-scheme: light dark }
svg { --paper: #ffffff; --ink: #1c2024; --soft: #60646c; --grid: #e6e8eb; --shade: #f4f5f7;
  --one: #0b68cb; --two: #c2410c; --bad: #c62a2f; --good: #18794e;
  font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif;
  font-variant-numeric: tabular-nums }
@media (prefers-color-scheme: dark) {
  svg { --paper: #16181b; --ink: #edeef0; --soft: #a0a5ad; --grid: #2c3035; --shade: #1e2125;
    --one: #6cb2ff; --two: #ff9a5c; --bad: #ff8a8a; --good: #5fd39b }
}
.paper { fill: var(--paper) }
.shade { fill: var(--shade) }
.grid { stroke: var(--grid); stroke-width: 1 }
.base { stroke: var(--soft); stroke-width: 1 }
text { fill: var(--ink) }
.title { font-size: 19px; font-weight: 600 }
.heading { font-size: 14px; font-weight: 600 }
.figure { font-size: 25px; font-weight: 600 }
.soft { fill: var(--soft) }
.small { font-size: 12px }
.bad { fill: var(--bad) }
.good { fill: var(--good) }
.one { fill: var(--one); font-weight: 600 }
.two { fill: var(--two); font-weight: 600 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.line-one { stroke: var(--one) }
.line-two { stroke: var(--two) }
.under { fill: var(--one); opacity: .14 }
";

/// A curve of a panel.
struct Curve<'c> {
    name: &'c str,
    class: &'static str,
    points: Vec<(f64, f64)>,
}

/// Returns the report as SVG.
pub(crate) fn draw(report: &Report) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, &title(report), STYLE);
    svg.text((MARGIN, 46.0), Anchor::Start, "title", &capitalised(&title(report)));
    svg.text((MARGIN, 70.0), Anchor::Start, "soft", &report.url);
    figures(&mut svg, report);
    let left = MARGIN + NAMES;
    let whole = Area { left, top: PANELS, width: WIDTH - MARGIN - left, height: 332.0 };
    let timed = report.mode != Mode::Idle && report.timeline.len() > 1;
    let left = match timed {
        true => Area { width: 382.0, ..whole },
        false => whole,
    };
    percentiles(&mut svg, report, left);
    if timed {
        let right = Area { left: whole.left + 456.0, width: whole.width - 456.0, ..whole };
        let gap = 62.0;
        let half = (right.height - gap) / 2.0;
        throughput(&mut svg, report, Area { height: half, ..right });
        let below = Area { top: right.top + half + gap, height: half, ..right };
        latency(&mut svg, report, below);
    }
    footer(&mut svg, report);
    svg.finish()
}

fn figures(svg: &mut Svg, report: &Report) {
    let messages = &report.messages;
    let rate = |what: &str| (thousands(messages.per_second.round() as u64), what.to_owned());
    let latency = &report.latency;
    let mut figures = match report.mode {
        Mode::Idle => vec![(thousands(report.connections.opened), "connections".to_owned())],
        Mode::Churn => vec![rate("connections a second")],
        Mode::Echo => vec![rate("replies a second")],
        Mode::Broadcast | Mode::Rooms => vec![rate("deliveries a second")],
    };
    for (value, name) in [(latency.p50, "p50"), (latency.p99, "p99"), (latency.p999, "p99.9")] {
        let name = format!("{name} {}", latency_name(report.mode));
        figures.push((milliseconds(value), name));
    }
    let faults = messages.lost
        + messages.duplicate
        + messages.misordered
        + messages.misdirected
        + messages.damaged
        + report.connections.failed.count()
        + report.connections.lost.count();
    let width = (WIDTH - 2.0 * MARGIN) / (figures.len() + 1) as f64;
    for (at, (figure, name)) in figures.iter().enumerate() {
        let left = MARGIN + at as f64 * width;
        svg.text((left, FIGURES), Anchor::Start, "figure", figure);
        svg.text((left, FIGURES + 20.0), Anchor::Start, "soft", name);
    }
    let left = MARGIN + figures.len() as f64 * width;
    let (class, figure, name) = match (faults, report.problems.first()) {
        (0, None) => (
            "figure good",
            "0".to_owned(),
            match report.mode {
                Mode::Idle | Mode::Churn => "failed or lost",
                _ => "lost, doubled, misordered",
            },
        ),
        (0, Some(_)) => ("figure bad", "–".to_owned(), "nothing to measure"),
        (faults, _) => ("figure bad", thousands(faults), "faults: see the report"),
    };
    svg.text((left, FIGURES), Anchor::Start, class, &figure);
    svg.text((left, FIGURES + 20.0), Anchor::Start, "soft", name);
}

/// Draws percentiles on a scale of nines: each step to the right is a tenth of the remaining share.
fn percentiles(svg: &mut Svg, report: &Report, area: Area) {
    let nines = |quantile: f64| -(1.0 - quantile).max(1e-12).log10();
    let points = |latency: &Latency| -> Vec<(f64, f64)> {
        let most = nines(1.0 - 1.0 / latency.count.max(2) as f64);
        latency
            .curve
            .iter()
            .map(|&(quantile, value)| (nines(quantile).min(most), value.max(1e-3)))
            .collect()
    };
    let mut curves = vec![Curve {
        name: match report.last_recipient {
            Some(_) => "each recipient",
            None => latency_name(report.mode),
        },
        class: "one",
        points: points(&report.latency),
    }];
    if let Some(last) = &report.last_recipient {
        curves.push(Curve { name: "last recipient", class: "two", points: points(last) });
    }
    let right = curves.iter().flat_map(|curve| &curve.points).map(|point| point.0);
    let right = right.fold(2.0, f64::max);
    let ticks = [
        (0.0, "0 %"),
        (1.0, "90 %"),
        (2.0, "99 %"),
        (3.0, "99.9 %"),
        (4.0, "99.99 %"),
        (5.0, "99.999 %"),
    ];
    let x = Axis::linear(0.0, right, ticks.iter().map(|&(at, name)| (at, name.to_owned())));
    let y = Axis::logarithmic(curves.iter().flat_map(|curve| &curve.points).map(|point| point.1));
    let heading = match report.mode {
        Mode::Idle | Mode::Churn => "Time to connect, by percentile",
        _ => "Latency by percentile",
    };
    let named = curves.len() > 1;
    panel(svg, heading, area, (&x, &y), &curves, named);
}

fn throughput(svg: &mut Svg, report: &Report, area: Area) {
    let heading = match report.mode {
        Mode::Churn => "Connections a second",
        Mode::Echo => "Replies a second",
        _ => "Deliveries a second",
    };
    let points: Vec<_> = middles(report).map(|(at, step)| (at, step.per_second)).collect();
    let y = Axis::from_zero(points.iter().map(|point| point.1));
    let curves = [Curve { name: "", class: "one", points }];
    over_time(svg, report, heading, area, &y, &curves);
    if report.settings.warmup_s > 0.0 {
        svg.text((area.left + 6.0, area.top + 15.0), Anchor::Start, "soft small", "warm-up");
    }
}

fn latency(svg: &mut Svg, report: &Report, area: Area) {
    let points = |value: fn(&Step) -> f64| {
        middles(report)
            .filter(|(_, step)| step.per_second > 0.0)
            .map(|(at, step)| (at, value(step).max(1e-3)))
            .collect()
    };
    let curves = [
        Curve { name: "p50", class: "one", points: points(|step| step.p50) },
        Curve { name: "p99", class: "two", points: points(|step| step.p99) },
    ];
    let y = Axis::logarithmic(curves.iter().flat_map(|curve| &curve.points).map(|point| point.1));
    let heading = match report.mode {
        Mode::Churn => "Time to connect",
        _ => "Latency",
    };
    over_time(svg, report, heading, area, &y, &curves);
}

/// Returns the time steps of the run, with the time of the middle of each.
fn middles(report: &Report) -> impl Iterator<Item = (f64, &Step)> {
    let whole = length(report);
    let steps = &report.timeline;
    steps.iter().enumerate().map(move |(at, step)| {
        let end = steps.get(at + 1).map_or(whole, |next| next.at_s);
        (f64::midpoint(step.at_s, end), step)
    })
}

fn over_time(
    svg: &mut Svg,
    report: &Report,
    heading: &str,
    area: Area,
    y: &Axis,
    curves: &[Curve<'_>],
) {
    let x = Axis::seconds(0.0, length(report));
    let width = x.place(report.settings.warmup_s) * area.width;
    svg.rectangle(Area { width, ..area }, "shade");
    if let [curve] = curves {
        svg.under(&placed(curve, area, (&x, y)), area.bottom());
    }
    panel(svg, heading, area, (&x, y), curves, true);
}

/// Returns the length of the load, in seconds.
fn length(report: &Report) -> f64 {
    report.settings.warmup_s + report.settings.duration_s
}

/// Returns the positions of the points of a curve.
fn placed(curve: &Curve<'_>, area: Area, (x, y): (&Axis, &Axis)) -> Vec<(f64, f64)> {
    let place = |&(at, value): &(f64, f64)| {
        (area.left + x.place(at) * area.width, area.bottom() - y.place(value) * area.height)
    };
    curve.points.iter().map(place).collect()
}

fn panel(
    svg: &mut Svg,
    heading: &str,
    area: Area,
    (x, y): (&Axis, &Axis),
    curves: &[Curve<'_>],
    named: bool,
) {
    svg.text((area.left - NAMES, area.top - 18.0), Anchor::Start, "heading", heading);
    for (at, name) in y.ticks() {
        let height = area.bottom() - at * area.height;
        svg.line((area.left, height), (area.right(), height), "grid");
        svg.text((area.left - 8.0, height + 4.0), Anchor::End, "soft small", name);
    }
    for (at, name) in x.ticks() {
        let across = area.left + at * area.width;
        svg.line((across, area.top), (across, area.bottom()), "grid");
        svg.text((across, area.bottom() + 18.0), Anchor::Middle, "soft small", name);
    }
    svg.line((area.left, area.bottom()), (area.right(), area.bottom()), "base");
    for curve in curves {
        svg.polyline(&placed(curve, area, (x, y)), curve.class);
    }
    if named {
        // From the right: the first name is the leftmost.
        let mut right = area.right();
        for curve in curves.iter().rev().filter(|curve| !curve.name.is_empty()) {
            svg.text((right, area.top - 18.0), Anchor::End, curve.class, curve.name);
            right -= 18.0 + 7.6 * curve.name.len() as f64;
        }
    }
}

fn footer(svg: &mut Svg, report: &Report) {
    let mut text = format!("ws-bench {}", report.version);
    if let Some(processors) = report.bench.processors {
        text += &format!(" · the bench used {processors:.2} processors");
    }
    if let Some(lag) = report.send_lag.as_ref().filter(|lag| lag.count > 0) {
        text += &format!(" · its own lag: p99 {}", milliseconds(lag.p99));
    }
    text += &format!(
        " · {} of {} connections",
        thousands(report.connections.opened),
        thousands(report.connections.wanted.max(report.connections.opened))
    );
    svg.text((MARGIN, HEIGHT - 20.0), Anchor::Start, "soft small", &text);
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
