//! Messages for many receivers.

use crate::contest::compete;
use crate::load::{self, Audience};
use crate::mode::Mode;
use crate::peers::Bun;
use crate::table::{Row, Table};
use crate::{Options, Result};

/// The size of a message.
const SIZE: usize = 128;

pub(crate) fn run(options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    let about = "CPU time of the server's process for a message of 128 bytes that one connection publishes \
        to all others. Ours is ws-hub, uWebSockets has topics; the others send shared bytes from a queue of \
        each connection, whose task waits for input as well.";
    let mut table = Table::new("broadcast", "Broadcast", "µs per delivery", about);
    let cases: &[(usize, usize, usize)] = if options.quick {
        &[(300, 1, 10)]
    } else {
        &[(1_000, 1, 60), (1_000, 8, 15), (10_000, 1, 6)]
    };
    for &(receivers, depth, count) in cases {
        let rounds = options.rounds(if receivers > 1_000 { 2 } else { 4 }, 1);
        let samples = compete(options, bun, Mode::Broadcast, rounds, |process| {
            load::runtime().block_on(async {
                let mut audience = Audience::open(process.address, receivers).await?;
                audience.publish(SIZE, depth, 1).await?;
                let before = process.cpu_time()?;
                let deliveries = audience.publish(SIZE, depth, count).await?;
                let time = process.cpu_time()? - before;
                Ok(time.as_secs_f64() * 1e6 / deliveries as f64)
            })
        })?;
        let mut name = format!("{receivers} receivers");
        if depth > 1 {
            name += &format!(", {depth} messages at once");
        }
        table.rows.push(Row::new(name, samples));
    }
    table.finish();
    Ok(vec![table])
}
