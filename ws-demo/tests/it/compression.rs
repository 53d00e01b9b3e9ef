//! Compressed broadcasts.

use std::io::Write as _;

use crate::process::{Server, text};
use crate::raw::{self, FIN, TEXT, upgrade};

const RSV1: u8 = 0x40;

#[tokio::test]
async fn one_compressed_form_goes_to_all_who_take_it_and_the_plain_one_to_others() {
    let server = Server::start(&["--compress"]);
    let mut plain = raw::open(&server);
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let mut compressed = [(); 2].map(|()| {
        let mut stream = raw::connect(server.address);
        stream.write_all(upgrade("/ws", offer).as_bytes()).expect("a stream");
        let head = raw::head(&mut stream);
        assert!(head.contains("permessage-deflate"), "{head}");
        assert!(head.contains("server_no_context_takeover"), "{head}");
        // The welcome is too short to be compressed.
        assert_eq!(raw::frame(&mut stream).0, FIN | TEXT);
        stream
    });
    let (mut alice, id) = server.connect().await;
    let message = "all work and no play ".repeat(500);
    let broadcast = format!(r#"{{"type":"broadcast","message":"{message}"}}"#);
    alice.send(broadcast).await.expect("a message sent");

    let expected = format!(r#"{{"type":"broadcast","from":"{id}","message":"{message}"}}"#);
    assert_eq!(raw::frame(&mut plain), (FIN | TEXT, expected.into_bytes()));
    let frames = compressed.each_mut().map(raw::frame);
    for (first, payload) in &frames {
        assert_eq!(*first, FIN | RSV1 | TEXT);
        assert!(payload.len() < message.len() / 10, "{}", payload.len());
    }
    assert_eq!(frames[0], frames[1]);
}

#[tokio::test]
async fn a_client_of_ours_reads_what_is_compressed() {
    use ws_tokio::client::{ClientRequest, Uri};
    use ws_tokio::{Config, Deflate, connect_with};

    let server = Server::start(&["--compress", "--threads", "1"]);
    let uri: Uri = server.uri().parse().expect("an address");
    let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
    let (mut bob, _) =
        connect_with(&uri, ClientRequest::for_uri(&uri), config).await.expect("a connection");
    text(&mut bob).await;
    let (mut alice, _) = server.connect().await;
    for number in 0..10 {
        let message = format!("{number} {}", "is it heavy? ".repeat(100));
        let broadcast = format!(r#"{{"type":"broadcast","message":"{message}"}}"#);
        alice.send(broadcast).await.expect("a message sent");
        assert!(text(&mut bob).await.contains(&message));
        bob.send(message.as_str()).await.expect("a message sent");
        assert!(text(&mut bob).await.contains(&message));
    }
}

#[tokio::test]
async fn without_the_flag_nothing_is_compressed() {
    let server = Server::start(&[]);
    let mut stream = raw::connect(server.address);
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    stream.write_all(upgrade("/ws", offer).as_bytes()).expect("a stream");
    assert!(!raw::head(&mut stream).contains("deflate"));
}
