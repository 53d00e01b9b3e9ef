//! The field `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use alloc::string::String;
use alloc::vec::Vec;

use super::characters::is_token;

/// An extension with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) parameters: Vec<(String, Option<String>)>,
}

/// The field does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The elements of all fields, in order.
pub(crate) fn parse<'h>(fields: impl Iterator<Item = &'h [u8]>) -> Result<Vec<Element>, Malformed> {
    let mut elements = Vec::new();
    for field in fields {
        let mut rest = core::str::from_utf8(field).map_err(|_error| Malformed)?;
        while !rest.trim_start().is_empty() {
            let (element, after) = split(rest, ',')?;
            rest = after;
            // Empty elements are allowed in lists (RFC 9110 §5.6.1).
            if !element.trim().is_empty() {
                elements.push(parse_element(element)?);
            }
        }
    }
    Ok(elements)
}

fn parse_element(text: &str) -> Result<Element, Malformed> {
    let (name, mut rest) = split(text, ';')?;
    let mut before = name.len();
    let mut left = text.len();
    let mut parameters = Vec::new();
    // A separator must be followed by a parameter.
    while before < left {
        let (parameter, after) = split(rest, ';')?;
        (before, left, rest) = (parameter.len(), rest.len(), after);
        parameters.push(match parameter.split_once('=') {
            None => (token(parameter)?, None),
            Some((name, value)) => (token(name)?, Some(parse_value(value)?)),
        });
    }
    Ok(Element { name: token(name)?, parameters })
}

/// A token, bare or quoted. What is in quotes need not be a token: the extension may refuse it.
fn parse_value(text: &str) -> Result<String, Malformed> {
    let text = text.trim();
    let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return token(text);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.push(characters.next().ok_or(Malformed)?),
            '"' => return Err(Malformed),
            _ => value.push(character),
        }
    }
    Ok(value)
}

fn token(text: &str) -> Result<String, Malformed> {
    let text = text.trim_matches([' ', '\t']);
    if is_token(text) { Ok(text.into()) } else { Err(Malformed) }
}

/// Splits at the first separator outside of quotes.
fn split(text: &str, separator: char) -> Result<(&str, &str), Malformed> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                return Ok((&text[..at], &text[at + character.len_utf8()..]));
            }
            _ => {}
        }
    }
    if quoted { Err(Malformed) } else { Ok((text, "")) }
}
