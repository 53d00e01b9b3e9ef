//! A thread that runs a share of the clients.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::client::{self, churn};
use crate::options::Mode;
use crate::shard::Shard;
use crate::shared::{Shared, Stage};
use crate::tally::Tally;

/// Runs every client whose number leaves the remainder `index`, until all have ended.
///
/// # Errors
///
/// The runtime cannot be created.
pub(crate) fn run(
    shared: Arc<Shared>,
    index: u16,
    mut stage: watch::Receiver<Stage>,
) -> io::Result<Tally> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let shard = Rc::new(Shard::new(shared, index));
    let clients = LocalSet::new();
    for number in
        (u32::from(index)..shard.shared.plan.clients).step_by(shard.shared.plan.threads.into())
    {
        let (shard, stage) = (Rc::clone(&shard), stage.clone());
        match shard.shared.plan.mode {
            Mode::Churn => clients.spawn_local(churn::run(shard, number, stage)),
            _ => clients.spawn_local(client::run(shard, number, stage)),
        };
    }
    runtime.block_on(async {
        clients.run_until(shard.run_load(&mut stage)).await;
        clients.await;
    });
    let shard = Rc::into_inner(shard).ok_or_else(|| io::Error::other("a client has not ended"))?;
    Ok(shard.tally.into_inner())
}
