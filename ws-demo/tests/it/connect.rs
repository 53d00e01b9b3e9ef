//! `connect`: transcripts of conversations, in a pipe and on a terminal.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Output, Stdio};
use std::thread;

use tokio::net::TcpListener;
use tokio::time::timeout;
use ws_tokio::{Close, CloseCode, Config, Message, WebSocket, incoming};

use crate::process::{Server, TIMEOUT, program};
use crate::raw;

/// The transcript of a conversation in a pipe.
struct Transcript {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn converse(url: &str, arguments: &[&str], input: impl AsRef<[u8]>) -> Transcript {
    let mut command = program();
    command.args(["connect", url]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.as_ref().to_vec();
    // It may end before it has read everything.
    let feeder = thread::spawn(move || drop(stdin.write_all(&input)));
    let Output { status, stdout, stderr } = child.wait_with_output().expect("an end");
    feeder.join().expect("no panic");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Transcript { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// The output without the welcome, which is different each time.
fn after_welcome(stdout: &str) -> &str {
    let (welcome, rest) = stdout.split_once('\n').expect("a line");
    assert!(welcome.contains("welcome"), "{welcome}");
    rest
}

#[test]
fn lines_are_messages_and_messages_are_lines() {
    let server = Server::start(&[]);
    let input = "hello\n\n{\"a\": 1.10}\n//ping\nlast, without an end of line";
    let Transcript { status, stdout, stderr } = converse(&server.uri(), &["--expect", "6"], input);
    assert_eq!(
        after_welcome(&stdout),
        r#"{"type":"echo","original":"hello"}
{"type":"echo","original":""}
{"type":"echo","original":{"a": 1.10}}
{"type":"echo","original":"/ping"}
{"type":"echo","original":"last, without an end of line"}
"#
    );
    assert_eq!(stderr, format!("connected to {}\nclosed: 1000 normal closure\n", server.uri()));
    assert_eq!(status, Some(0));
    server.wait_for("code=1000");
}

#[test]
fn commands_ping_send_binary_data_and_close() {
    let server = Server::start(&[]);
    let file = std::env::temp_dir().join(format!("ws-demo-connect-{}", std::process::id()));
    fs::write(&file, b"\xff\xfe").expect("a file");
    let input = format!(
        "/help\n/ping\n/binary 00 ff c3 28\n/binary @{}\n/close 4000 see you\nnever sent\n",
        file.display()
    );
    let Transcript { status, stdout, stderr } = converse(&server.uri(), &[], input);
    fs::remove_file(&file).expect("the file");
    assert_eq!(after_welcome(&stdout), "binary: 00ffc328\nbinary: fffe\n");
    assert!(stderr.contains("/close [CODE] [REASON]"), "{stderr}");
    assert!(stderr.contains("\npong after "), "{stderr}");
    assert!(stderr.ends_with("\nclosed: 4000 private to the application\n"), "{stderr}");
    assert_eq!(status, Some(0));
    server.wait_for(r#"code=4000 reason="see you""#);
    assert_eq!(server.logged("never sent"), 0);
}

#[test]
fn raw_lines_are_no_commands() {
    let server = Server::start(&[]);
    let transcript = converse(&server.uri(), &["--raw", "--expect", "3"], "/close\n//x\n");
    assert_eq!(
        after_welcome(&transcript.stdout),
        "{\"type\":\"echo\",\"original\":\"/close\"}\n{\"type\":\"echo\",\"original\":\"//x\"}\n"
    );
    assert_eq!(transcript.status, Some(0));
}

#[test]
fn events_as_json() {
    let server = Server::start(&[]);
    let input = "a\n/binary ff\n/ping\n";
    let transcript = converse(&server.uri(), &["--json", "--expect", "3"], input);
    let events: Vec<serde_json::Value> = transcript
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str()).collect();
    let kinds: Option<Vec<_>> = kinds.into_iter().collect();
    assert_eq!(
        kinds.as_deref().map(|kinds| &kinds[..4]),
        Some(&["open", "text", "text", "binary"][..])
    );
    assert_eq!(events[2]["data"], r#"{"type":"echo","original":"a"}"#);
    assert_eq!(events[3]["base64"], "/w==");
    let close = events.last().expect("events");
    assert_eq!(*close, serde_json::json!({"event":"close","code":1000,"reason":"","by":"client"}));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn what_could_not_be_sent_is_said_and_the_rest_is_sent() {
    let server = Server::start(&[]);
    let input = "/pnig\n/close 1005\n/binary @/no/such/file\nafter\n";
    let transcript = converse(&server.uri(), &["--expect", "2"], input);
    assert_eq!(after_welcome(&transcript.stdout), "{\"type\":\"echo\",\"original\":\"after\"}\n");
    for explanation in ["unknown command: /pnig", "1005 cannot be sent", "/no/such/file: "] {
        assert!(transcript.stderr.contains(explanation), "{}", transcript.stderr);
    }
    assert_eq!(transcript.status, Some(1));
}

#[test]
fn a_line_that_is_no_text_is_reported_and_the_rest_is_sent() {
    let server = Server::start(&[]);
    let transcript = converse(&server.uri(), &["--expect", "3"], b"good\nb\xff\nafter\n");
    assert_eq!(
        after_welcome(&transcript.stdout),
        "{\"type\":\"echo\",\"original\":\"good\"}\n{\"type\":\"echo\",\"original\":\"after\"}\n"
    );
    let explanation = "message 2 was not sent: it is not UTF-8 from byte 1 on (--binary";
    assert!(transcript.stderr.contains(explanation), "{}", transcript.stderr);
    assert_eq!(transcript.status, Some(1));
}

#[test]
fn binary_input_is_one_message_or_has_delimiters() {
    let server = Server::start(&[]);
    for (arguments, input, output) in [
        (&["--binary", "--expect", "2"][..], &b"/ping\n\xff\0"[..], "binary: 2f70696e670aff00\n"),
        (
            &["--binary", "--delimiter", r"\0", "--expect", "3"],
            b"\xff\n\0\xfe\0",
            "binary: ff0a\nbinary: fe\n",
        ),
    ] {
        let transcript = converse(&server.uri(), arguments, input);
        assert_eq!(after_welcome(&transcript.stdout), output, "{}", transcript.stderr);
        assert_eq!(transcript.status, Some(0));
    }
}

#[test]
fn texts_of_several_lines_have_delimiters() {
    let server = Server::start(&[]);
    let arguments = ["--delimiter", r"\n--\n", "--expect", "3"];
    let transcript = converse(&server.uri(), &arguments, "one\ntwo\n--\nthree\n");
    let echoes = "{\"type\":\"echo\",\"original\":\"one\\ntwo\"}\n{\"type\":\"echo\",\"original\":\"three\\n\"}\n";
    assert_eq!(after_welcome(&transcript.stdout), echoes, "{}", transcript.stderr);
    assert_eq!(transcript.status, Some(0));
}

/// As in `ws-demo connect … | head -1`.
#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let server = Server::start(&[]);
    for style in [&[][..], &["--json"]] {
        let mut command = program();
        command.args(["connect", &server.uri(), "--expect", "1000"]).args(style);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        assert!(!first.is_empty());
        let mut stdin = child.stdin.take().expect("a pipe");
        let feeder = thread::spawn(move || {
            // Until the program has ended.
            while stdin.write_all(b"more\n").is_ok() {
                thread::yield_now();
            }
        });
        let output = child.wait_with_output().expect("an end");
        feeder.join().expect("no panic");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(!stderr.to_lowercase().contains("pipe"), "{stderr}");
        server.wait_for("code=1000");
    }
}

#[test]
fn messages_that_do_not_come_are_missed() {
    let server = Server::start(&[]);
    let transcript = converse(&server.uri(), &["--expect", "3", "--timeout", "300ms"], "only\n");
    assert!(transcript.stderr.ends_with("; 2 of 3 messages arrived\n"), "{}", transcript.stderr);
    assert_eq!(transcript.status, Some(4));
}

#[test]
fn a_close_of_the_servers_is_put_into_words() {
    let server = Server::start(&["--max-message", "1000"]);
    let transcript = converse(&server.uri(), &[], "x".repeat(1001));
    let expected = "\nclosed by the server: 1009 message too big \"";
    assert!(transcript.stderr.contains(expected), "{}", transcript.stderr);
    assert_eq!(transcript.status, Some(3));
}

#[test]
fn more_than_fits_anywhere_passes_while_replies_come() {
    let server = Server::start(&[]);
    let line = format!("{}\n", "x".repeat(1000));
    let transcript =
        converse(&server.uri(), &["--expect", "20001", "--timeout", "20s"], line.repeat(20_000));
    assert_eq!(transcript.status, Some(0), "{}", transcript.stderr);
    assert_eq!(transcript.stdout.lines().count(), 20_001);
}

#[test]
fn no_connection() {
    let server = Server::start(&[]);
    let (_held, closed) = raw::closed_port();
    for (url, arguments, explanation) in [
        (format!("ws://{closed}/"), &[][..], "cannot connect: Connection refused"),
        (format!("ws://{}/other", server.address), &[], "status 404: not found"),
        (server.uri(), &["--origin", "http://evil.example"], "status 403"),
        (server.uri(), &["--header", "Host: other"], "header \"Host\""),
        (server.uri(), &["--subprotocol", "a b"], "a b"),
    ] {
        let transcript = converse(&url, arguments, "");
        assert_eq!(transcript.status, Some(1), "{url} {arguments:?}");
        assert!(transcript.stderr.contains(explanation), "{}", transcript.stderr);
        assert_eq!(transcript.stdout, "");
    }
}

#[test]
fn mistakes_are_explained() {
    for (arguments, explanation) in [
        (&[][..], "<URL>"),
        (&["ftp://localhost/"], "the scheme must be ws, wss, http or https"),
        (&["ws://localhost/#x"], "must not have a fragment"),
        (&["ws://localhost/", "--header", "Cookie"], "a name, a colon and a value"),
        (&["ws://localhost/", "--timeout", "0s"], "more than zero"),
        (&["ws://localhost/", "--max-message", "big"], "such as 65536, 64k or 1MiB"),
        (&["ws://localhost/", "--expect", "-1"], "unexpected argument"),
    ] {
        let output = program().arg("connect").args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(explanation), "{arguments:?}: {stderr}");
    }
}

/// A server that checks the request, and serves the connection with a closure.
async fn served<F>(
    arguments: &[&str],
    serve: impl FnOnce(WebSocket<tokio::net::TcpStream>) -> F,
) -> Transcript
where
    F: Future<Output = ()>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let client = thread::spawn(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        converse(&url, &arguments, "")
    });
    let serve = async {
        let (stream, _) = listener.accept().await.expect("a client");
        let incoming = incoming(stream, Config::default()).await.expect("a request");
        let request = incoming.request().expect("a valid one");
        assert_eq!(request.origin(), Some("http://a.example"));
        assert_eq!(request.header("X-A"), Some("b: c"));
        let socket = incoming.accept().await.expect("a handshake");
        serve(socket).await;
    };
    timeout(TIMEOUT, serve).await.expect("an end in time");
    tokio::task::spawn_blocking(|| client.join().expect("no panic")).await.expect("no panic")
}

const FIELDS: [&str; 4] = ["--origin", "http://a.example", "-H", "X-A: b: c"];

#[tokio::test]
async fn the_token_is_the_first_message_and_header_fields_are_sent() {
    let arguments = [&FIELDS[..], &["--token", "se\"cret", "--expect", "1"]].concat();
    let transcript = served(&arguments, |mut socket| async move {
        let first = socket.recv().await.expect("a message").expect("a message");
        assert_eq!(first, Message::text(r#"{"type":"auth","token":"se\"cret"}"#));
        socket.send("in").await.expect("sent");
        while socket.recv().await.expect("no error").is_some() {}
    })
    .await;
    assert_eq!((transcript.stdout.as_str(), transcript.status), ("in\n", Some(0)));
}

#[tokio::test]
async fn a_private_code_is_named_and_its_reason_cannot_play_tricks() {
    let transcript = served(&FIELDS, |mut socket| async move {
        let close = Close::new(CloseCode::new(4501), "bad\u{1b}[2J token");
        socket.close_and_discard(close).await.expect("a clean end");
    })
    .await;
    let expected = "closed by the server: 4501 authentication failed \"bad\\u{1b}[2J token\"\n";
    assert!(transcript.stderr.ends_with(expected), "{}", transcript.stderr);
    assert_eq!(transcript.status, Some(3));
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_closed_one() {
    let transcript = served(&FIELDS, |mut socket| async move {
        socket.send("last words").await.expect("sent");
        drop(socket);
    })
    .await;
    assert_eq!((transcript.stdout.as_str(), transcript.status), ("last words\n", Some(1)));
    assert!(transcript.stderr.contains("connection lost: "), "{}", transcript.stderr);
}

/// The first connection breaks, the second is refused for the moment, the third is closed.
#[tokio::test]
async fn it_connects_again_on_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let client = thread::spawn(move || converse(&url, &["--reconnect", "--token", "t"], ""));
    let accept = async || {
        let (stream, _) = listener.accept().await.expect("a client");
        incoming(stream, Config::default()).await.expect("a request").accept().await.expect("open")
    };
    let serve = async {
        let mut socket = accept().await;
        assert!(socket.recv().await.expect("a message").is_some_and(|message| message.is_data()));
        socket.send("one").await.expect("sent");
        drop(socket);
        let (stream, _) = listener.accept().await.expect("a client");
        drop(stream);
        let mut socket = accept().await;
        let again = socket.recv().await.expect("a message");
        assert_eq!(again, Some(Message::text(r#"{"type":"auth","token":"t"}"#)));
        socket.send("two").await.expect("sent");
        let close = Close::new(CloseCode::new(4000), "enough");
        socket.close_and_discard(close).await.expect("a clean end");
    };
    timeout(TIMEOUT, serve).await.expect("an end in time");
    let transcript = tokio::task::spawn_blocking(|| client.join().expect("no panic")).await;
    let transcript = transcript.expect("no panic");
    assert_eq!((transcript.stdout.as_str(), transcript.status), ("one\ntwo\n", Some(3)));
    for part in ["connection lost: ", "; connecting again\n", "; trying again\n", "4000"] {
        assert!(transcript.stderr.contains(part), "{part}: {}", transcript.stderr);
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_lines_are_edited_and_json_is_laid_out() {
    use std::fs::File;
    use std::io::Read as _;
    use std::sync::mpsc;

    use nix::pty::{Winsize, openpty};

    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).expect("a terminal");
    let (mut screen, user) = (File::from(terminal.master), File::from(terminal.slave));
    let server = Server::start(&[]);
    let mut command = program();
    command.args(["connect", &server.uri()]).env("TERM", "xterm").env("NO_COLOR", "1");
    let another = || user.try_clone().expect("another handle");
    command.stdin(another()).stdout(another()).stderr(user.try_clone().expect("another handle"));
    let mut child = command.spawn().expect("the program runs");
    drop((command, user));

    let (heard, hears) = mpsc::channel();
    let mut ear = screen.try_clone().expect("another handle");
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(len @ 1..) = ear.read(&mut bytes) {
            if heard.send(bytes[..len].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut shown = String::new();
    let mut until = |part: &str| {
        while !shown.contains(part) {
            let bytes = hears.recv_timeout(TIMEOUT);
            let bytes = bytes.unwrap_or_else(|_| panic!("no {part:?} in {shown:?}"));
            shown += &String::from_utf8_lossy(&bytes);
        }
        shown = shown.split_off(shown.find(part).expect("the part") + part.len());
    };
    until("/help shows the commands");
    until("> ");
    // A typing error is corrected with the key for it.
    screen.write_all(b"{\"a\":[1,2x\x7f]}\r").expect("a key");
    until(r#"< {"type": "echo", "original": {"a": [1, 2]}}"#);
    until("> ");
    // The previous line, from the history.
    screen.write_all(b"\x1b[A\r").expect("a key");
    until(r#"< {"type": "echo", "original": {"a": [1, 2]}}"#);
    until("> ");
    // Pasted text is one message, though it has two lines.
    screen.write_all(b"\x1b[200~one\ntwo\x1b[201~\r").expect("a key");
    until(r#"< {"type": "echo", "original": "one\ntwo"}"#);
    until("> ");
    screen.write_all(b"\x04").expect("a key");
    until("closed: 1000 normal closure");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}
