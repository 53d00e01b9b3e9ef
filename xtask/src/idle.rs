mod compressed;
mod leaving;

use std::fs;
use std::path::Path;

use clap::Args;

use crate::artifacts::Artifacts;
use crate::command::{command, execute};
use crate::echo::Echo;
use crate::failure::{Context as _, Result, bail};
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::wire::Wire;
use crate::{note, this_program};

const CONNECTIONS: u64 = 5_000;

/// Files that are open apart from the connections.
const OTHER_FILES: u64 = 100;

/// Far above what is aimed at, and below what a buffer per connection would take.
const MAX_BYTES_EACH: u64 = 16 * 1024;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// How many connections to open without compression, by default 5000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    connections: Option<u64>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let connections = options.connections.unwrap_or(CONNECTIONS);
    let needed = connections.max(compressed::CONNECTIONS) + OTHER_FILES;
    if open_files_limit()? < needed {
        return run_with_limit(connections, needed);
    }
    let programs =
        Artifacts::build_released(&["--package", "ws-tokio", "--example", "tokio_echo"])?;
    let program = programs.path("tokio_echo")?;
    plain(program, connections)?;
    compressed::run(program)?;
    leaving::run(program)?;
    Ok(Outcome::Passed)
}

fn plain(program: &Path, connections: u64) -> Result {
    let server = Echo::start(program, &[], "idle")?;

    // What the first connection makes the server set up once is none of the others' cost.
    let mut first = Wire::connect(server.address)?;
    first.upgrade("/")?;
    let before = Memory::of(server.process.id())?;
    let mut open = Vec::new();
    for count in 1..=connections {
        let mut wire = Wire::connect(server.address)?;
        wire.upgrade("/").context(format_args!("connection {count}"))?;
        open.push(wire);
    }
    let after = Memory::of(server.process.id())?;

    let each = after.since(before) * 1024 / connections;
    println!("resident: {} KiB before, {} KiB after", before.resident, after.resident);
    note::print(&format!("{each} bytes for each of {connections} idle connections"));
    if each > MAX_BYTES_EACH {
        bail!("an idle connection takes {each} bytes, more than {MAX_BYTES_EACH}");
    }
    Ok(())
}

/// Starts this command again where enough files may be open; that is the shell's to allow.
fn run_with_limit(connections: u64, needed: u64) -> Result<Outcome> {
    let raise = r#"ulimit -n "$0" && exec "$@""#;
    let mut shell = command("sh");
    shell.args(["-c", raise, &needed.to_string()]).arg(this_program::path()?);
    shell.args(["idle", "--connections", &connections.to_string()]);
    execute(&mut shell)
        .context(format_args!("{needed} open files may be more than this system allows"))?;
    Ok(Outcome::Passed)
}

fn open_files_limit() -> Result<u64> {
    let limits = fs::read_to_string("/proc/self/limits").context("/proc/self/limits")?;
    soft_limit(&limits).context("/proc/self/limits does not tell how many files may be open")
}

fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read() {
        let limits = "Limit                     Soft Limit   Hard Limit   Units\n\
                      Max open files            1024         524288       files\n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(soft_limit(&limits.replace("1024", "unlimited")), Some(u64::MAX));
        assert_eq!(soft_limit("nothing"), None);
    }
}
