//! A chart of a table: a line of dots for each row, or lines over the rows of a table of growth.

use std::fmt::Write as _;

use crate::contestant::Side;
use crate::table::{Table, number, side};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 30.0;
const ROW: f64 = 26.0;
const LEGEND_ROW: f64 = 18.0;
const LEGEND_COLUMNS: usize = 4;

const OURS: [&str; 3] = ["#0a3d91", "#1f77d0", "#6fb1f2"];
const OTHERS: [&str; 7] =
    ["#d95f02", "#e7298a", "#66a61e", "#e6ab02", "#7a4fb5", "#a6761d", "#c0392b"];
const FLOORS: [&str; 4] = ["#555555", "#888888", "#333333", "#aaaaaa"];

/// Returns the chart as SVG.
pub(super) fn draw(table: &Table) -> String {
    if table.id.starts_with("growth") { lines(table) } else { dots(table) }
}

struct Svg {
    body: String,
    /// The height so far.
    height: f64,
}

impl Svg {
    /// Begins with the title and the legend.
    fn new(title: &str, axis: &str, names: &[&str]) -> Self {
        let mut svg = Self { body: String::new(), height: 62.0 };
        svg.text(12.0, 24.0, "start", "font-weight='bold' font-size='15'", title);
        svg.text(12.0, 42.0, "start", "", axis);
        for (i, name) in names.iter().enumerate() {
            let column = (i % LEGEND_COLUMNS) as f64;
            let x = 20.0 + column * (WIDTH - 40.0) / LEGEND_COLUMNS as f64;
            let y = svg.height + (i / LEGEND_COLUMNS) as f64 * LEGEND_ROW;
            svg.mark(names, name, x, y, name);
            svg.text(x + 10.0, y + 4.0, "start", "", name);
        }
        svg.height += names.len().div_ceil(LEGEND_COLUMNS) as f64 * LEGEND_ROW + 10.0;
        svg
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, style: &str, text: &str) {
        let text = escape(text);
        push(
            &mut self.body,
            format_args!(
                "<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}' {style}>{text}</text>\n"
            ),
        );
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        push(
            &mut self.body,
            format_args!(
                "<line x1='{x1:.1}' y1='{y1:.1}' x2='{x2:.1}' y2='{y2:.1}' stroke='{colour}' stroke-width='{width}'/>\n"
            ),
        );
    }

    /// Draws the mark of a contestant: a diamond for a floor, a disc for ours, a square for others.
    fn mark(&mut self, names: &[&str], name: &str, x: f64, y: f64, title: &str) {
        let colour = colour(names, name);
        let (shape, attributes) = match side(name) {
            Side::Ours => ("circle", format!("cx='{x:.1}' cy='{y:.1}' r='5.5' fill='{colour}'")),
            Side::Other => {
                let (x, y) = (x - 4.0, y - 4.0);
                ("rect", format!("x='{x:.1}' y='{y:.1}' width='8' height='8' fill='{colour}'"))
            }
            Side::Floor => {
                let y = y - 5.0;
                ("path", format!("d='M{x:.1} {y:.1}l5 5l-5 5l-5-5z' fill='none' stroke='{colour}'"))
            }
        };
        let title = escape(title);
        push(
            &mut self.body,
            format_args!("<{shape} {attributes}><title>{title}</title></{shape}>\n"),
        );
    }

    fn finish(self) -> String {
        let Self { body, height } = self;
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' \
             font-family='sans-serif' font-size='12' fill='#222222'>\n\
             <rect width='{WIDTH}' height='{height}' fill='#ffffff'/>\n{body}</svg>\n"
        )
    }
}

/// Returns the colour of a contestant, by its number among those of its side.
fn colour(names: &[&str], name: &str) -> &'static str {
    let same = |other: &&&str| side(other) == side(name);
    let index = names.iter().filter(same).position(|other| *other == name).unwrap_or(0);
    let colours: &[&str] = match side(name) {
        Side::Ours => &OURS,
        Side::Other => &OTHERS,
        Side::Floor => &FLOORS,
    };
    colours[index % colours.len()]
}

