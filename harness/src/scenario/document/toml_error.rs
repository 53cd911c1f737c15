//! What the parser of a scenario file says, in words for people.

use super::schema;
use super::value::HINT_MARK;
use crate::facts::signals;
use crate::options::one_of;
use crate::scenario::diagnostic::Diagnostic;
use std::path::Path;

/// What the parser says, in words for people.
pub(crate) fn diagnostic(path: &Path, text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    reworded(error.message()).at(path, text, span)
}

/// serde's message, in plain English. A message of ours passes through serde with its hint behind a mark.
fn reworded(message: &str) -> Diagnostic {
    let message = message.trim();
    if let Some((message, hint)) = message.split_once(HINT_MARK) {
        let diagnostic = Diagnostic::new(message);
        return match hint {
            "" => diagnostic,
            hint => diagnostic.hint(hint),
        };
    }
    let name = quoted(message).unwrap_or_default();
    if let Some(list) = message.strip_prefix("unknown field ") {
        return Diagnostic::new(format!("no such key: {name}"))
            .hint(hint_for_key(name, &words(list)));
    }
    if let Some(list) = message.strip_prefix("unknown variant ") {
        return Diagnostic::new(format!("no such word: {name}")).hint(one_of(name, &words(list)));
    }
    if message.starts_with("missing field ") {
        let diagnostic = Diagnostic::new(format!("the key {name} is missing"));
        return match example(name) {
            Some(example) => diagnostic.hint(format!("write {example}")),
            None => diagnostic,
        };
    }
    if message.starts_with("duplicate key") {
        return Diagnostic::new("this key is there twice").hint("write each key once in its table");
    }
    unexpected(message).unwrap_or_else(|| {
        let message = message.replace('\n', ", ");
        Diagnostic::new(format!("this is not valid TOML: {message}"))
            .hint("write key = value, texts in quotes, lists in brackets")
    })
}

/// A value of another type than expected, or out of its range.
fn unexpected(message: &str) -> Option<Diagnostic> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (is, wanted) = rest.split_once(", expected ")?;
    let wanted = match wanted {
        "a string" | "string" => "a string, in quotes",
        "a sequence" => "a list, such as [\"one\", \"two\"]",
        "a boolean" => "true or false",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        "u8" => "a number from 0 to 255",
        "u32" | "u64" => "a whole number that is not negative",
        other => other,
    };
    let is = with_article(&is.replace('`', ""));
    Some(Diagnostic::new(format!("this is {is}")).hint(format!("write {wanted}")))
}

/// The first word in backquotes.
fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('`')?;
    Some(rest.split_once('`')?.0)
}

/// The words in backquotes behind the first comma: those that serde knows.
fn words(text: &str) -> Vec<&str> {
    let list = text.split_once(", ").map_or("", |(_, list)| list);
    list.split('`').skip(1).step_by(2).collect()
}

/// `integer 250` becomes `the integer 250`.
fn with_article(what: &str) -> String {
    match what {
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        other => format!("the {other}"),
    }
}

/// The nearest key of this table; the table where this key belongs; or all keys.
fn hint_for_key(name: &str, keys: &[&str]) -> String {
    let elsewhere: Vec<String> = schema::places_of(name);
    if let Some(place) = elsewhere.first() {
        return format!("it belongs in {place}");
    }
    if let Some(near) = signals::nearest(name, keys.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    format!("keys of this table are {}", keys.join(", "))
}

fn example(key: &str) -> Option<&'static str> {
    Some(match key {
        "target" => "[target] and below it command = [\"program\", \"argument\"]",
        "command" => "command = [\"program\", \"argument\"]",
        "signals" => "signals = [\"INT@output:'ready'\"]",
        "pattern" | "with" => "{ pattern = '\\d+ files', with = \"[N] files\" }",
        "said" => "said = 'task (\\d+) is done'",
        "found" => "found = '^(\\d+) '",
        _ => return None,
    })
}
