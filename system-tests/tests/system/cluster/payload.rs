use serde_json::json;

use crate::cluster::Cluster;

const MAX_PAYLOAD: usize = 64 * 1024;

/// The bytes of an envelope besides the text of the message.
const ENVELOPE: usize = 30 + 2;

/// The limit of the broker is lower than that of the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_brokers_limit_is_refused_and_not_lost() {
    let mut cluster = Cluster::start().await;
    cluster.broker.kill();
    for node in &cluster.nodes {
        node.wait_for_engine(false).await;
    }
    cluster.broker.restart(&format!("max_payload: {MAX_PAYLOAD}"));
    cluster.agree().await;
    let (sender, others) = cluster.clients.split_first_mut().expect("clients");
    let [largest, too_large] = [0, 1].map(|more| json!("x".repeat(MAX_PAYLOAD - ENVELOPE + more)));
    sender.sender.broadcast(None, &too_large).await;
    assert_eq!(sender.receiver.answer("error").await["code"], "too_large");
    sender.sender.broadcast(None, &largest).await;
    // The second message must arrive first, also at the clients of the sender's node.
    for client in others {
        let message = client.receiver.next().await["message"].take();
        assert!(message == largest, "a client of {} received another message", client.node);
    }
}
