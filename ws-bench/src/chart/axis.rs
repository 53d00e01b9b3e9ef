//! Axes: the positions of values, and labelled ticks.

use crate::table::thousands;

/// A scale that maps values to positions from 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis between two values, with the ticks that lie between them.
    pub(crate) fn linear(from: f64, to: f64, ticks: impl Iterator<Item = (f64, String)>) -> Self {
        let ticks = ticks.filter(|&(at, _)| at >= from && at <= to).collect();
        Self { from, to, logarithmic: false, ticks }.placed()
    }

    /// A linear axis from zero to a round value above the largest one.
    pub(crate) fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        let most = values.fold(0.0, f64::max).max(1.0);
        let step = step(most / 3.0);
        let to = (most * 1.12 / step).ceil() * step;
        let ticks = multiples(step, to).skip(1).map(|at| (at, number(at)));
        Self::linear(0.0, to, ticks)
    }

    pub(crate) fn seconds(from: f64, to: f64) -> Self {
        let step = step((to - from) / 6.0);
        Self::linear(from, to, multiples(step, to).map(|at| (at, format!("{} s", number(at)))))
    }

    /// A logarithmic axis of times in milliseconds.
    pub(crate) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for value in values {
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            (least, most) = (1.0, 10.0);
        }
        // With a margin above and below; at least 0.6 powers of ten.
        let (from, to) = (least.log10() - 0.15, (most.log10() + 0.1).max(least.log10() + 0.6));
        let mantissas: &[f64] = match to - from {
            ..1.3 => &[1.0, 2.0, 5.0],
            ..2.4 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let ticks = (from.floor() as i32..=to.ceil() as i32)
            .flat_map(|power| mantissas.iter().map(move |mantissa| mantissa * 10f64.powi(power)))
            .filter(|at| (from..=to).contains(&at.log10()))
            .map(|at| (at, time(at)))
            .collect();
        Self { from, to, logarithmic: true, ticks }.placed()
    }

    /// Returns the position of a value, from 0 to 1.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// Returns the positions of the ticks, from 0 to 1, and their labels.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.ticks.iter().map(|(at, name)| (*at, name.as_str()))
    }

    fn placed(mut self) -> Self {
        self.ticks = self.ticks.iter().map(|(at, name)| (self.place(*at), name.clone())).collect();
        self
    }
}

/// Returns the first of 1, 2, 5, 10 … that is at least this value.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-3).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|&step| step >= least * 0.999).unwrap_or(10.0 * power)
}

fn multiples(step: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..).map(move |at| f64::from(at) * step).take_while(move |&at| at <= to * 1.001)
}

fn number(value: f64) -> String {
    match value {
        10_000.0.. if value % 1000.0 == 0.0 => format!("{} k", thousands((value / 1000.0) as u64)),
        1000.0.. => thousands(value as u64),
        _ => format!("{}", (value * 1000.0).round() / 1000.0),
    }
}

/// Formats a round time in milliseconds.
fn time(milliseconds: f64) -> String {
    match milliseconds {
        ..0.9999 => format!("{:.0} µs", milliseconds * 1e3),
        ..999.9 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.0} s", milliseconds / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks().map(|(_, name)| name).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(names(&Axis::from_zero([3.0, 87_000.0].into_iter())), ["50 k", "100 k"]);
        assert_eq!(names(&Axis::from_zero([980.0].into_iter())), ["500", "1,000", "1,500"]);
        assert_eq!(
            names(&Axis::seconds(0.0, 3.0)),
            ["0 s", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]
        );
        let axis = Axis::logarithmic([0.05, 40.0].into_iter());
        assert_eq!(names(&axis), ["100 µs", "1 ms", "10 ms"]);
        assert_eq!(names(&Axis::logarithmic([1.1, 1.2].into_iter())), ["1 ms", "2 ms"]);
        assert_eq!(names(&Axis::logarithmic([].into_iter())), ["1 ms", "2 ms", "5 ms", "10 ms"]);
    }

    #[test]
    fn places_are_within() {
        let axis = Axis::logarithmic([0.1, 10.0].into_iter());
        assert!(axis.place(0.1) > 0.0 && axis.place(10.0) < 1.0);
        assert!((axis.place(1.0) - f64::midpoint(axis.place(0.1), axis.place(10.0))).abs() < 1e-9);
        assert_eq!(axis.place(1e9), 1.0);
    }
}
