//! A client that connects, leaves, and connects again.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::timeout;
use ws_tokio::CloseCode;

use super::open::open;
use crate::shard::Shard;
use crate::shared::Phase;

/// Connects and leaves until the load ends.
pub(crate) async fn run(shard: Rc<Shard>, number: u32, mut phase: watch::Receiver<Phase>) {
    let mut told = shard.told(number);
    shard.live().opened.fetch_add(1, Ordering::Relaxed);
    if phase.wait_for(|phase| *phase != Phase::Opening).await.is_err() {
        return;
    }
    let Some(window) = shard.begin() else { return };
    let live = shard.live();
    loop {
        let due = match &mut told {
            Some(told) => {
                tokio::select! {
                    due = told.recv() => due,
                    _ = phase.wait_for(|phase| *phase == Phase::Stopping) => None,
                }
            }
            None => Some(shard.shared.clock.now()),
        };
        let Some(due) = due.filter(|&due| due < window.end) else { return };
        if *phase.borrow() == Phase::Stopping {
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
                    Err(_elapsed) => shard.lost("did not close in time".to_owned()),
                }
            }
            Err(error) => {
                shard.failed(error.to_string(), error.wall());
                // It is known not to come.
                live.expected.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
