//! A person at the terminal: types, waits, changes the size of the window.

use crate::script::{Key, KeyWait};
use crate::supervisor::run::streams::Streams;
use std::io;
use std::num::NonZero;

/// A person looks at the screen this long before the next key.
pub(super) const REST_NS: u64 = 20_000_000;
/// How long a text may take to be shown.
const TEXT_LIMIT_NS: u64 = 10_000_000_000;

/// What a person does, one thing after another.
pub(super) struct Keyboard {
    keys: Vec<Key>,
    next: usize,
    screen: vt100::Parser,
    /// Since when the current key is waited for.
    waits_since_ns: u64,
}

impl Keyboard {
    pub(super) fn new(keys: &[Key], size: Option<(u16, u16)>) -> Keyboard {
        let (rows, columns) = size.unwrap_or((24, 80));
        Keyboard {
            keys: keys.to_vec(),
            next: 0,
            screen: vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0),
            waits_since_ns: 0,
        }
    }

    /// The terminal shows more.
    pub(super) fn output(&mut self, bytes: &[u8]) {
        if !self.keys.is_empty() {
            self.screen.process(bytes);
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.next >= self.keys.len()
    }

    /// How many keys were not typed.
    pub(super) fn left(&self) -> u32 {
        (self.keys.len() - self.next) as u32
    }

    /// What it waits for, in words.
    pub(super) fn words(&self) -> Option<String> {
        match self.keys.get(self.next)? {
            Key::Wait(KeyWait::Screen(text)) => Some(format!("{text:?} on the screen")),
            key => Some(format!("rest before {}", words(key))),
        }
    }

    /// Does the next thing, now that the screen is at rest. Returns what was done, in words.
    pub(super) fn go_on(
        &mut self,
        streams: &mut Streams,
        now_ns: u64,
    ) -> io::Result<Option<String>> {
        let Some(key) = self.keys.get(self.next) else {
            return Ok(None);
        };
        match key {
            Key::Type(bytes) => streams.type_bytes(bytes)?,
            Key::Resize { rows, columns } => {
                streams.resize(*rows, *columns)?;
                let (rows, columns) = (at_least_one(*rows), at_least_one(*columns));
                self.screen.screen_mut().set_size(rows, columns);
            }
            Key::Wait(KeyWait::Screen(text)) => {
                let is_shown = self.screen.screen().contents().contains(text.as_str());
                if !is_shown && now_ns < self.waits_since_ns + TEXT_LIMIT_NS {
                    return Ok(None);
                }
                if !is_shown {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!("the screen never shows {text:?}"),
                    ));
                }
            }
        }
        let done = words(key);
        self.next += 1;
        self.waits_since_ns = now_ns;
        Ok(Some(done))
    }
}

fn at_least_one(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap_or(NonZero::<u16>::MIN)
}

fn words(key: &Key) -> String {
    match key {
        Key::Type(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            format!("keys {:?}", text)
        }
        Key::Resize { rows, columns } => format!("size {rows}x{columns}"),
        Key::Wait(KeyWait::Screen(text)) => format!("the screen shows {text:?}"),
    }
}
