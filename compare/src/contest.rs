//! The servers of a group, started together and measured in turns.

use crate::contestant::{Contestant, Side};
use crate::measure::interleave;
use crate::mode::Mode;
use crate::peers::{self, Bun};
use crate::process::{self, Process};
use crate::table::Cells;
use crate::{Options, Result};

/// A contestant with a server, and the commands to start it.
pub(crate) struct Entrant {
    pub(crate) contestant: &'static Contestant,
    pub(crate) command: std::process::Command,
}

/// Returns the contestants that serve this mode.
pub(crate) fn entrants(options: &Options, bun: Option<&Bun>, mode: Mode) -> Result<Vec<Entrant>> {
    let mut entrants = Vec::new();
    for contestant in peers::ALL.iter().filter(|contestant| options.includes(contestant.name)) {
        if let Some(command) = process::command(contestant, mode, bun)? {
            entrants.push(Entrant { contestant, command });
        }
    }
    Ok(entrants)
}

/// Starts all servers that serve this mode, and measures them in turns. Another implementation that fails
/// is reported and left out; one of ours is an error.
pub(crate) fn compete(
    options: &Options,
    bun: Option<&Bun>,
    mode: Mode,
    rounds: usize,
    mut measure: impl FnMut(&Process) -> Result<f64>,
) -> Result<Cells> {
    let mut running = Vec::new();
    for Entrant { contestant, command } in entrants(options, bun, mode)? {
        running.push((contestant, Process::start(command)?));
    }
    process::pin_load()?;
    let mut failures: Vec<Option<String>> = vec![None; running.len()];
    let samples = interleave(running.len(), rounds, |i| {
        if failures[i].is_some() {
            return f64::NAN;
        }
        measure(&running[i].1).unwrap_or_else(|error| {
            failures[i] = Some(error.to_string());
            f64::NAN
        })
    });
    process::unpin_load()?;
    let mut cells = Vec::new();
    for (((contestant, _), samples), failure) in running.iter().zip(samples).zip(failures) {
        match failure {
            None => cells.push((contestant.name, samples)),
            Some(failure) if contestant.side == Side::Other => {
                println!("left out: {}: {failure}", contestant.name);
            }
            Some(failure) => return Err(format!("{}: {failure}", contestant.name).into()),
        }
    }
    Ok(cells)
}
