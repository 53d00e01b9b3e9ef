//! `healthcheck`, against healthy and unhealthy servers.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use crate::process::{Server, program};
use crate::raw;

fn check(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().arg("healthcheck").args(arguments).output();
    let Output { status, stdout, stderr } = output.expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// Sends this answer to a client.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            request.push(byte[0]);
        }
        stream.write_all(answer.as_bytes()).expect("a stream");
        // Kept open until the client leaves: an answer does not need the end of the stream.
        let _ = stream.read(&mut [0]);
    });
    address.to_string()
}

#[test]
fn a_server_that_is_well() {
    let server = Server::start(&[]);
    for (url, answer) in [
        (format!("http://{}/", server.address), "200 OK in "),
        (format!("HTTP://{}", server.address), "200 OK in "),
        (format!("ws://{}/ws", server.address), "pong in "),
    ] {
        let (status, stdout, stderr) = check(&[&url]);
        assert_eq!((status, stderr.as_str()), (Some(0), ""), "{url}");
        assert!(stdout.starts_with(&format!("healthy: {url}: {answer}")), "{stdout}");
        assert_eq!(stdout.lines().count(), 1, "{stdout}");
    }
}

#[test]
fn any_status_of_success_will_do() {
    let address = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let (status, stdout, _) = check(&[&format!("http://{address}/readyz")]);
    assert_eq!(status, Some(0));
    assert!(stdout.contains("204 No Content"), "{stdout}");
}

#[test]
fn servers_that_are_not() {
    let (_held, closed) = raw::closed_port();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let unready = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    let endless: &'static str = Box::leak("x".repeat(64 * 1024).into_boxed_str());
    for (url, explanation) in [
        (format!("http://{closed}/healthz"), "refused"),
        (format!("ws://{closed}/ws"), "refused"),
        (format!("http://{}/", silent.local_addr().expect("one")), "no answer in time"),
        (format!("ws://{}/", silent.local_addr().expect("one")), "no answer in time"),
        (format!("http://{}/readyz", answering(unready)), "503 Service Unavailable"),
        (format!("ws://{}/ws", answering(unready)), "status 503"),
        (format!("http://{}/", answering("SSH-2.0-x\r\n\r\n")), "the answer is not HTTP"),
        (format!("http://{}/", answering(endless)), "the answer is not HTTP"),
    ] {
        let limit = if explanation == "no answer in time" { "100ms" } else { "20s" };
        let (status, stdout, stderr) = check(&["--timeout", limit, &url]);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{url}");
        assert!(stderr.starts_with(&format!("unhealthy: {url}: ")), "{stderr}");
        assert!(stderr.contains(explanation), "{url}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn mistakes_are_explained() {
    for (arguments, explanation) in [
        (&["ftp://localhost/"][..], "ws, wss, http or https"),
        (&["localhost:9001"], "ws, wss, http or https"),
        (&["http://localhost:0/"], "the port must be"),
        (&["http://local host/"], "host"),
        (&["--timeout", "0s"], "more than zero"),
        (&["--cacert", "a", "--insecure"], "cannot be used with"),
    ] {
        let (status, _, stderr) = check(arguments);
        assert_eq!(status, Some(2), "{arguments:?}");
        assert!(stderr.contains(explanation), "{arguments:?}: {stderr}");
    }
    let (status, _, stderr) = check(&["https://localhost/", "--cacert", "/no/such/file"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("/no/such/file: "), "{stderr}");
}
