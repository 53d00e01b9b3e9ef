//! HTTP requests without a library.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use crate::raw;

/// Returns the status and the body of a resource.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    )
}

/// `get`, authorized by a key.
pub(crate) fn get_with_key(address: SocketAddr, path: &str, key: &str) -> (u16, String) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    );
    exchange(address, &request)
}

/// Posts a body, authorized by a key; returns the status and the body of the response.
pub(crate) fn post(address: SocketAddr, path: &str, key: &str, body: &str) -> (u16, String) {
    let len = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: {len}\r\n\r\n{body}"
    );
    exchange(address, &request)
}

fn exchange(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = raw::connect(address);
    stream.write_all(request.as_bytes()).expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response to its end");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    (status(head), body.to_owned())
}

/// The status in the head of a response.
pub(crate) fn status(head: &str) -> u16 {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {head}"))
}
