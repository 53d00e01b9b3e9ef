//! A user name and a password (RFC 7617 and RFC 1929).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A user name and a password, for a server or a proxy.
///
/// ```
/// use ws_proto::Credentials;
///
/// let credentials = Credentials::new("Aladdin", "open sesame")?;
/// assert_eq!(credentials.basic(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// assert!(!format!("{credentials:?}").contains("sesame"));
/// # Ok::<(), ws_proto::InvalidCredentials>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    username: String,
    password: String,
}

/// A user name with a colon, a control character in either, or a percent sign that encodes nothing
/// (RFC 7617 §2, RFC 3986 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidCredentials;

impl Credentials {
    /// Creates credentials.
    ///
    /// # Errors
    ///
    /// [`InvalidCredentials`]: a user name with a colon, or a control character (RFC 7617 §2).
    pub fn new(
        username: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidCredentials> {
        let (username, password) = (username.into(), password.into());
        let has_control = |text: &str| text.chars().any(char::is_control);
        if username.contains(':') || has_control(&username) || has_control(&password) {
            return Err(InvalidCredentials);
        }
        Ok(Self { username, password })
    }

    /// Parses the user information of a URI: `user`, `user:` or `user:password`, each percent-encoded
    /// (RFC 3986 §3.2.1).
    ///
    /// # Errors
    ///
    /// [`InvalidCredentials`]
    pub fn from_user_info(user_info: &str) -> Result<Self, InvalidCredentials> {
        let (username, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        Self::new(percent_decoded(username)?, percent_decoded(password)?)
    }

    /// Returns the user name.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns the value of an `Authorization` or `Proxy-Authorization` field (RFC 7617 §2).
    pub fn basic(&self) -> String {
        let pair = alloc::format!("{}:{}", self.username, self.password);
        alloc::format!("Basic {}", BASE64_STANDARD.encode(pair))
    }
}

fn percent_decoded(text: &str) -> Result<String, InvalidCredentials> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(InvalidCredentials);
                };
                (high * 16 + low) as u8
            }
            byte if byte.is_ascii_graphic() => byte,
            _ => return Err(InvalidCredentials),
        };
        decoded.push(byte);
    }
    String::from_utf8(decoded).map_err(|_error| InvalidCredentials)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("user name or password has a character that is not allowed")
    }
}

impl core::error::Error for InvalidCredentials {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_info() {
        for (text, username, password) in [
            ("user", "user", ""),
            ("user:", "user", ""),
            ("user:a:b", "user", "a:b"),
            ("%C3%BCser:p%40ss%2fword%25", "üser", "p@ss/word%"),
            (":secret", "", "secret"),
        ] {
            let credentials = Credentials::from_user_info(text).expect(text);
            assert_eq!((credentials.username(), credentials.password()), (username, password));
        }
    }

    #[test]
    fn no_user_info() {
        for text in ["a%", "a%4", "a%4g", "a%3Ab", "a:%0d%0aX", "%ff", "a b", "ü", "a:\u{7f}"] {
            assert_eq!(Credentials::from_user_info(text), Err(InvalidCredentials), "{text:?}");
        }
    }
}
