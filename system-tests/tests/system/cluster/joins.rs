use std::time::{Duration, Instant};

use serde_json::json;

use crate::cluster::{CLIENTS_EACH, Cluster};

const JOINS: usize = 300;

/// However soon the message is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_join_was_acknowledged_misses_no_message() {
    let Cluster { mut clients, nodes, broker: _broker } = Cluster::start().await;
    let mut times = Vec::new();
    for number in 0..JOINS {
        let room = format!("join {number}");
        // On each of the nodes in turn a client joins, and a client of the next node sends.
        let joining = number % 3 * CLIENTS_EACH;
        let sending = (number + 1) % 3 * CLIENTS_EACH;
        clients[sending].join(&room).await;
        let begin = Instant::now();
        let members = clients[joining].join(&room).await;
        times.push(begin.elapsed());
        clients[sending].sender.broadcast(Some(&room), &json!(number)).await;
        let from = clients[sending].id.clone();
        clients[joining].receiver.expect(&from, Some(&room), &json!(number)).await;
        assert!((1..=2).contains(&members), "{room} had {members} members");
        for member in [joining, sending] {
            clients[member].leave(&room).await;
        }
    }
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (median, longest) = (milliseconds(times[JOINS / 2]), milliseconds(times[JOINS - 1]));
    println!("{JOINS} joins, acknowledged after {median:.1} ms (median) to {longest:.1} ms");
    nodes.iter().for_each(|node| node.check_nothing_is_missing());
}
