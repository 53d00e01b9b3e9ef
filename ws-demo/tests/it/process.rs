//! The program as a process, and its log.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use ws_tokio::{ClientStream, Message, WebSocket, connect};

/// Longer than anything here takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// A running server, which is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Log>,
    pub(crate) address: SocketAddr,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

/// The program, without the variables of the environment that configure it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ws-demo"));
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("WS_DEMO_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments).env("WS_DEMO_LOG", "debug");
        Self::start_command(command)
    }

    /// A server of whose log only the first line is read, and the rest of the log.
    pub(crate) fn start_unread(mut command: Command) -> (Self, BufReader<ChildStderr>) {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut line = String::new();
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        log.read_line(&mut line).expect("a line");
        (Self { child, log: Arc::default(), address: address(&line) }, log)
    }

    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
        let log = Arc::new(Log::default());
        let stderr = child.stderr.take().expect("a pipe");
        thread::spawn({
            let log = Arc::clone(&log);
            move || log.follow(stderr)
        });
        // It is ended even if it does not log its address.
        let mut server = Self { child, log, address: ([0; 4], 0).into() };
        server.address = address(&server.wait_for("listening"));
        server
    }

    pub(crate) fn uri(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// A client that has received nothing yet.
    pub(crate) async fn open(&self) -> WebSocket<ClientStream> {
        connect(&self.uri()).await.expect("a connection")
    }

    /// The answer to a request for this path.
    pub(crate) fn get(&self, path: &str) -> String {
        get(self.address, path)
    }

    /// A client after its welcome, and its id.
    pub(crate) async fn connect(&self) -> (WebSocket<ClientStream>, String) {
        let mut socket = self.open().await;
        let welcome = text(&mut socket).await;
        let welcome: serde_json::Value = serde_json::from_str(&welcome).expect("JSON");
        (socket, welcome["id"].as_str().expect("an id").to_owned())
    }

    /// Waits for a line of the log that contains this.
    pub(crate) fn wait_for(&self, part: &str) -> String {
        self.log.wait_for(part)
    }

    /// The number of lines of the log so far that contain this.
    pub(crate) fn logged(&self, part: &str) -> usize {
        self.lines(part).len()
    }

    /// The lines of the log so far that contain this.
    pub(crate) fn lines(&self, part: &str) -> Vec<String> {
        let lines = self.log.lines.lock().expect("a lock");
        lines.iter().filter(|line| line.contains(part)).cloned().collect()
    }

    /// Sends a signal, as a shell does.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("sh").args(["-c", r#"kill -s "$0" "$1""#, name, &id]).status();
        assert!(status.expect("a shell").success());
    }

    /// Whether the process has not ended.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Waits for the end of the process.
    pub(crate) fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn follow(&self, stderr: ChildStderr) {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            self.lines.lock().expect("a lock").push(line);
            self.grown.notify_all();
        }
    }

    fn wait_for(&self, part: &str) -> String {
        let lines = self.lines.lock().expect("a lock");
        let found = |lines: &Vec<String>| lines.iter().find(|line| line.contains(part)).cloned();
        let (lines, _timeout) = self
            .grown
            .wait_timeout_while(lines, TIMEOUT, |lines| found(lines).is_none())
            .expect("a lock");
        found(&lines).unwrap_or_else(|| panic!("no {part:?} in the log:\n{}", lines.join("\n")))
    }
}

/// The address in the line that reports where the server listens.
fn address(line: &str) -> SocketAddr {
    let (_, address) = line.split_once("://").expect("an address");
    // In a JSON log a quote follows.
    let address = address.split('"').next().unwrap_or_default();
    address.trim().parse().expect("an address")
}

/// The next message except pings.
pub(crate) async fn message(socket: &mut WebSocket<ClientStream>) -> Message {
    let next = async {
        loop {
            match socket.recv().await.expect("a good connection").expect("a message") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    };
    timeout(TIMEOUT, next).await.expect("a message in time")
}

/// The next message, which must be text.
pub(crate) async fn text(socket: &mut WebSocket<ClientStream>) -> String {
    let message = message(socket).await;
    message.as_text().unwrap_or_else(|| panic!("{message:?}")).to_owned()
}

/// The next message, which must be JSON.
pub(crate) async fn json(socket: &mut WebSocket<ClientStream>) -> serde_json::Value {
    let text = text(socket).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Sends a text and returns the next message, which must be JSON.
pub(crate) async fn ask(socket: &mut WebSocket<ClientStream>, text: &str) -> serde_json::Value {
    socket.send(text).await.expect("a message sent");
    json(socket).await
}

/// The code and the reason of the next Close frame, after which the connection ends.
pub(crate) async fn closed(socket: &mut WebSocket<ClientStream>) -> (u16, String) {
    let Message::Close(close) = message(socket).await else { panic!("no Close frame") };
    assert_eq!(socket.recv().await.expect("a clean end"), None);
    (close.code.get(), close.reason.into_owned())
}

/// The answer to a request for this path.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: demo.example\r\nConnection: close\r\n\r\n");
    crate::raw::exchange(address, &request)
}
