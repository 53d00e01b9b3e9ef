//! Writes the seeds: small inputs that reach every part of the fuzzed code.
//!
//! `cargo run --example seeds`, in this folder.

#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/compressed/mod.rs"]
mod compressed;
#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/pair/mod.rs"]
mod pair;

use std::path::Path;
use std::{fs, io};

use ws_proto::Role;

use compressed::content::{self, Random};
use compressed::stream::{Stream, Symbol};
use pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

const ACCEPT: &str = "{accept}";

fn main() -> io::Result<()> {
    for (target, role) in [("server_frames", Role::Server), ("client_frames", Role::Client)] {
        for (name, stream) in streams(role) {
            write(target, name, &[&[0, 3, 0, 4, 12], &*stream].concat())?;
        }
        let [(_, stream), ..] = &*streams(role) else { continue };
        write(target, "end of the stream", &[&[4, 1, 9], &stream[..stream.len() / 2]].concat())?;
        write(target, "limits", &[&[1, 2, 0, 50], &**stream].concat())?;
        write(target, "answered by the application", &[&[8, 1, 9], &**stream].concat())?;
    }
    for (bit, role) in [(0, Role::Server), (1, Role::Client)] {
        for (name, stream) in streams(role) {
            write("tungstenite", &format!("{role:?} {name}"), &[&[bit], &*stream].concat())?;
        }
    }
    for (name, request) in REQUESTS {
        write("server_handshake", name, &[&[0, 2, 3, 40], request.as_bytes()].concat())?;
        write(
            "server_handshake",
            &format!("small {name}"),
            &[&[1, 0], request.as_bytes()].concat(),
        )?;
    }
    let accept = accept();
    for (name, response) in RESPONSES {
        let response = response.replace(ACCEPT, &accept);
        write("client_handshake", name, &[&[0, 2, 3, 40], response.as_bytes()].concat())?;
        write(
            "client_handshake",
            &format!("small {name}"),
            &[&[1, 0], response.as_bytes()].concat(),
        )?;
    }
    for (name, parts) in ADDRESSES {
        write("request", name, &parts.map(str::as_bytes).join(&0xFF))?;
    }
    for (target, answers) in [("http_connect", &HTTP_PROXIES[..]), ("socks5", &SOCKS5_PROXIES)] {
        for (name, answer) in answers {
            write(target, name, &[&[0, 2, 3, 40], *answer].concat())?;
            write(target, &format!("with credentials {name}"), &[&[1, 0], *answer].concat())?;
        }
    }
    for number in 1..=8 {
        write("round_trip", &format!("random {number}"), &random(number))?;
        write("deflate_round_trip", &format!("random {number}"), &random(number))?;
    }
    for (name, payload) in payloads() {
        let message =
            |shape: u8| [&[shape, u8::try_from(payload.len()).expect("short")], &*payload].concat();
        for options in [0, 3, 14] {
            let head = [options, 2, 0, 6];
            let seed = [&head[..], &message(0x82), &message(0x47), &message(0)].concat();
            write("inflate", &format!("{name} {options}"), &seed)?;
        }
    }
    Ok(())
}

/// Compressed payloads of every kind of block, valid and invalid.
fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let new = Stream::new;
    let copies = [Symbol::Literal(b'a'), Symbol::CopyMost(1), Symbol::Copy(10, 200)];
    let mut engine = compressing_server();
    let mut compressed = || {
        let mut wire = Vec::new();
        let text = content::words(300, &mut Random(3));
        engine.send(text, &mut wire).expect("open");
        wire::parse(&wire).remove(0).payload
    };
    vec![
        ("dynamic", compressed()),
        ("takeover", compressed()),
        ("fixed", new().fixed(false, &copies).message()),
        ("stored", new().stored(false, "text €".as_bytes()).message()),
        ("empty", vec![0]),
        ("nothing", vec![]),
        ("last", new().text(true, "He").aligned().fixed(false, &[Symbol::Copy(3, 2)]).message()),
        ("last at the end", new().text(true, "He").aligned().into_bytes()),
        ("last in the trailer", new().text(false, "He").bits(1, 3).aligned().into_bytes()),
        ("streams", [0x03, 0x00].repeat(100)),
        (
            "bomb",
            new().fixed(false, &[&copies[..1], &[Symbol::CopyMost(1); 90]].concat()).message(),
        ),
        ("cut", new().open(false, &copies).into_bytes()),
        ("reserved", new().bits(7, 3).message()),
    ]
}

