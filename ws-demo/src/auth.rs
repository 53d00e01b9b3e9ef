//! Static tokens.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The valid tokens. They are kept as hashes: all comparisons take the same time, and a memory dump
/// does not contain them.
pub(crate) struct Tokens {
    source: Source,
    hashes: RwLock<Vec<[u8; 32]>>,
}

/// The source of the tokens.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file with a token on each line, trimmed; empty lines and lines that start with `#` are
    /// skipped.
    File(PathBuf),
    /// The token itself, from the environment.
    Token(String),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

impl Tokens {
    /// Reads the tokens.
    ///
    /// # Errors
    ///
    /// There is no token, or the file cannot be read. The error contains no token.
    pub(crate) fn load(source: Source) -> Result<Self, LoadError> {
        let hashes = RwLock::new(read(&source)?);
        Ok(Self { source, hashes })
    }

    /// Reads the tokens again. If that fails the former ones stay valid.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub(crate) fn reload(&self) -> Result<usize, LoadError> {
        let hashes = read(&self.source)?;
        let count = hashes.len();
        *self.hashes.write().unwrap_or_else(PoisonError::into_inner) = hashes;
        Ok(count)
    }

    /// The hash of the token, if it is valid; takes the same time for all tokens of a length.
    pub(crate) fn find(&self, token: &[u8]) -> Option<[u8; 32]> {
        let presented: [u8; 32] = Sha256::digest(token).into();
        self.contains(&presented).then_some(presented)
    }

    /// Whether it is the hash of a valid token.
    pub(crate) fn contains(&self, presented: &[u8; 32]) -> bool {
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        let none = subtle::Choice::from(0);
        hashes.iter().fold(none, |found, hash| found | hash.ct_eq(presented)).into()
    }
}

fn read(source: &Source) -> Result<Vec<[u8; 32]>, LoadError> {
    let hash = |token: &str| Sha256::digest(token).into();
    match source {
        Source::Token(token) if token.trim().is_empty() => Err(LoadError::EmptyToken),
        Source::Token(token) => Ok(vec![hash(token.trim())]),
        Source::File(path) => {
            let text = fs::read_to_string(path)
                .map_err(|source| LoadError::File { path: path.clone(), source })?;
            let tokens = text.lines().map(str::trim);
            let hashes: Vec<_> = tokens
                .filter(|token| !token.is_empty() && !token.starts_with('#'))
                .map(hash)
                .collect();
            match hashes.is_empty() {
                true => Err(LoadError::NoToken(path.clone())),
                false => Ok(hashes),
            }
        }
    }
}

/// The tokens cannot be loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    File { path: PathBuf, source: io::Error },
    NoToken(PathBuf),
    EmptyToken,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::File { path, source } => {
                write!(f, "cannot read the token file {}: {source}", shown(path))
            }
            Self::NoToken(path) => write!(f, "no token in the token file {}", shown(path)),
            Self::EmptyToken => f.write_str("WS_DEMO_AUTH_TOKEN: must not be empty"),
        }
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_token_and_nothing_else() {
        let tokens = Tokens::load(Source::Token(" secret \n".to_owned())).expect("a token");
        for (token, good) in
            [("secret", true), ("secre", false), ("secrets", false), ("Secret", false), ("", false)]
        {
            assert_eq!(tokens.find(token.as_bytes()).is_some(), good, "{token}");
        }
    }

    #[test]
    fn a_file_has_one_each_line_and_is_read_again() {
        let path = std::env::temp_dir().join(format!("ws-demo-tokens-{}", std::process::id()));
        fs::write(&path, "# staff\n alice-token\r\n\nbob-token").expect("a file");
        let tokens = Tokens::load(Source::File(path.clone())).expect("tokens");
        for (token, good) in
            [("alice-token", true), ("bob-token", true), ("# staff", false), ("", false)]
        {
            assert_eq!(tokens.find(token.as_bytes()).is_some(), good, "{token}");
        }

        fs::write(&path, "carol-token\n").expect("a file");
        assert_eq!(tokens.reload().expect("tokens"), 1);
        assert!(tokens.find(b"carol-token").is_some());
        assert!(tokens.find(b"bob-token").is_none());

        fs::write(&path, "# nobody\n").expect("a file");
        assert!(matches!(tokens.reload(), Err(LoadError::NoToken(_))));
        assert!(tokens.find(b"carol-token").is_some());
        fs::remove_file(&path).expect("a file");
        assert!(matches!(tokens.reload(), Err(LoadError::File { .. })));
        assert!(matches!(Tokens::load(Source::Token(" ".to_owned())), Err(LoadError::EmptyToken)));
    }

    #[test]
    fn nothing_shows_a_token() {
        assert!(!format!("{:?}", Source::Token("secret".to_owned())).contains("secret"));
    }
}
