//! A client that connects, closes, and connects again.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::timeout;
use ws_tokio::CloseCode;

use super::open::open;
use crate::shard::Shard;
use crate::shared::Stage;

/// Connects and closes until the load ends.
pub(crate) async fn run(shard: Rc<Shard>, number: u32, mut stage: watch::Receiver<Stage>) {
    let mut due_times = shard.due_times(number);
    shard.live().opened.fetch_add(1, Ordering::Relaxed);
    if stage.wait_for(|stage| *stage != Stage::Opening).await.is_err() {
        return;
    }
    let Some(window) = shard.begin() else { return };
    let live = shard.live();
    loop {
        let due = match &mut due_times {
            Some(due_times) => {
                tokio::select! {
                    due = due_times.recv() => due,
                    _ = stage.wait_for(|stage| *stage == Stage::Stopping) => None,
                }
            }
            None => Some(shard.shared.clock.now()),
        };
        let Some(due) = due.filter(|&due| due < window.end) else { return };
        if *stage.borrow() == Stage::Stopping {
            return;
        }
        live.sent.fetch_add(1, Ordering::Relaxed);
        live.expected.fetch_add(1, Ordering::Relaxed);
        match open(&shard, number).await {
            Ok(mut socket) => {
                shard.arrived(&mut shard.tally.borrow_mut(), due, shard.shared.clock.now(), 0);
                let closed =
                    timeout(shard.shared.timeout, socket.close_and_discard(CloseCode::NORMAL))
                        .await;
                match closed {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => shard.lost(format!("while closing: {error}")),
                    Err(_elapsed) => shard.lost("timeout while closing".to_owned()),
                }
            }
            Err(error) => {
                shard.failed(error.to_string(), error.system_limit());
                // No arrival is to be expected.
                live.expected.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
