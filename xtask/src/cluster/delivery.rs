use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::cluster::client::{Client, Listener, Speaker};
use crate::cluster::{ROOM, passed};
use crate::failure::{Context as _, Result, bail};

/// The number of messages to a room, and also of those to all clients.
const MESSAGES: usize = 1000;

/// All clients together send numbers, odd ones to a room, even ones to all clients. Each client
/// must receive all numbers of the others once, those of each sender in order.
pub(super) async fn run(mut clients: Vec<Client>) -> Result<Vec<Client>> {
    for (index, client) in clients.iter_mut().enumerate() {
        let members = client.join(ROOM).await?;
        if members == 0 || members > index as u64 + 1 {
            bail!("{members} members when {} have joined", index + 1);
        }
    }
    let ids: Arc<[String]> = clients.iter().map(|client| client.id.clone()).collect();
    let mut tasks: JoinSet<Result<(usize, Client)>> = JoinSet::new();
    for (index, mut client) in clients.into_iter().enumerate() {
        let ids = Arc::clone(&ids);
        tasks.spawn(async move {
            let (speaker, listener) = (&mut client.speaker, &mut client.listener);
            let result =
                tokio::try_join!(send(speaker, index, ids.len()), hear(listener, index, &ids));
            result.context(format_args!("client {index} of node {}", client.node))?;
            Ok((index, client))
        });
    }
    let mut clients = Vec::new();
    while let Some(done) = tasks.join_next().await {
        clients.push(done.context("a client failed")??);
    }
    clients.sort_by_key(|(index, _)| *index);
    let mut clients: Vec<_> = clients.into_iter().map(|(_, client)| client).collect();
    check_nothing_is_left(&mut clients).await?;
    passed(
        "each once and in the order of its sender",
        format_args!("{MESSAGES} to a room and {MESSAGES} to all, {} clients", clients.len()),
    );
    Ok(clients)
}

async fn send(speaker: &mut Speaker, index: usize, senders: usize) -> Result {
    for number in (index..2 * MESSAGES).step_by(senders) {
        speaker.broadcast(room_of(number), &json!(number)).await?;
    }
    Ok(())
}

async fn hear(listener: &mut Listener, index: usize, ids: &[String]) -> Result {
    let mut next: HashMap<&str, usize> =
        ids.iter().enumerate().map(|(sender, id)| (id.as_str(), sender)).collect();
    next.remove(ids[index].as_str());
    let all = (0..2 * MESSAGES).filter(|number| number % ids.len() != index).count();
    for _ in 0..all {
        let heard = listener.hear().await?;
        let from = heard["from"].as_str().and_then(|from| next.get_mut(from));
        let number = from.context(format_args!("no client should send {heard}"))?;
        if heard["message"] != json!(*number) || heard["room"] != json!(room_of(*number)) {
            bail!("expected {number} next from its sender, but received {heard}");
        }
        *number += ids.len();
    }
    Ok(())
}

/// A message that arrived twice would arrive before the next message of its sender.
async fn check_nothing_is_left(clients: &mut [Client]) -> Result {
    let ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
    for sender in 0..clients.len() {
        clients[sender].speaker.broadcast(None, &json!("end")).await?;
        for (index, client) in clients.iter_mut().enumerate() {
            if index != sender {
                client.listener.expect(&ids[sender], None, &json!("end")).await?;
            }
        }
    }
    Ok(())
}

fn room_of(number: usize) -> Option<&'static str> {
    (number % 2 == 1).then_some(ROOM)
}
