//! Both ends of a handshake agree, and each can read what the other sends.

use ws_proto::client::ClientHandshakeErrorKind;
use ws_proto::{Compression, Config, Deflate, Event, Offers, Role, client, server};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair;
use crate::pair::wire::{self, ROLES, RSV1};
use crate::pair::{Pair, peer::Peer};

/// Our window and the peer's, and takeover likewise.
type Wishes = (u8, u8, bool, bool);

fn config((window_bits, peer_window_bits, context_takeover, peer): Wishes) -> Config {
    let deflate = Deflate {
        offers: Offers::PeerWindowOrAny,
        window_bits,
        peer_window_bits,
        context_takeover,
        peer_context_takeover: peer,
        ..Deflate::default()
    };
    Config { deflate: Some(deflate), ..compressed::config() }
}

/// The parameters in the response.
fn agreed(response: &str) -> String {
    let line = response.lines().find_map(|line| {
        line.strip_prefix("Sec-WebSocket-Extensions: ")
            .or_else(|| line.strip_prefix("sec-websocket-extensions: "))
    });
    line.unwrap_or("none").replace("permessage-deflate", "").replace("_context_takeover", "")
}

/// Sends messages both ways with takeover; they stay within these windows.
fn converse(client: Config, server: Config, windows: [(Role, u8, bool); 2]) -> String {
    let ([client, server], response) = compressed::handshake(client, server);
    assert!(client.is_compressed() && server.is_compressed(), "{response}");
    let mut pair = Pair::of(client, server, &[1000]);
    let random = &mut Random(4);
    for (from, bits, takeover) in windows {
        let mut inflate = Inflate::new((bits, takeover));
        for _ in 0..10 {
            let text = content::words(9000, random);
            let Peer { connection, .. } =
                if from == Role::Client { &mut pair.client } else { &mut pair.server };
            let mut wire = Vec::new();
            connection.send_with(&text, Compression::Always, &mut wire).expect("open");
            let frames = wire::parse(&wire);
            assert_ne!(frames[0].first & RSV1, 0, "{response}");
            assert_eq!(inflate.message(&frames[0].payload), text.as_bytes(), "{response}");
            let to = if from == Role::Client { &mut pair.server } else { &mut pair.client };
            to.read(&wire);
            assert_eq!((to.error, to.events.pop()), (None, Some(Event::Text(text.into()))));
        }
        let name = format!("{from:?} in {response}");
        assert_eq!(inflate.farthest_earlier > 0, takeover, "{name}");
        // Not smaller than agreed either.
        assert!(inflate.farthest > (1 << bits) / 3, "{name}: {}", inflate.farthest);
    }
    agreed(&response)
}

#[test]
fn of_a_table_of_wishes() {
    let default = (12, 12, true, true);
    let rows: [(Wishes, Wishes, &str, Agreed); 10] = [
        (
            default,
            default,
            "; server_max_window_bits=12; client_max_window_bits=12",
            Agreed::default(),
        ),
        ((15, 15, true, true), (15, 15, true, true), "", Agreed::new(15, true)),
        ((15, 15, true, true), default, "; client_max_window_bits=12", Agreed::new(12, true)),
        (default, (15, 15, true, true), "; server_max_window_bits=12", Agreed::new(12, true)),
        (
            (9, 15, true, true),
            default,
            "; client_max_window_bits=12",
            Agreed { client_bits: 9, ..Agreed::default() },
        ),
        (
            (15, 9, true, true),
            (15, 10, true, true),
            "; server_max_window_bits=9; client_max_window_bits=10",
            Agreed { client_bits: 10, server_bits: 9, ..Agreed::default() },
        ),
        (
            (12, 12, false, true),
            default,
            "; client_no; server_max_window_bits=12; client_max_window_bits=12",
            Agreed { client_takeover: false, ..Agreed::default() },
        ),
        (
            (12, 12, true, false),
            default,
            "; server_no; server_max_window_bits=12; client_max_window_bits=12",
            Agreed { server_takeover: false, ..Agreed::default() },
        ),
        (
            default,
            (12, 12, false, false),
            "; server_no; client_no; server_max_window_bits=12; client_max_window_bits=12",
            Agreed::new(12, false),
        ),
        // Out of range: 9 to 15 is what an engine can do.
        (
            (0, 0, true, true),
            (255, 255, true, true),
            "; server_max_window_bits=9",
            Agreed::new(9, true),
        ),
    ];
    for (client, server, response, expected) in rows {
        let windows = ROLES.map(|role| {
            let (bits, takeover) = expected.of(role);
            (role, bits, takeover)
        });
        let parameters = converse(config(client), config(server), windows);
        assert_eq!(parameters, response, "{client:?}, {server:?}");
    }
}

