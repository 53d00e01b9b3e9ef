//! Compressing and inflating messages of 2 KiB of JSON, beside the bare engine with the same
//! settings. Each pass sends a message and receives it.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ws_proto::{Config, Connection, Deflate, Event, client, server};
use zlib_rs::{DeflateConfig, DeflateFlush, Inflate, InflateFlush};

fn main() {
    divan::main();
}

const MESSAGES: usize = 64;

/// Messages as an application sends them: similar, but all different.
fn messages() -> Vec<String> {
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u32
    };
    let message = |_| {
        let mut text = String::from("{\"type\":\"quotes\",\"items\":[");
        while text.len() < 2000 {
            text += &format!(
                "{{\"symbol\":\"{:04X}\",\"bid\":{}.{:02},\"ask\":{}.{:02},\"time\":\"2026-11-{:02}T{:02}:{:02}:{:02}Z\"}},",
                random() % 500,
                random() % 300,
                random() % 100,
                random() % 300,
                random() % 100,
                random() % 28 + 1,
                random() % 24,
                random() % 60,
                random() % 60,
            );
        }
        text + "{}]}"
    };
    (0..MESSAGES).map(message).collect()
}

/// A client and a server that have negotiated `deflate`.
fn connect(deflate: Deflate) -> (Connection, Connection) {
    let config = Config { deflate: Some(deflate), ping_interval: None, ..Config::default() };
    let mut request = Vec::new();
    let handshake = client::ClientRequest::new("localhost", "/")
        .send(config.clone(), [7; 32], &mut request)
        .expect("valid");
    let Ok(server::ServerProgress::Request(request)) =
        server::ServerHandshake::new(config).receive(&mut request.as_mut_slice())
    else {
        panic!("a valid request");
    };
    let mut response = Vec::new();
    let server = request.accept().respond(&mut response);
    let Ok(client::ClientProgress::Open(client, _)) =
        handshake.receive(&mut response.as_mut_slice())
    else {
        panic!("a valid response");
    };
    assert!(client.is_compressed() && server.is_compressed());
    (client, server)
}

fn exchange(bencher: Bencher<'_, '_>, deflate: Deflate, release: bool) {
    let messages = messages();
    let bytes: usize = messages.iter().map(String::len).sum();
    let (mut client, mut server) = connect(deflate);
    let mut wire = Vec::new();
    let mut now = ws_proto::Instant::EPOCH;
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        for message in &messages {
            wire.clear();
            server.send(message, &mut wire).expect("open");
            let mut input = wire.as_mut_slice();
            match client.receive(&mut input) {
                Ok(Some(Event::Text(text))) => assert_eq!(black_box(text).len(), message.len()),
                other => panic!("{other:?}"),
            }
            if release {
                for peer in [&mut client, &mut server] {
                    for _ in 0..2 {
                        peer.poll_timeout(now);
                        now = now + std::time::Duration::from_secs(1);
                        peer.handle_timeout(now).expect("open");
                    }
                }
            }
        }
    });
}

/// Engines stay attached, as on a busy connection.
#[divan::bench]
fn attached(bencher: Bencher<'_, '_>) {
    exchange(bencher, Deflate::default(), false);
}

/// Engines return to the pool after each message, and are borrowed again with the history.
#[divan::bench]
fn pooled_for_each_message(bencher: Bencher<'_, '_>) {
    exchange(bencher, Deflate::default(), true);
}

#[divan::bench]
fn without_takeover(bencher: Bencher<'_, '_>) {
    let deflate =
        Deflate { context_takeover: false, peer_context_takeover: false, ..Deflate::default() };
    exchange(bencher, deflate, false);
}

/// The engine alone, writing into its own buffers.
#[divan::bench]
fn bare_engine(bencher: Bencher<'_, '_>) {
    let messages = messages();
    let bytes: usize = messages.iter().map(String::len).sum();
    let mut deflate = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: 3,
        window_bits: -12,
        mem_level: 5,
        ..DeflateConfig::default()
    });
    let mut inflate = Inflate::new(false, 15);
    let (mut packed, mut unpacked) = (vec![0; 4096], vec![0; 16 * 1024]);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        for message in &messages {
            let before = deflate.total_out();
            deflate
                .compress(message.as_bytes(), &mut packed, DeflateFlush::SyncFlush)
                .expect("room");
            let len = (deflate.total_out() - before) as usize;
            let before = inflate.total_out();
            inflate
                .decompress(&packed[..len], &mut unpacked, InflateFlush::SyncFlush)
                .expect("valid");
            assert_eq!((inflate.total_out() - before) as usize, message.len());
            black_box(&unpacked);
        }
    });
}
