//! Echo servers over loopback: CPU time, system calls and instructions of the server's process.

use std::time::Duration;

use crate::content::size;
use crate::contest::{Entrant, compete, entrants};
use crate::contestant::Server;
use crate::load::{self, Load, Until};
use crate::measure::Samples;
use crate::mode::Mode;
use crate::peers::Bun;
use crate::process::{Counter, Process};
use crate::table::{Row, Table};
use crate::{Options, Result};

const fn load(connections: usize, size: usize, depth: usize) -> Load {
    Load { connections, size, depth }
}

const LOADS: [Load; 6] = [
    load(100, 20, 1),
    load(10, 1 << 10, 1),
    load(10, 16 << 10, 1),
    load(200, 16 << 10, 1),
    load(1, 1 << 20, 1),
    load(100, 20, 16),
];

/// The loads whose system calls and instructions are counted, with the number of exchanges of each
/// connection.
const COUNTED: [(Load, usize); 4] = [
    (load(10, 20, 1), 200),
    (load(10, 16 << 10, 1), 100),
    (load(1, 1 << 20, 1), 20),
    (load(10, 20, 16), 50),
];

fn name(load: Load) -> String {
    let mut name = format!("{} × {}", load.connections, size(load.size));
    if load.depth > 1 {
        name += &format!(", {} deep", load.depth);
    }
    name
}

pub(crate) fn run(options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    let mut tables = vec![cpu_time(options, bun)?];
    if Counter::SystemCalls.is_available() {
        tables.push(count(options, bun, Counter::SystemCalls)?);
    } else {
        println!("system calls are not counted: strace is not installed, or may not trace");
    }
    if options.instructions {
        if Counter::Instructions.is_available() {
            tables.push(count(options, bun, Counter::Instructions)?);
        } else {
            println!("instructions are not counted: valgrind is not installed");
        }
    }
    Ok(tables)
}

fn cpu_time(options: &Options, bun: Option<&Bun>) -> Result<Table> {
    let about = "CPU time of the server's process, in user space and in the kernel. Each client sends a \
        message when the last one has come back, or 16 at once; each byte of the echo is compared. The \
        server has the last core, the clients the first one.";
    let mut table = Table::new("echo", "Echo servers over loopback", "µs per message", about);
    let loads = if options.quick { &LOADS[2..] } else { &LOADS };
    for &load in loads {
        let samples = compete(options, bun, Mode::Echo, options.rounds(9, 1), |process| {
            per_message(process, load, options)
        })?;
        table.rows.push(Row::new(name(load), samples));
    }
    table.finish();
    Ok(table)
}

/// Returns the server's microseconds per message.
pub(crate) fn per_message(process: &Process, load: Load, options: &Options) -> Result<f64> {
    let time = Duration::from_millis(if options.quick { 30 } else { 150 });
    let run = load::echo(process.address, load, Until::Time(time), || process.cpu_time());
    let (before, after, messages) = load::runtime().block_on(run)?;
    Ok((after - before).as_secs_f64() * 1e6 / messages as f64)
}

/// Counts by the difference between two runs, of which one exchanges twice as many messages.
fn count(options: &Options, bun: Option<&Bun>, counter: Counter) -> Result<Table> {
    let about = "The difference between two runs, of which one exchanges twice as many messages.";
    let mut table = match counter {
        Counter::SystemCalls => {
            Table::new("system-calls", "System calls of an echo server", "per message", about)
        }
        Counter::Instructions => Table::new(
            "instructions",
            "Instructions of an echo server in user space",
            "per message",
            about,
        ),
    };
    let counted = if options.quick { &COUNTED[3..] } else { &COUNTED };
    for &(load, exchanges) in counted {
        let mut row = Vec::new();
        for Entrant { contestant, command } in entrants(options, bun, Mode::Echo)? {
            // A program that compiles code while it runs would take long to reach its steady state.
            let is_compiled = !matches!(contestant.server, Some(Server::Bun));
            if counter == Counter::Instructions && !is_compiled {
                continue;
            }
            let total = |exchanges| {
                Process::counted(&command, counter, |address| {
                    let until = Until::Exchanges(exchanges);
                    let run = load::echo(address, load, until, || Ok(()));
                    load::runtime().block_on(run).map(drop)
                })
            };
            let difference = total(2 * exchanges)? - total(exchanges)?;
            let messages = exchanges * load.connections * load.depth;
            row.push((contestant.name, Samples::of(difference / messages as f64)));
        }
        table.rows.push(Row::new(name(load), row));
    }
    table.finish();
    Ok(table)
}