/// By default a client does not limit a server's window, and can use all of it.
#[test]
fn of_what_browsers_offer() {
    let client = || compressed::config();
    for (server, response, server_bits) in [
        ((12, 12, true, true), "; client_max_window_bits=12", 12),
        ((15, 15, true, true), "", 15),
        ((9, 10, true, true), "; client_max_window_bits=10", 9),
    ] {
        let windows = [(Role::Client, server.1.min(12), true), (Role::Server, server_bits, true)];
        assert_eq!(converse(client(), config(server), windows), response, "{server:?}");
    }
}

/// For every pair of preferences the stricter one applies.
#[test]
fn of_every_window_and_takeover() {
    let takeovers = [(true, true), (true, false), (false, true), (false, false)];
    for (i, bits) in (9..=15).enumerate() {
        for (j, peer_bits) in (9..=15).enumerate() {
            let (own, peer) = takeovers[(i + j) % 4];
            let (server_own, server_peer) = takeovers[(i + j) / 4];
            let client = (bits, peer_bits, own, peer);
            let server = (24 - bits, 21 - peer_bits.min(12), server_own, server_peer);
            let windows = [
                (Role::Client, bits.min(server.1), own && server_peer),
                (Role::Server, peer_bits.min(server.0), peer && server_own),
            ];
            converse(config(client), config(server), windows);
        }
    }
}

#[test]
fn of_a_server_that_accepts_two_offers() {
    let ask = |offers| {
        let deflate = Deflate { offers, ..Deflate::default() };
        let config = Config { deflate: Some(deflate), ..compressed::config() };
        let mut sent = Vec::new();
        let request = client::ClientRequest::new("localhost", "/");
        let handshake = request.send(config, pair::SEED, &mut sent).expect("valid");
        (handshake, String::from_utf8(sent).expect("text"))
    };
    let (_, sent) = ask(Offers::AnyWindow);
    let any = "permessage-deflate; client_max_window_bits\r\n";
    assert!(sent.contains(&format!("\r\nSec-WebSocket-Extensions: {any}")), "{sent}");

    let (handshake, sent) = ask(Offers::PeerWindowOrAny);
    assert!(sent.contains(&format!("server_max_window_bits=12; client_max_window_bits, {any}")));
    let server = server::ServerHandshake::new(Config { deflate: None, ..compressed::config() });
    let Ok(server::ServerProgress::Request(request)) =
        server.receive(&mut sent.into_bytes().as_mut_slice())
    else {
        panic!("a valid request")
    };
    let mut response = Vec::new();
    drop(request.accept().respond(&mut response));
    let both = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12, \
                permessage-deflate\r\n\r\n";
    response.truncate(response.len() - 2);
    response.extend_from_slice(both.as_bytes());
    let error = handshake.receive(&mut response.as_mut_slice()).expect_err("two");
    assert_eq!(error.kind(), ClientHandshakeErrorKind::RepeatedExtension);
    assert_eq!(error.to_string(), "server accepted more than one offer of the same extension");
}

#[test]
fn with_an_end_that_does_not_compress() {
    let plain = || Config { deflate: None, ..compressed::config() };
    let rows =
        [(plain(), plain()), (plain(), compressed::config()), (compressed::config(), plain())];
    for (client, server) in rows {
        let (connections, response) = compressed::handshake(client, server);
        assert!(connections.iter().all(|connection| !connection.is_compressed()), "{response}");
        assert_eq!(agreed(&response), "none");
        let [client, server] = connections;
        let mut pair = Pair::of(client, server, &[usize::MAX]);
        let Peer { connection, output, .. } = &mut pair.client;
        connection.send_with("plain".repeat(100), Compression::Always, output).expect("open");
        assert_eq!(output[0] & RSV1, 0);
        pair.exchange();
        assert_eq!(pair.server.events, [Event::Text("plain".repeat(100).into())]);
    }
}
