//! A thread with its share of the clients.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::client::{self, churn};
use crate::options::Mode;
use crate::shard::Shard;
use crate::shared::{Phase, Shared};
use crate::tally::Tally;

/// Runs this share of the clients until they all have ended.
///
/// # Errors
///
/// If there can be no runtime.
pub(crate) fn run(
    shared: Arc<Shared>,
    index: u16,
    mut phase: watch::Receiver<Phase>,
) -> io::Result<Tally> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let shard = Rc::new(Shard::new(shared, index));
    let clients = LocalSet::new();
    for number in
        (u32::from(index)..shard.shared.plan.clients).step_by(shard.shared.plan.threads.into())
    {
        let (shard, phase) = (Rc::clone(&shard), phase.clone());
        match shard.shared.plan.mode {
            Mode::Churn => clients.spawn_local(churn::run(shard, number, phase)),
            _ => clients.spawn_local(client::run(shard, number, phase)),
        };
    }
    runtime.block_on(async {
        let lead = async {
            shard.lead(&mut phase).await;
        };
        clients.run_until(lead).await;
        clients.await;
    });
    let shard = Rc::into_inner(shard).ok_or_else(|| io::Error::other("a client is left"))?;
    Ok(shard.tally.into_inner())
}
