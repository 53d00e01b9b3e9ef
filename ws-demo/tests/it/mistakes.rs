//! Wrong input of every kind: each gets a clear error, and the server continues to run.

use std::io::{Read as _, Write as _};

use crate::process::{Server, ask, program};
use crate::raw::{self, CLOSE, CONTINUATION, FIN, PING, TEXT, exchange, masked, upgrade};

#[test]
fn flags_and_files() {
    let missing = "/nonexistent/file";
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, variables, status, explanation) in [
        (&["--listen", "nowhere"][..], &[][..], 2, "expected a host and a port"),
        (&["--listen", "unix:/nonexistent/x.sock"], &[], 1, "cannot listen on unix:/nonexistent"),
        (&["--listen", "192.0.2.1:1"], &[], 1, "cannot listen on 192.0.2.1:1: "),
        (&["--tls-cert", missing], &[], 2, "--tls-key"),
        (&["--tls-cert", missing, "--tls-key", missing], &[], 1, "TLS: /nonexistent/file: "),
        (&["--tls-cert", manifest, "--tls-key", manifest], &[], 1, "no certificate"),
        (&["--auth-token-file", missing], &[], 1, "cannot read the token file /nonexistent/file"),
        (&["--auth-token-file", "/dev/null"], &[], 1, "no token in the token file /dev/null"),
        (&[], &[("WS_DEMO_AUTH_TOKEN", " ")], 1, "WS_DEMO_AUTH_TOKEN: must not be empty"),
        (&["--auth-token-file", "/dev/null"], &[("WS_DEMO_AUTH_TOKEN", "x")], 1, "set one of them"),
        (&["--trusted-proxy", "everybody"], &[], 2, "expected an address or a network"),
        (&["--origin", "example.com"], &[], 2, "expected a scheme and a host"),
        (&["--slow", "never"], &[], 2, "possible values: close, drop"),
        (&["--threads", "0"], &[], 2, "1..=1024"),
        (&["--queue-timeout", "0s"], &[], 2, "more than zero"),
        (&["--connect-burst", "0"], &[], 2, "0 is not in 1.."),
        (&["--msg-burst", "0"], &[], 2, "0 is not in 1.."),
        (&["--api-burst", "0"], &[], 2, "0 is not in 1.."),
        (&[], &[("WS_DEMO_LISTNE", "x")], 2, "WS_DEMO_LISTNE: the nearest is WS_DEMO_LISTEN"),
        (&[], &[("WS_DEMO_AUTH_TOKEN", "***")], 1, "set it, or --auth-token-file"),
        (&["--engine-file", missing], &[], 1, "--engine-file /nonexistent/file: "),
        (&["--engine-file", manifest], &[], 1, "nats://HOST:PORT"),
        (&["--engine-file", manifest, "--engine", "nats://a"], &[], 2, "both set"),
        (&["--queue-bytes", "4000k"], &[], 2, "--queue-bytes 4000000: must be at least 4194304"),
        (&[], &[("WS_DEMO_MAX_MESSAGE", "8MiB"), ("WS_DEMO_QUEUE_BYTES", "4MiB")], 2, "33554432"),
        (&[], &[("WS_DEMO_MSG_RATE", "fast")], 2, "--msg-rate"),
        (&[], &[("WS_DEMO_COMPRESS", "perhaps")], 2, "--compress"),
        (&["--log", "ws_demo=loud"], &[], 1, "--log or WS_DEMO_LOG: "),
    ] {
        let mut command = program();
        let output = command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        let output = output.envs(variables.iter().copied()).output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {variables:?}: {error}");
        assert!(error.contains(explanation), "{arguments:?} {variables:?}: {error}");
    }
}

#[tokio::test]
async fn requests_and_frames() {
    let server = Server::start(&["--max-message", "100000", "--compress"]);

    for (request, status) in [
        ("\r\n\r\n:".to_owned(), 400),
        ("GET\r\n".to_owned(), 400),
        ("GET /ws HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), 400),
        ("GET /ws HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), 400),
        ("POST /stats HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".to_owned(), 405),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            400,
        ),
        (upgrade("/ws", "Sec-WebSocket-Extensions: ;;;\r\n"), 400),
        (upgrade("/ws", "").replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
        (upgrade("/ws", "").replace("Version: 13", "Version: 99"), 426),
        (upgrade("/../etc/passwd", ""), 404),
        ("\x16\x03\x01\x02\0\x01\0\x01".to_owned(), 400),
    ] {
        let response = exchange(server.address, &request);
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {response}");
    }

    // HTTP/2 is disabled.
    assert_eq!(exchange(server.address, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");

    let control = |len: usize| masked(FIN | PING, &vec![0; len]);
    for (frames, code) in [
        (vec![FIN | TEXT, 2, b'h', b'i'], 1002),
        (masked(FIN | TEXT | 0x40, b"hi"), 1002),
        (masked(FIN | 3, b"hi"), 1002),
        (masked(PING, b"hi"), 1002),
        (control(126), 1002),
        (masked(FIN | CONTINUATION, b"hi"), 1002),
        ([masked(TEXT, b"a"), masked(FIN | TEXT, b"b")].concat(), 1002),
        (vec![FIN | TEXT, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002),
        (masked(FIN | TEXT, b"\xFF"), 1007),
        (masked(FIN | CLOSE, b"\x03\xE8\xFF"), 1007),
        (masked(FIN | CLOSE, b"\x03"), 1002),
        (masked(FIN | CLOSE, &1005u16.to_be_bytes()), 1002),
        (masked(FIN | TEXT, &[b'x'; 100_001]), 1009),
    ] {
        let mut stream = raw::open(&server);
        stream.write_all(&frames).expect("a stream");
        let (answer, reason) = raw::close(&mut stream);
        assert_eq!(answer, code, "{:02x?}: {reason}", &frames[..frames.len().min(16)]);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("an end, no reset");
    }

    let (mut socket, _) = server.connect().await;
    assert_eq!(ask(&mut socket, "alive").await["original"], "alive");
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200 "));
    assert_eq!(server.logged("panicked"), 0);
}
