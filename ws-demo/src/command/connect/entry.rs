//! Lines of input: messages and commands.

use std::path::PathBuf;

use ws_tokio::{Bytes, Close, CloseCode};

/// A message, or a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry<'l> {
    Text(&'l str),
    Binary(Bytes),
    File(PathBuf),
    Ping(Option<&'l str>),
    Close(Close<'static>),
    Help,
}

/// Shown by `/help`.
pub(super) const HELP: &str = "\
/ping [TEXT]             sends a ping, and measures the time until its pong
/close [CODE] [REASON]   closes the connection: 1000 without a code
/binary HEX              sends binary data, such as /binary 00 ff c3 28
/binary @FILE            sends a file as one binary message
/help                    shows this
//TEXT                   sends /TEXT
Anything else is sent as text; what is pasted is one message, whatever its lines.
Ctrl-D closes the connection.";

impl<'l> Entry<'l> {
    /// Parses a line.
    ///
    /// # Errors
    ///
    /// The message for an invalid command.
    pub(super) fn parse(line: &'l str) -> Result<Self, String> {
        let Some(command) = line.strip_prefix('/') else { return Ok(Self::Text(line)) };
        if command.starts_with('/') {
            return Ok(Self::Text(command));
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "ping" => match rest.len() {
                0 => Ok(Self::Ping(None)),
                1..=125 => Ok(Self::Ping(Some(rest))),
                _ => Err("/ping: the payload must be at most 125 bytes".to_owned()),
            },
            "close" | "quit" => close(rest).map(Self::Close),
            "binary" => match rest.strip_prefix('@') {
                Some(path) => Ok(Self::File(path.into())),
                None => hexadecimal(rest).map(Self::Binary),
            },
            "help" => Ok(Self::Help),
            _ => Err(format!("unknown command: /{name} (// sends a text that begins with /)")),
        }
    }
}

fn close(rest: &str) -> Result<Close<'static>, String> {
    let (code, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let reason = reason.trim_start();
    let code = match code {
        "" => CloseCode::NORMAL,
        code => CloseCode::new(code.parse().map_err(|_| "the code must be a number".to_owned())?),
    };
    if !code.is_sendable() {
        return Err(format!("{code} cannot be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999 can"));
    }
    if reason.len() > ws_tokio::proto::MAX_REASON {
        return Err(format!(
            "/close: the reason must be at most {} bytes",
            ws_tokio::proto::MAX_REASON
        ));
    }
    Ok(Close::new(code, reason.to_owned()))
}

fn hexadecimal(text: &str) -> Result<Bytes, String> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_digit(16).and_then(|digit| digit.try_into().ok()))
        .collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<_>>().into())
        }
        _ => Err("expected pairs of hexadecimal digits, or @ and a file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lines_mean() {
        let close = |code, reason: &'static str| Entry::Close(Close::new(code, reason));
        for (line, entry) in [
            ("", Entry::Text("")),
            ("hello", Entry::Text("hello")),
            (" /ping", Entry::Text(" /ping")),
            ("//ping", Entry::Text("/ping")),
            ("///", Entry::Text("//")),
            ("/ping", Entry::Ping(None)),
            ("/ping  are you there? ", Entry::Ping(Some("are you there?"))),
            ("/close", close(CloseCode::NORMAL, "")),
            ("/quit", close(CloseCode::NORMAL, "")),
            ("/close 4000", close(CloseCode::new(4000), "")),
            ("/close 1001  bye now", close(CloseCode::GOING_AWAY, "bye now")),
            ("/binary", Entry::Binary(Bytes::new())),
            ("/binary 00 fF\tc3 28", Entry::Binary(Bytes::from_static(b"\x00\xff\xc3\x28"))),
            ("/binary @a b.bin", Entry::File("a b.bin".into())),
            ("/help", Entry::Help),
        ] {
            assert_eq!(Entry::parse(line), Ok(entry), "{line:?}");
        }
    }

    #[test]
    fn mistakes_are_explained() {
        let long = "x".repeat(126);
        for (line, explanation) in [
            ("/", "unknown command: /"),
            ("/pong", "unknown command: /pong"),
            (&format!("/ping {long}"), "125 bytes"),
            ("/close soon", "must be a number"),
            ("/close 1005", "1005 cannot be sent"),
            ("/close 99999", "must be a number"),
            (&format!("/close 1000 {long}"), "123 bytes"),
            ("/binary 0", "pairs"),
            ("/binary 0x00", "pairs"),
            ("/binary ää", "pairs"),
        ] {
            let error = Entry::parse(line).expect_err(line);
            assert!(error.contains(explanation), "{line:?}: {error}");
        }
    }
}
