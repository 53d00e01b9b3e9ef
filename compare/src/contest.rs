//! The servers of a group, started together and measured in turns.

use crate::contestant::Contestant;
use crate::measure::{Samples, interleave};
use crate::peers::{self, Bun};
use crate::process::{self, Process};
use crate::server::Mode;
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

/// Starts all servers that serve this mode, and measures them in turns.
pub(crate) fn compete(
    options: &Options,
    bun: Option<&Bun>,
    mode: Mode,
    rounds: usize,
    mut measure: impl FnMut(&Process) -> Result<f64>,
) -> Result<Vec<(&'static str, Samples)>> {
    let mut running = Vec::new();
    for Entrant { contestant, command } in entrants(options, bun, mode)? {
        running.push((contestant.name, Process::start(command)?));
    }
    process::pin_load()?;
    let mut failure = None;
    let samples = interleave(running.len(), rounds, |i| {
        let (name, process) = &running[i];
        measure(process).unwrap_or_else(|error| {
            failure.get_or_insert(format!("{name}: {error}"));
            f64::NAN
        })
    });
    process::unpin_load()?;
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(running.iter().map(|(name, _)| *name).zip(samples).collect()),
    }
}
