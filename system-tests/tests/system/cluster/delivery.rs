use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::cluster::client::{Client, Receiver, Sender};
use crate::cluster::{Cluster, ROOM};

/// The number of messages to a room, and also of those to all clients.
const MESSAGES: usize = 1000;

/// All clients together send numbers, odd ones to a room, even ones to all clients. Each client
/// must receive all numbers of the others once, those of each sender in order.
#[tokio::test(flavor = "multi_thread")]
async fn each_message_arrives_once_and_in_the_order_of_its_sender() {
    let mut cluster = Cluster::start().await;
    for (index, client) in cluster.clients.iter_mut().enumerate() {
        let members = client.join(ROOM).await;
        assert!((1..=index as u64 + 1).contains(&members), "{members} members of {}", index + 1);
    }
    let ids: Arc<[String]> = cluster.clients.iter().map(|client| client.id.clone()).collect();
    let mut tasks = JoinSet::new();
    for (index, mut client) in cluster.clients.into_iter().enumerate() {
        let ids = Arc::clone(&ids);
        tasks.spawn(async move {
            let (sender, receiver) = (&mut client.sender, &mut client.receiver);
            tokio::join!(send(sender, index, ids.len()), receive(receiver, index, &ids));
            client
        });
    }
    check_nothing_is_left(&mut tasks.join_all().await).await;
    cluster.nodes.iter().for_each(|node| node.check_nothing_is_missing());
}

async fn send(sender: &mut Sender, index: usize, senders: usize) {
    for number in (index..2 * MESSAGES).step_by(senders) {
        sender.broadcast(room_of(number), &json!(number)).await;
    }
}

async fn receive(receiver: &mut Receiver, index: usize, ids: &[String]) {
    let mut next: HashMap<&str, usize> =
        ids.iter().enumerate().map(|(sender, id)| (id.as_str(), sender)).collect();
    next.remove(ids[index].as_str());
    let all = (0..2 * MESSAGES).filter(|number| number % ids.len() != index).count();
    for _ in 0..all {
        let event = receiver.next().await;
        let from = event["from"].as_str().and_then(|from| next.get_mut(from));
        let number = from.unwrap_or_else(|| panic!("no client should send {event}"));
        let found = (&event["message"], &event["room"]);
        assert_eq!(found, (&json!(*number), &json!(room_of(*number))));
        *number += ids.len();
    }
}

/// A message that arrived twice would arrive before the next message of its sender.
async fn check_nothing_is_left(clients: &mut [Client]) {
    let ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
    for (sender, id) in ids.iter().enumerate() {
        clients[sender].sender.broadcast(None, &json!("end")).await;
        for client in clients.iter_mut().filter(|client| client.id != *id) {
            client.receiver.expect(id, None, &json!("end")).await;
        }
    }
}

fn room_of(number: usize) -> Option<&'static str> {
    (number % 2 == 1).then_some(ROOM)
}
