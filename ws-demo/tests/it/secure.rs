//! The client commands over TLS.

use std::fs;
use std::process::{Output, Stdio};

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::process::{Server, program};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    command.args(arguments).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
    (status.code(), text)
}

#[test]
fn a_certificate_and_a_key_that_do_not_fit_are_explained() {
    let directory = std::env::temp_dir().join(format!("ws-demo-keys-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    let file = |name: &str, content: &str| {
        let path = directory.join(name);
        fs::write(&path, content).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let pair = || generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a key");
    let (one, other) = (pair(), pair());
    let certificate = file("cert.pem", &one.cert.pem());
    let key = file("key.pem", &one.signing_key.serialize_pem());
    let other = file("other.pem", &other.signing_key.serialize_pem());
    let encrypted = other_label(&one.signing_key.serialize_pem());
    let encrypted = file("encrypted.pem", &encrypted);
    for (certificate, key, part) in [
        (&certificate, &other, "private key does not belong to the certificate"),
        (&certificate, &certificate, "no private key in PEM"),
        (&certificate, &encrypted, "no private key in PEM, or an encrypted one"),
        (&key, &key, "no certificate in the chain"),
    ] {
        let (status, text) =
            run(&["--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key]);
        assert_eq!(status, Some(1), "{text}");
        let files = format!("TLS: certificate {certificate}, key {key}: ");
        assert!(text.contains(&files) && text.contains(part), "{part}: {text}");
    }
    fs::remove_dir_all(&directory).expect("the directory");
}

fn other_label(key: &str) -> String {
    key.replace(" PRIVATE KEY", " ENCRYPTED PRIVATE KEY")
}

#[test]
fn trust_is_the_users_choice() {
    let directory = std::env::temp_dir().join(format!("ws-demo-secure-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    let file = |name: &str| directory.join(name).to_str().expect("a path").to_owned();
    let (certificate, key, empty) = (file("cert.pem"), file("key.pem"), file("empty.pem"));
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a key");
    fs::write(&certificate, cert.pem()).expect("a file");
    fs::write(&key, signing_key.serialize_pem()).expect("a file");
    fs::write(&empty, "").expect("a file");

    let server = Server::start(&["--tls-cert", &certificate, "--tls-key", &key]);
    let port = server.address.port();
    let named = format!("wss://localhost:{port}/ws");
    let unnamed = format!("wss://127.0.0.1:{port}/ws");
    let page = format!("https://localhost:{port}/healthz");
    let trusting = ["--cacert", &certificate];
    let short = ["--duration", "200ms", "--warmup", "0s", "--clients", "3"];
    for (arguments, status, part) in [
        ([&["connect", &named, "--expect", "1"][..], &trusting].concat(), 0, "welcome"),
        (vec!["connect", &unnamed, "--expect", "1", "--insecure"], 0, "welcome"),
        ([&["connect", &unnamed][..], &trusting].concat(), 1, "cannot connect: TLS: "),
        (vec!["connect", &named, "--cacert", &empty], 1, "no certificate to trust"),
        ([&["bench", &named][..], &short, &trusting].concat(), 0, "3 of 3 opened"),
        ([&["healthcheck", &named][..], &trusting].concat(), 0, "pong in "),
        ([&["healthcheck", &page][..], &trusting].concat(), 0, "200 OK"),
        (vec!["healthcheck", &page], 1, "unhealthy: "),
        (vec!["healthcheck", &page, "--insecure"], 0, "200 OK"),
    ] {
        let (ended, text) = run(&arguments);
        assert_eq!(ended, Some(status), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
    let plain = Server::start(&[]);
    let (no_tls, tls) =
        ("does not use TLS on this port: use ws://", "expects TLS on this port: use ");
    for (command, scheme, port, part) in [
        ("connect", "wss", plain.address.port(), no_tls),
        ("healthcheck", "wss", plain.address.port(), no_tls),
        ("healthcheck", "https", plain.address.port(), no_tls),
        ("bench", "wss", plain.address.port(), no_tls),
        ("connect", "ws", port, tls),
        ("healthcheck", "ws", port, tls),
        ("healthcheck", "http", port, tls),
        ("bench", "ws", port, tls),
    ] {
        let (status, text) = run(&[command, &format!("{scheme}://localhost:{port}/ws")]);
        assert_eq!(status, Some(1), "{command} {scheme}: {text}");
        assert!(text.contains(part), "{command} {scheme}: {text}");
    }
    fs::remove_dir_all(&directory).expect("the directory");
}