fn compressing_server() -> ws_proto::Connection {
    compressed::Agreed::default().connection(Role::Server, &compressed::config())
}

/// Any bytes are steps of a conversation, so pseudorandom ones suffice (xorshift).
fn random(number: u8) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(u64::from(number));
    let bytes = core::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    bytes.take(100 * usize::from(number)).collect()
}

fn write(target: &str, name: &str, seed: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name.to_lowercase().replace(' ', "_")), seed)
}

/// The `Sec-WebSocket-Accept` for the client of `client_handshake`.
fn accept() -> String {
    let mut request = Vec::new();
    let sent = ws_proto::client::ClientRequest::new("example.com", "/").send(
        ws_proto::Config::default(),
        pair::SEED,
        &mut request,
    );
    sent.expect("valid");
    let handshake = ws_proto::server::ServerHandshake::new(ws_proto::Config::default());
    let Ok(ws_proto::server::ServerProgress::Request(request)) =
        handshake.receive(&mut request.as_mut_slice())
    else {
        panic!("a valid request");
    };
    let accept = request.accept();
    String::from(accept.headers().get("sec-websocket-accept").expect("an accept field"))
}

fn streams(to: Role) -> Vec<(&'static str, Vec<u8>)> {
    let frame = |first, payload: &[u8]| wire::frame(to, first, payload);
    vec![
        (
            "conversation",
            [
                frame(FIN | TEXT, "text €".as_bytes()),
                frame(TEXT, b"frag"),
                frame(PING, b"ping"),
                frame(CONTINUATION, b"\xF0\x9F"),
                frame(FIN | CONTINUATION, b"\x98\x80"),
                frame(FIN | BINARY, &[0xB1; 130]),
                frame(PONG, b""),
                frame(CLOSE, &wire::close_payload(1000, b"bye")),
            ]
            .concat(),
        ),
        ("empty messages", [frame(FIN | TEXT, b""), frame(FIN | BINARY, b"")].concat()),
        ("empty fragments", wire::fragments(to, BINARY, &[b"", b"", b"x", b"", b""])),
        ("invalid text", frame(FIN | TEXT, b"valid \xED\xA0\x80")),
        ("cut text", wire::fragments(to, TEXT, &[b"\xE2\x82", b"", b""])),
        ("empty close", [frame(CLOSE, b""), frame(FIN | TEXT, b"ignored")].concat()),
        ("reserved code", frame(CLOSE, &wire::close_payload(1005, b""))),
        ("registered code", frame(CLOSE, &wire::close_payload(1014, b"gateway"))),
        ("invalid reason", frame(CLOSE, &wire::close_payload(1000, b"\xFF"))),
        ("one byte of close", wire::begin(to, CLOSE, 1, &[])),
        ("stray continuation", vec![FIN | CONTINUATION]),
        ("data inside a message", [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat()),
        ("reserved bit", vec![FIN | TEXT | 0x40]),
        ("unknown opcode", vec![FIN | 0x3]),
        ("fragmented ping", vec![PING & !FIN]),
        ("long ping", wire::begin(to, PING, 126, &[])),
        ("wrong mask", frame_to_the_other(to)),
        ("top bit", wire::begin(to, FIN | BINARY, 127, &[0x80])),
        ("padded length", wire::begin(to, FIN | BINARY, 126, &[0, 5])),
        ("huge claim", wire::header(to, FIN | BINARY, 1 << 40)),
        ("claim", [wire::header(to, FIN | BINARY, 1 << 20), vec![0; 20]].concat()),
        ("pings", (0..10).flat_map(|i| frame(PING, &[i])).collect()),
    ]
}

fn frame_to_the_other(to: Role) -> Vec<u8> {
    let other = if to == Role::Server { Role::Client } else { Role::Server };
    wire::frame(other, FIN | TEXT, b"text")
}

const REQUESTS: [(&str, &str); 13] = [
    (
        "browser",
        "GET /chat?room=1 HTTP/1.1\r\nHost: example.com:8080\r\nConnection: keep-alive, Upgrade\r\n\
         Pragma: no-cache\r\nUpgrade: websocket\r\nOrigin: https://example.com\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\n\r\n\x01",
    ),
    (
        "absolute",
        "GET http://example.com?x HTTP/1.1\r\nHost: other\r\nupgrade: WebSocket\r\n\
         connection: UPGRADE\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ),
    ("plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("post", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
    ("old version", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"),
    (
        "old protocol",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 8\r\n\r\n",
    ),
    ("chunked", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n"),
    ("empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    ("http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("not http", "garbage\r\n\r\n"),
    ("tls", "\x16\x03\x01\x02\0\x01\0\x01\u{FC}\x03\x03"),
    (
        "many fields",
        "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\nf: 6\r\ng: 7\r\n\r\n",
    ),
];

const RESPONSES: [(&str, &str); 12] = [
    (
        "open",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x01\x02",
    ),
    (
        "interim",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 X\r\nupgrade: WebSocket\r\n\
         connection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n",
    ),
    (
        "extension",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    ),
    (
        "wrong accept",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ),
    ("length", "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno way"),
    (
        "chunked",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=y\r\npedia \r\n\
         0\r\n\r\n",
    ),
    ("until the end", "HTTP/1.1 503 X\r\n\r\ntry again later, much later"),
    ("no content", "HTTP/1.1 204 No Content\r\n\r\nrest"),
    (
        "redirect",
        "HTTP/1.1 302 Found\r\nLocation: https://b:1/x/../y?z#f\r\nContent-Length: 0\r\n\r\n",
    ),
    ("relative redirect", "HTTP/1.1 308 X\r\nLocation: ./a/../b?c\r\nContent-Length: 0\r\n\r\n"),
    (
        "later",
        "HTTP/1.1 503 X\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\nContent-Length: 0\r\n\r\n",
    ),
    ("not http", "SSH-2.0-OpenSSH\r\n\r\n"),
];

const HTTP_PROXIES: [(&str, &[u8]); 6] = [
    ("open", b"HTTP/1.1 200 Connection established\r\nVia: 1.1 a\r\n\r\n\x81\x00"),
    ("interim", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 X\r\n\r\n\x81"),
    ("authentication", b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"a, b\"\r\n\r\n"),
    ("other authentication", b"HTTP/1.1 407 X\r\nProxy-Authenticate: Negotiate, NTLM\r\n\r\n"),
    ("status", b"HTTP/1.0 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!"),
    ("not http", b"\x05\x00\x05\x00\r\n\r\n"),
];

const SOCKS5_PROXIES: [(&str, &[u8]); 8] = [
    ("open", b"\x05\x00\x05\x00\x00\x01\x7F\x00\x00\x01\x00\x50\x81\x00"),
    ("password", b"\x05\x02\x01\x00\x05\x00\x00\x03\x03abc\x00\x50\x81\x00"),
    ("wrong password", b"\x05\x02\x01\x01"),
    ("no method", b"\x05\xFF"),
    ("bound to ipv6", b"\x05\x00\x05\x00\x00\x04aaaabbbbccccdddd\x00\x50\x81\x00"),
    ("refused", b"\x05\x00\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"),
    ("unknown address", b"\x05\x00\x05\x00\x00\x02"),
    ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
];

const ADDRESSES: [(&str, [&str; 4]); 7] = [
    ("uri", ["wss://example.com/chat?room=1", "+chat", "+superchat", "Authorization: Bearer x"]),
    ("ipv6", ["ws://[::1]:9001", "Cookie:a=b", "X-Tab:\ta\tb\t", "Origin: https://example.com"]),
    ("default port", ["WSS://example.com:443?x", "A:", "B: \u{e9}", "+a.b"]),
    ("user info", ["ws://user:password@example.com/", "A:1", "B:2", "C:3"]),
    ("host", ["example.com:80", "/", "+chat", "A:1"]),
    ("injection", ["example.com", "/ HTTP/1.1\r\nX: y", "A:1\r\nB: 2", "C:3"]),
    ("reserved", ["example.com", "/", "Host: other", "Upgrade: h2c"]),
];
