//! Samples of several contestants, taken in turns.

/// The measurements of one contestant, one in each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn of(value: f64) -> Self {
        Self(vec![value])
    }

    /// Returns the smallest, which noise has disturbed least.
    pub(crate) fn best(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Measures each of `count` contestants once in each round; each round begins with another one.
pub(crate) fn interleave(
    count: usize,
    rounds: usize,
    mut measure: impl FnMut(usize) -> f64,
) -> Vec<Samples> {
    let mut samples = vec![Samples::default(); count];
    for round in 0..rounds {
        for turn in 0..count {
            let i = (round + turn) % count;
            samples[i].0.push(measure(i));
        }
    }
    samples
}
