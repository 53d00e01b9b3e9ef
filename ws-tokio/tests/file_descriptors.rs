//! A server whose process has no file descriptor left. It runs in a process of its own.
#![cfg(unix)]

#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "it/support/server.rs"]
mod server;

#[test]
fn the_server_stays_up_and_reports_it_once() {
    ws_testkit::serving::without_file_descriptors::<server::Threads>();
}
