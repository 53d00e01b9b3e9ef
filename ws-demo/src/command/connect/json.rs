//! JSON for display: formatted and coloured, with keys in their order and numbers unchanged.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::value::RawValue;

const KEY: Style = AnsiColor::Blue.on_default();
const STRING: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();
const WORD: Style = AnsiColor::Magenta.on_default();

/// JSON over this length, in characters, is broken into lines.
const WIDTH: usize = 76;
const INDENT: usize = 2;
/// The maximum depth of indentation, which could be longer than the text otherwise.
const MAX_DEPTH: usize = 40;

/// Formats a text as JSON; `None` if it is not JSON. Control characters are escaped.
pub(super) fn pretty(text: &str, colours: bool) -> Option<String> {
    let json = serde_json::from_str::<&RawValue>(text).ok()?.get();
    let tokens = tokens(json);
    let mut layout = Layout { colours, lines: false, depth: 0, text: String::new(), width: 0 };
    layout.write(&tokens);
    if layout.width > WIDTH {
        layout = Layout { lines: true, text: String::new(), ..layout };
        layout.write(&tokens);
    }
    Some(layout.text)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'j> {
    Open(char),
    Close(char),
    Comma,
    Key(&'j str),
    Scalar(&'j str, Style),
}

/// Returns the tokens of valid JSON.
fn tokens(json: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => 1 + string(&rest[1..]),
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            first if first.is_ascii_whitespace() => 1,
            _ => rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(len);
        rest = after;
        match first {
            '{' | '[' => tokens.push(Token::Open(first)),
            '}' | ']' => tokens.push(Token::Close(first)),
            ',' => tokens.push(Token::Comma),
            '"' if rest.trim_start().starts_with(':') => tokens.push(Token::Key(token)),
            '"' => tokens.push(Token::Scalar(token, STRING)),
            '-' | '0'..='9' => tokens.push(Token::Scalar(token, NUMBER)),
            't' | 'f' | 'n' => tokens.push(Token::Scalar(token, WORD)),
            _ => {}
        }
    }
    tokens
}

/// Returns the length of a string behind its opening quote, with the closing one.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

struct Layout {
    colours: bool,
    lines: bool,
    depth: usize,
    text: String,
    /// In characters, without colours.
    width: usize,
}

impl Layout {
    fn write(&mut self, tokens: &[Token<'_>]) {
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1);
            match *token {
                Token::Open(bracket) => {
                    self.push(bracket);
                    self.depth += 1;
                    if !matches!(next, Some(Token::Close(_))) {
                        self.end_line(false);
                    }
                }
                Token::Close(bracket) => {
                    self.depth -= 1;
                    if !matches!(tokens.get(at.wrapping_sub(1)), Some(Token::Open(_))) {
                        self.end_line(false);
                    }
                    self.push(bracket);
                }
                Token::Comma => {
                    self.push(',');
                    self.end_line(true);
                }
                Token::Key(key) => {
                    self.string(key, KEY);
                    self.push(':');
                    self.push(' ');
                }
                Token::Scalar(scalar, style) => self.string(scalar, style),
            }
        }
    }

    fn end_line(&mut self, space: bool) {
        if self.lines {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', INDENT * self.depth.min(MAX_DEPTH)));
        } else if space {
            self.push(' ');
        }
    }

    fn push(&mut self, character: char) {
        self.text.push(character);
        self.width += 1;
    }

    fn string(&mut self, text: &str, style: Style) {
        if self.colours {
            let _ = write!(self.text, "{style}");
        }
        for character in text.chars() {
            // Quotes and backslashes are what JSON made of them.
            if matches!(character, '"' | '\'' | '\\') || character.escape_debug().len() == 1 {
                self.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(self.text, "\\u{unit:04x}");
                self.width += 6;
            }
        }
        if self.colours {
            let _ = write!(self.text, "{style:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_on_a_line() {
        for (text, laid_out) in [
            ("{}", "{}"),
            (" [ ] ", "[]"),
            (
                r#"{"type":"welcome","id":"00ff00ff","clients":1}"#,
                r#"{"type": "welcome", "id": "00ff00ff", "clients": 1}"#,
            ),
            (
                r#"{"z":1.10,"a":123456789012345678901234567890}"#,
                r#"{"z": 1.10, "a": 123456789012345678901234567890}"#,
            ),
            (
                r#"[true,false,null,-1e+5,"a\"b:,{}[]\\"]"#,
                r#"[true, false, null, -1e+5, "a\"b:,{}[]\\"]"#,
            ),
            (r#""\u001b[2J""#, r#""\u001b[2J""#),
            ("\"\u{9b}2J\u{202e}\u{7f}Grüße 🦀\"", r#""\u009b2J\u202e\u007fGrüße 🦀""#),
        ] {
            assert_eq!(pretty(text, false).as_deref(), Some(laid_out), "{text}");
        }
    }

    #[test]
    fn what_is_long_is_laid_out_in_lines() {
        let long = "x".repeat(WIDTH);
        let text = format!(r#"{{"a":[1,{{}},{{"b":"{long}"}}],"c":[]}}"#);
        let expected = format!(
            "{{\n  \"a\": [\n    1,\n    {{}},\n    {{\n      \"b\": \"{long}\"\n    }}\n  ],\n  \"c\": []\n}}"
        );
        assert_eq!(pretty(&text, false), Some(expected));
    }

    #[test]
    fn colours_change_nothing_else() {
        let text = r#"{"a":[1,"b",null]}"#;
        let coloured = pretty(text, true).expect("JSON");
        assert!(coloured.contains("\x1b[34m\"a\"\x1b[0m"), "{coloured:?}");
        let plain = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(Some(plain), pretty(text, false));
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        for text in ["", "hello", "{", "[1,]", "{'a':1}", "1 2"] {
            assert_eq!(pretty(text, false), None, "{text}");
        }
    }

    #[test]
    fn depth_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(pretty(&deep, false).is_some());
    }
}
