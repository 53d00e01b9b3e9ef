//! Growth by powers of ten or of sixteen: the cost per unit should not depend on the number of units.

use ws_proto::Role;

use crate::codec::Work;
use crate::content::{Kind, size};
use crate::contest::compete;
use crate::contestant::Side;
use crate::echo::per_message;
use crate::in_memory::{self, Case};
use crate::load::Load;
use crate::mode::Mode;
use crate::peers::Bun;
use crate::table::{Row, Table, side};
use crate::{Options, Result};

/// The contestants of these tables: the floors, ours, and the best of the others.
fn included(name: &str) -> bool {
    !["ws-proto", "tokio-tungstenite", "copy and XOR"].contains(&name)
}

pub(crate) fn run(options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    let options = &options.narrowed(included);
    Ok(vec![connections(options, bun)?, sizes(options), fragments(options)])
}

fn connections(options: &Options, bun: Option<&Bun>) -> Result<Table> {
    let about =
        "An echo server as above, with messages of 20 bytes, one at a time for each connection.";
    let title = "Growth: 10 to 10,000 connections";
    let mut table = Table::new("growth-connections", title, "µs per message", about);
    let counts: &[usize] = if options.quick { &[10, 100] } else { &[10, 100, 1_000, 10_000] };
    for &connections in counts {
        let load = Load { connections, size: 20, depth: 1 };
        let samples = compete(options, bun, Mode::Echo, options.rounds(3, 1), |process| {
            per_message(process, load, options)
        })?;
        table.rows.push(Row::new(format!("{connections} connections"), samples));
    }
    finish(&mut table);
    Ok(table)
}

const MASKED: Case = Case {
    work: Work::Receive,
    role: Role::Server,
    kind: Kind::Binary,
    size: 64 << 10,
    arrival: 64 << 10,
    fragments: 1,
};

fn sizes(options: &Options) -> Table {
    let about = "Receiving masked binary messages in memory, in arrivals of 64 KiB.";
    let title = "Growth: 16 bytes to 16 MiB";
    let mut table = Table::new("growth-sizes", title, "ns per message", about);
    let sizes: &[usize] =
        if options.quick { &[16, 256] } else { &[4, 8, 12, 16, 20, 24].map(|bits| 1 << bits) };
    for &bytes in sizes {
        let case = Case { size: bytes, ..MASKED };
        table.rows.push(Row::new(size(bytes), in_memory::measure(case, options)));
    }
    finish(&mut table);
    table
}

fn fragments(options: &Options) -> Table {
    let about = "Receiving a masked binary message of 64 KiB in memory, in arrivals of 64 KiB.";
    let title = "Growth: 1 to 10,000 fragments";
    let mut table = Table::new("growth-fragments", title, "ns per message", about);
    let counts: &[usize] = if options.quick { &[1, 10] } else { &[1, 10, 100, 1_000, 10_000] };
    for &fragments in counts {
        let case = Case { fragments, ..MASKED };
        let name = if fragments == 1 { "1 frame".into() } else { format!("{fragments} fragments") };
        table.rows.push(Row::new(name, in_memory::measure(case, options)));
    }
    finish(&mut table);
    table
}

/// Adds the factor of each step for ours: where a step is that of the units, the cost is proportional.
fn finish(table: &mut Table) {
    for name in table.contestants().into_iter().filter(|name| side(name) == Side::Ours) {
        let values: Vec<f64> = table.rows.iter().filter_map(|row| row.value(name)).collect();
        let steps: Vec<String> =
            values.windows(2).map(|pair| format!("×{:.2}", pair[1] / pair[0])).collect();
        table.notes.push(format!("- From row to row, {name}: {}", steps.join(", ")));
    }
    table.finish();
}
