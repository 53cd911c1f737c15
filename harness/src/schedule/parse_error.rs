//! What is wrong with a value, and what would do.

use std::fmt;

/// A value that cannot be read: what is wrong with it and, as a hint, what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    hint: Option<String>,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> ParseError {
        ParseError {
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what would do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> ParseError {
        self.hint = Some(hint.into());
        self
    }

    /// The message and the hint.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        (self.message, self.hint)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

pub(crate) fn wrong<T>(
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Result<T, ParseError> {
    Err(ParseError::new(message).hint(hint))
}
