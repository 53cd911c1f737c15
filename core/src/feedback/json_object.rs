//! JSON objects, written by hand.

use std::fmt::Write as _;

/// A flat JSON object in the making. Written by hand: five lines of escaping
/// are no reason to carry a JSON library into every program.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".to_owned())
    }

    fn separate(&mut self) {
        if self.0 != "{" {
            self.0.push(',');
        }
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.string(name);
        self.0.push(':');
    }

    /// A number or a boolean, which JSON spells as Rust does.
    pub(super) fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        self.0.push_str(&value.to_string());
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.string(value);
    }

    fn string(&mut self, text: &str) {
        self.0.push('"');
        for char in text.chars() {
            match char {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                char if char < ' ' => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.0, "\\u{:04x}", u32::from(char));
                }
                char => self.0.push(char),
            }
        }
        self.0.push('"');
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
