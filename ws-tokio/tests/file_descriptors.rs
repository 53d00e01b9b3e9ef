//! A server whose process has no file descriptor left. It runs in a process of its own.
#![cfg(unix)]

#[path = "it/support/mod.rs"]
mod support;

#[test]
fn the_server_stays_up_and_reports_it_once() {
    ws_testkit::serving::without_file_descriptors::<support::server::Threads>();
}
