//! A client learns why it was refused though it is still sending.

mod support;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_tokio::{Config, Limits};

use support::echo::{self, WAYS};
use support::on_both_runtimes;
use support::wire::{REQUEST, frames, header};

/// What the client goes on to send, which is less than the server reads before it gives up.
const MORE: usize = 8 << 20;

#[test]
fn a_client_that_is_still_sending_sees_the_close_frame() {
    on_both_runtimes(async || {
        let config = Config {
            incoming: Limits { max_message_size: 1000, ..Limits::incoming() },
            ..Config::default()
        };
        for way in WAYS {
            let address = echo::server(way, config.clone()).await;
            for _ in 0..10 {
                let stream = TcpStream::connect(address).await.expect("a server");
                let (mut from, mut to) = stream.into_split();
                let writing = tokio::spawn(async move {
                    to.write_all(REQUEST.as_bytes()).await?;
                    to.write_all(&header(0x82, MORE as u64)).await?;
                    for _ in 0..MORE / 10_000 {
                        to.write_all(&[0; 10_000]).await?;
                    }
                    to.shutdown().await
                });
                let mut answer = Vec::new();
                from.read_to_end(&mut answer).await.expect("an end, no reset");
                writing.await.expect("no panic").expect("the server reads to the end");
                let frames = frames(&answer);
                assert_eq!(frames[0], 0x88, "{way:?}: {frames:?}");
                assert_eq!(frames[2..4], 1009_u16.to_be_bytes(), "{way:?}: {frames:?}");
                assert_eq!(frames.len(), 2 + usize::from(frames[1]), "{way:?}: {frames:?}");
            }
        }
    });
}