/// The factor to the best other implementation, on a logarithmic axis.
fn dots(table: &Table) -> String {
    let names = table.contestants();
    let axis = "the factor to the best other implementation; less is better";
    let mut svg = Svg::new(table.title, axis, &names);
    let ratios = table.rows.iter().flat_map(|row| names.iter().filter_map(|name| row.ratio(name)));
    let (low, high) =
        ratios.fold((0.5_f64, 2.0_f64), |(low, high), it| (low.min(it), high.max(it)));
    let (low, high) = (low * 0.9, high * 1.1);
    let x = |ratio: f64| LEFT + (ratio / low).ln() / (high / low).ln() * (WIDTH - LEFT - RIGHT);
    let top = svg.height;
    let bottom = top + table.rows.len() as f64 * ROW;
    for tick in ticks(low, high) {
        let colour = if tick == 1.0 { "#222222" } else { "#dddddd" };
        svg.line((x(tick), top), (x(tick), bottom), colour, 1.0);
        svg.text(x(tick), bottom + 16.0, "middle", "", &format!("{tick}×"));
    }
    for (i, row) in table.rows.iter().enumerate() {
        let y = top + (i as f64 + 0.5) * ROW;
        svg.text(LEFT - 10.0, y + 4.0, "end", "", &row.name);
        svg.line((LEFT, y), (WIDTH - RIGHT, y), "#eeeeee", 1.0);
        // Ours last, so that nothing covers them.
        for ours in [false, true] {
            for name in names.iter().filter(|name| (side(name) == Side::Ours) == ours) {
                if let (Some(ratio), Some(value)) = (row.ratio(name), row.value(name)) {
                    let title = format!("{name}: {} {}", number(value), table.unit);
                    svg.mark(&names, name, x(ratio), y, &title);
                }
            }
        }
    }
    svg.height = bottom + 30.0;
    svg.finish()
}

/// The values over the rows, on a logarithmic axis.
fn lines(table: &Table) -> String {
    const HEIGHT: f64 = 300.0;
    const LEFT: f64 = 90.0;
    let names = table.contestants();
    let mut svg = Svg::new(table.title, &format!("{}; less is better", table.unit), &names);
    let values = table.rows.iter().flat_map(|row| names.iter().filter_map(|name| row.value(name)));
    let (low, high) =
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
    let (low, high) = (low * 0.8, high * 1.25);
    let bottom = svg.height + HEIGHT;
    let y = |value: f64| bottom - (value / low).ln() / (high / low).ln() * HEIGHT;
    let step = (WIDTH - LEFT - 60.0) / (table.rows.len().max(2) - 1) as f64;
    let x = |row: usize| LEFT + row as f64 * step;
    for tick in ticks(low, high) {
        svg.line((LEFT, y(tick)), (x(table.rows.len() - 1), y(tick)), "#dddddd", 1.0);
        svg.text(LEFT - 8.0, y(tick) + 4.0, "end", "", &number(tick));
    }
    for (i, row) in table.rows.iter().enumerate() {
        svg.text(x(i), bottom + 18.0, "middle", "", &row.name);
    }
    for name in &names {
        let colour = colour(&names, name);
        let mut last = None;
        for (i, row) in table.rows.iter().enumerate() {
            let Some(value) = row.value(name) else { continue };
            let point = (x(i), y(value));
            if let Some(last) = last {
                svg.line(last, point, colour, if side(name) == Side::Ours { 2.5 } else { 1.2 });
            }
            svg.mark(&names, name, point.0, point.1, &format!("{name}: {}", number(value)));
            last = Some(point);
        }
    }
    svg.height = bottom + 32.0;
    svg.finish()
}

/// Returns round numbers between both: 1, 2 and 5 times powers of ten, or only the powers.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = (high / low).log10();
    let steps: &[f64] = if decades > 4.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let first = low.log10().floor() as i32;
    let last = high.log10().ceil() as i32;
    let all = (first..=last).flat_map(|power| {
        // Negative powers by division, so that they print as they read.
        let scale = move |step: f64| {
            if power < 0 { step / 10_f64.powi(-power) } else { step * 10_f64.powi(power) }
        };
        steps.iter().map(move |&step| scale(step))
    });
    all.filter(|tick| (low..=high).contains(tick)).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn push(body: &mut String, arguments: std::fmt::Arguments<'_>) {
    body.write_fmt(arguments).expect("a string accepts all");
}
