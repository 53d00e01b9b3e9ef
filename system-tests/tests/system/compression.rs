//! permessage-deflate with other implementations.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::process::pass;
use crate::scripts::{node, python};
use crate::server::{echo, program};

#[test]
fn node_is_the_client() {
    echo_to(node("deflate.mjs"));
}

#[test]
fn python_is_the_client() {
    echo_to(python("deflate.py"));
}

#[test]
fn chromium_is_the_client() {
    echo_to(node("deflate_page.mjs"));
}

#[test]
fn node_is_the_server() {
    serve(node("deflate_server.mjs"));
}

#[test]
fn python_is_the_server() {
    serve(python("deflate_server.py"));
}

#[test]
fn c_zlib_inflates_with_the_negotiated_window() {
    let streams = program("deflate_streams");
    pass(python("deflate_window.py").arg(streams.get_program()));
}

fn echo_to(mut client: Command) {
    let server = echo(&["--deflate"]);
    pass(client.arg(server.address.to_string()));
}

/// Runs our client against a server that prints, in a line, the arguments for the client.
fn serve(mut server: Command) {
    let mut server = server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it runs");
    let output = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut lines = output.lines().map(|line| line.expect("text"));
    let arguments = lines.find_map(|line| line.strip_prefix("serving ").map(str::to_owned));
    let ran = arguments
        .map(|arguments| crate::process::run(program("deflate_client").args(arguments.split(' '))));
    server.kill().expect("a signal");
    server.wait().expect("a child");
    let (succeeded, output) = ran.expect("a line with the address");
    assert!(succeeded, "{output}");
}
