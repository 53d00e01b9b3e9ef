//! Results: a row for each case, a column for each contestant.

use crate::contestant::Side;
use crate::measure::Samples;
use crate::peers;

pub(crate) struct Table {
    /// The name of its chart.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// The unit of all values. Less is better.
    pub(crate) unit: &'static str,
    /// How it was measured.
    pub(crate) about: &'static str,
    pub(crate) rows: Vec<Row>,
    /// What the values show.
    pub(crate) notes: Vec<String>,
}

/// The samples of each contestant that was measured.
pub(crate) type Cells = Vec<(&'static str, Samples)>;

pub(crate) struct Row {
    pub(crate) name: String,
    cells: Cells,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, cells: Cells) -> Self {
        Self { name: name.into(), cells }
    }

    pub(crate) fn samples(&self, contestant: &str) -> Option<&Samples> {
        self.cells.iter().find(|(name, _)| *name == contestant).map(|(_, samples)| samples)
    }

    /// Returns the best value of a contestant.
    pub(crate) fn value(&self, contestant: &str) -> Option<f64> {
        self.samples(contestant).map(Samples::best)
    }

    /// Returns the best of the other implementations.
    pub(crate) fn best_other(&self) -> Option<(&'static str, f64)> {
        let others = self.cells.iter().filter(|(name, _)| side(name) == Side::Other);
        others
            .map(|(name, samples)| (*name, samples.best()))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// Returns the value of a contestant, divided by the best of the other implementations.
    pub(crate) fn ratio(&self, contestant: &str) -> Option<f64> {
        Some(self.value(contestant)? / self.best_other()?.1)
    }
}

/// Returns the side of a column. What is not in the list of implementations is a floor.
pub(crate) fn side(contestant: &str) -> Side {
    peers::named(contestant).map_or(Side::Floor, |contestant| contestant.side)
}

impl Table {
    pub(crate) fn new(
        id: &'static str,
        title: &'static str,
        unit: &'static str,
        about: &'static str,
    ) -> Self {
        Self { id, title, unit, about, rows: Vec::new(), notes: Vec::new() }
    }

    /// Returns the contestants of any row, in the order in which they appear.
    pub(crate) fn contestants(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        for (name, _) in self.rows.iter().flat_map(|row| &row.cells) {
            if !all.contains(name) {
                all.push(*name);
            }
        }
        all
    }

    /// Prints it.
    pub(crate) fn finish(&self) {
        println!("\n{} ({}; the factor to the best other implementation)", self.title, self.unit);
        let contestants = self.contestants();
        for row in &self.rows {
            println!("  {}", row.name);
            for contestant in &contestants {
                let Some(samples) = row.samples(contestant) else { continue };
                let factor = row.ratio(contestant).map(|ratio| format!("{ratio:>7.2}×"));
                println!(
                    "    {contestant:<26} {:>12} {} median {}",
                    number(samples.best()),
                    factor.unwrap_or_default(),
                    number(samples.median()),
                );
            }
        }
        self.notes.iter().for_each(|note| println!("  {note}"));
    }
}

/// A number with about three significant digits.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => {
            let digits = format!("{value:.0}");
            let (sign, digits) =
                digits.strip_prefix('-').map_or(("", &*digits), |rest| ("-", rest));
            let mut text = sign.to_owned();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i) % 3 == 0 {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
    }
}
