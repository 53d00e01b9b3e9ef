//! A client ends its direction of the stream and goes on reading.

mod support;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_tokio::Config;

use support::echo::{self, Way};
use support::on_both_runtimes;
use support::wire::{REQUEST, frame, frames};

/// All in one go: request, messages, end.
#[test]
fn what_it_asked_for_is_answered() {
    on_both_runtimes(async || {
        // With two tasks the end of the stream may be seen before the last message was echoed, and
        // then the connection is over.
        for way in [Way::Batches, Way::Messages] {
            let address = echo::server(way, Config::default()).await;
            for (len, count) in [(0, 1), (10, 100), (10_000, 3), (200_000, 2)] {
                let stream = TcpStream::connect(address).await.expect("a server");
                let (mut from, mut to) = stream.into_split();
                let payload = vec![b'x'; len];
                let request = [REQUEST.as_bytes(), &frame(0x82, &payload).repeat(count)].concat();
                let writing = tokio::spawn(async move {
                    to.write_all(&request).await?;
                    to.shutdown().await
                });
                let mut answer = Vec::new();
                from.read_to_end(&mut answer).await.expect("an end, no reset");
                writing.await.expect("no panic").expect("the server reads to the end");
                let frames = frames(&answer);
                let payloads = frames.iter().filter(|byte| **byte == b'x').count();
                assert_eq!(payloads, len * count, "{way:?}, {count} messages of {len} bytes");
            }
        }
    });
}
