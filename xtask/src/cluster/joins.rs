use core::time::Duration;
use std::time::Instant;

use serde_json::json;

use crate::cluster::client::Client;
use crate::cluster::{CLIENTS_EACH, passed};
use crate::failure::{Context as _, Result, bail};

const JOINS: usize = 300;

/// A client whose join was acknowledged misses no message, however soon it is sent.
pub(super) async fn run(clients: &mut [Client]) -> Result {
    let mut times = Vec::new();
    for number in 0..JOINS {
        let room = format!("join {number}");
        // On each of the nodes in turn a client joins, and a client of the next node sends.
        let joining = number % 3 * CLIENTS_EACH;
        let sending = (number + 1) % 3 * CLIENTS_EACH;
        clients[sending].join(&room).await?;
        let begin = Instant::now();
        let members = clients[joining].join(&room).await?;
        times.push(begin.elapsed());
        clients[sending].speaker.broadcast(Some(&room), &json!(number)).await?;
        let from = clients[sending].id.clone();
        let listener = &mut clients[joining].listener;
        listener.expect(&from, Some(&room), &json!(number)).await.context(&room)?;
        if members == 0 || members > 2 {
            bail!("{room} had {members} members");
        }
        for member in [joining, sending] {
            clients[member].leave(&room).await?;
        }
    }
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    passed(
        "a join that was acknowledged misses nothing",
        format_args!(
            "{JOINS} joins, acknowledged after {:.1} ms (median) to {:.1} ms",
            milliseconds(times[JOINS / 2]),
            milliseconds(times[JOINS - 1])
        ),
    );
    Ok(())
}
