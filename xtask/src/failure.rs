use core::fmt;
use std::io;

pub(crate) type Result<T = ()> = core::result::Result<T, Failure>;

/// Why a command did not pass or could not run, in words for the user who started it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Adds a description of the step in which an error occurred.
pub(crate) trait Context<T> {
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for core::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure(format!("{doing}: {error}")))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, missing: impl fmt::Display) -> Result<T> {
        self.ok_or_else(|| Failure(missing.to_string()))
    }
}

macro_rules! bail {
    ($($message:tt)*) => {
        return Err($crate::failure::Failure::new(format!($($message)*)))
    };
}

pub(crate) use bail;
