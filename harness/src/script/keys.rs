//! What a person does at a terminal, as data.

use serde::{Deserialize, Serialize};

/// One thing that a person does, once the program has come to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// Types these bytes.
    Type(Vec<u8>),
    /// Waits for something else than rest.
    Wait(KeyWait),
    /// Changes the size of the window.
    Resize {
        /// Its lines.
        rows: u16,
        /// Its columns.
        columns: u16,
    },
}

/// What a person waits for before the next key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyWait {
    /// The screen shows this text.
    Screen(String),
}
