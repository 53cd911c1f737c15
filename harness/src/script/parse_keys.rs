//! Reads what a person types: text with `\r`, `\e`, `\xHH`, `^C` and names in angle brackets, such as `<Up>` or
//! `<wait:TEXT>`.

use super::keys::{Key, KeyWait};
use crate::schedule::ParseError;

const NAMED: &[(&str, &[u8])] = &[
    ("Enter", b"\r"),
    ("Esc", b"\x1b"),
    ("Tab", b"\t"),
    ("Backspace", b"\x7f"),
    ("Space", b" "),
    ("Up", b"\x1b[A"),
    ("Down", b"\x1b[B"),
    ("Right", b"\x1b[C"),
    ("Left", b"\x1b[D"),
    ("Home", b"\x1b[H"),
    ("End", b"\x1b[F"),
    ("Insert", b"\x1b[2~"),
    ("Delete", b"\x1b[3~"),
    ("PageUp", b"\x1b[5~"),
    ("PageDown", b"\x1b[6~"),
    ("F1", b"\x1bOP"),
    ("F2", b"\x1bOQ"),
    ("F3", b"\x1bOR"),
    ("F4", b"\x1bOS"),
    ("F5", b"\x1b[15~"),
    ("F6", b"\x1b[17~"),
    ("F7", b"\x1b[18~"),
    ("F8", b"\x1b[19~"),
    ("F9", b"\x1b[20~"),
    ("F10", b"\x1b[21~"),
    ("F11", b"\x1b[23~"),
    ("F12", b"\x1b[24~"),
];

impl Key {
    /// Reads one `--keys`. What is typed goes in one piece, up to a name in angle brackets that waits.
    ///
    /// # Errors
    /// A backslash or a name that means nothing.
    pub(crate) fn parse(text: &str) -> Result<Vec<Key>, ParseError> {
        let mut keys = Vec::new();
        let mut typed = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = match c {
                '\\' => escape(text, after, &mut typed)?,
                '^' => control(text, after, &mut typed)?,
                '<' => match after.split_once('>') {
                    Some((name, after)) => {
                        match named(text, name)? {
                            Named::Bytes(bytes) => typed.extend(bytes),
                            Named::Key(key) => {
                                push(&mut keys, &mut typed);
                                keys.push(key);
                            }
                        }
                        after
                    }
                    None => {
                        typed.push(b'<');
                        after
                    }
                },
                c => {
                    typed.extend(c.to_string().bytes());
                    after
                }
            };
        }
        push(&mut keys, &mut typed);
        Ok(keys)
    }
}

fn push(keys: &mut Vec<Key>, typed: &mut Vec<u8>) {
    if !typed.is_empty() {
        keys.push(Key::Type(std::mem::take(typed)));
    }
}

enum Named {
    Bytes(&'static [u8]),
    Key(Key),
}

fn named(text: &str, name: &str) -> Result<Named, ParseError> {
    if let Some((_, bytes)) = NAMED
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
    {
        return Ok(Named::Bytes(bytes));
    }
    if let Some(screen) = name.strip_prefix("wait:") {
        return Ok(Named::Key(Key::Wait(KeyWait::Screen(screen.to_owned()))));
    }
    if let Some((rows, columns)) = name
        .strip_prefix("size:")
        .and_then(|size| size.split_once('x'))
        && let (Ok(rows), Ok(columns)) = (rows.parse(), columns.parse())
    {
        return Ok(Named::Key(Key::Resize { rows, columns }));
    }
    let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
    Err(
        ParseError::new(format!("{text}: no such key: <{name}>")).hint(format!(
            "keys are {}, <wait:TEXT> and <size:ROWSxCOLUMNS>; \\x3c is the character itself",
            names.join(", ")
        )),
    )
}

/// What follows a backslash. Returns what follows that.
fn escape<'a>(text: &str, rest: &'a str, typed: &mut Vec<u8>) -> Result<&'a str, ParseError> {
    let wrong = || {
        ParseError::new(format!("{text}: a backslash that means nothing"))
            .hint("write \\r, \\n, \\t, \\e, \\\\, \\^ or \\xHH")
    };
    let c = rest.chars().next().ok_or_else(wrong)?;
    let byte = match c {
        'r' => b'\r',
        'n' => b'\n',
        't' => b'\t',
        'e' => 0x1b,
        '\\' => b'\\',
        '^' => b'^',
        '<' => b'<',
        'x' => {
            let digits = rest.get(1..3).ok_or_else(wrong)?;
            typed.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
            return Ok(&rest[3..]);
        }
        _ => return Err(wrong()),
    };
    typed.push(byte);
    Ok(&rest[1..])
}

/// What follows a caret: `^C`. Returns what follows that.
fn control<'a>(text: &str, rest: &'a str, typed: &mut Vec<u8>) -> Result<&'a str, ParseError> {
    match rest.bytes().next() {
        Some(b'?') => typed.push(0x7f),
        Some(byte @ (b'@'..=b'_' | b'a'..=b'z')) => typed.push(byte.to_ascii_uppercase() & 0x1f),
        _ => {
            return Err(
                ParseError::new(format!("{text}: a caret that means nothing"))
                    .hint("write ^C for Ctrl+C, \\^ for a caret"),
            );
        }
    }
    Ok(&rest[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_keys_are_read() {
        assert_eq!(
            Key::parse("ihello\\e:wq\\r"),
            Ok(vec![Key::Type(b"ihello\x1b:wq\r".to_vec())])
        );
        assert_eq!(
            Key::parse("^C<up>\\x41"),
            Ok(vec![Key::Type(b"\x03\x1b[AA".to_vec())])
        );
        assert_eq!(
            Key::parse("a<wait:$ ><size:30x100>b"),
            Ok(vec![
                Key::Type(b"a".to_vec()),
                Key::Wait(KeyWait::Screen("$ ".into())),
                Key::Resize {
                    rows: 30,
                    columns: 100
                },
                Key::Type(b"b".to_vec()),
            ])
        );
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, says) in [
            ("\\q", "a backslash that means nothing"),
            ("\\x4", "a backslash that means nothing"),
            ("<F99>", "no such key: <F99>"),
            ("^", "a caret that means nothing"),
        ] {
            let error = Key::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
