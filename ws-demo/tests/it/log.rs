//! A log whose reader does not keep up, whose disk is full, or that is closed.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::TcpStream;

use ws_tokio::CloseCode;

use crate::process::{Server, ask, get, program};
use crate::raw;

/// More clients than the log of their connections needs to fill a pipe.
const CLIENTS: usize = 300;

/// At this length a message is logged in full.
const MESSAGE: usize = 200;

/// More messages than the queue of the log has room for.
const MESSAGES: usize = 25_000;

fn dropped(metrics: &str) -> u64 {
    let lines = metrics.lines();
    let value = lines.filter_map(|line| line.strip_prefix("ws_log_dropped_total ")).next();
    value.expect("a metric").parse().expect("a number")
}

/// Sends many messages and waits for all of their echoes.
fn flood(client: &mut TcpStream) {
    let message = raw::masked(raw::FIN | raw::TEXT, &[b'x'; MESSAGE]);
    let echo = format!(r#"{{"type":"echo","original":"{}"}}"#, "x".repeat(MESSAGE));
    for _ in 0..MESSAGES / 50 {
        client.write_all(&message.repeat(50)).expect("a stream");
        for _ in 0..50 {
            assert_eq!(raw::frame(client).1, echo.as_bytes());
        }
    }
}

#[tokio::test]
async fn a_reader_that_stalls_delays_neither_clients_nor_signals() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--log", "debug", "--close-timeout", "100ms"]);
    command.args(["--msg-rate", "0"]);
    command.args(["--shutdown-timeout", "5s", "--drain-window", "0s"]);
    let (server, log) = Server::start_unread(command);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| raw::open(&server)).collect();
    flood(&mut clients[0]);
    assert!(dropped(&server.get("/metrics")) > 0);
    let (mut socket, _) = server.connect().await;
    assert_eq!(ask(&mut socket, "still there").await["original"], "still there");
    server.signal("TERM");
    assert_eq!(raw::close(&mut clients[0]).0, 1001);
    assert_eq!(server.ended().code(), Some(0));
    drop(log);
}

#[test]
fn dropped_lines_are_reported_when_there_is_room_again() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--log", "debug", "--msg-rate", "0"]);
    let (server, mut log) = Server::start_unread(command);
    let mut client = raw::open(&server);
    flood(&mut client);
    let lost = dropped(&server.get("/metrics"));
    assert!(lost > 0);
    let (mut reported, mut line) = (0, String::new());
    // Lines may also be dropped while these are read, as nothing was yet when the first is.
    while reported < lost {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("text"), 0);
        if let Some((_, count)) = line.split_once("dropped=") {
            assert!(line.contains("WARN [ws] log lines dropped"), "{line}");
            reported += count.trim().parse::<u64>().expect("a number");
        }
    }
    assert_eq!(reported, dropped(&server.get("/metrics")));
    drop(client);
    while !line.contains("disconnected (0 total)") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("text"), 0);
    }
}

#[tokio::test]
async fn a_log_that_is_closed_does_no_harm() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]);
    let (mut server, log) = Server::start_unread(command);
    drop(log);
    for _ in 0..2 {
        // Each client that connects or disconnects is logged.
        let (mut socket, _) = server.connect().await;
        socket.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    }
    assert!(server.runs());
    // The thread of the log may not have tried yet.
    while dropped(&get(server.address, "/metrics")) == 0 {
        assert!(server.runs());
    }
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test]
async fn a_signal_switches_debug_on_and_off() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Server::start_command(command);
    let (mut socket, id) = server.connect().await;
    ask(&mut socket, "one").await;
    server.signal("USR2");
    server.wait_for("the log is switched by SIGUSR2: debug");
    ask(&mut socket, "two").await;
    server.wait_for(&format!("DEBUG [ws] Message from {id}: two"));
    server.signal("USR2");
    server.wait_for("the log is switched by SIGUSR2: as it was set");
    ask(&mut socket, "three").await;
    socket.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    server.wait_for("disconnected (0 total)");
    assert_eq!(server.logged("Message from"), 1);
}

/// Its log cannot say where it listens, so this is known before.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_no_harm() {
    use std::fs::{self, File};
    use std::os::unix::net::UnixStream;
    use std::process::Stdio;
    use std::time::Instant;

    let path = std::env::temp_dir().join(format!("ws-demo-{}-full-disk", std::process::id()));
    let full = File::options().write(true).open("/dev/full").expect("a device");
    let mut command = program();
    command.arg("--listen").arg(format!("unix:{}", path.display()));
    let mut child = command.stderr(Stdio::from(full)).spawn().expect("the program runs");
    let begin = Instant::now();
    let connect = || loop {
        match UnixStream::connect(&path) {
            Ok(stream) => return stream,
            Err(error) => assert!(begin.elapsed() < crate::process::TIMEOUT, "{error}"),
        }
        std::thread::yield_now();
    };
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    loop {
        let mut stream = connect();
        stream.write_all(request.as_bytes()).expect("a stream");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        if dropped(&response) > 0 {
            break;
        }
    }
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill").arg(&id).status();
    assert!(kill.expect("a command").success());
    assert_eq!(child.wait().expect("a child").code(), Some(0));
    assert!(fs::metadata(&path).is_err());
}
