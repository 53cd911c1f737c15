//! What is wrong with a scenario file: where, why, and what would do.

use crate::facts::signals;
use crate::scenario::document::schema;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, SourceSpan,
};
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// A mistake in a scenario file.
#[derive(Debug, Clone)]
pub struct Diagnostic(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    message: String,
    source: NamedSource<String>,
    span: Option<SourceSpan>,
    help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.0.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.0.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let here = |span| LabeledSpan::new_with_span(Some("here".to_owned()), span);
        Some(Box::new(self.0.span.map(here).into_iter()))
    }
}

impl Diagnostic {
    /// A mistake at a place of a file. What stands after the first `; ` of the
    /// text is its hint.
    pub(crate) fn at(path: &Path, text: &str, span: Range<usize>, words: &str) -> Diagnostic {
        let (message, help) = match words.split_once("; ") {
            Some((message, help)) => (message, Some(help.to_owned())),
            None => (words, None),
        };
        let start = span.start.min(text.len());
        // An empty place would be shown as nothing.
        let length = (span.end.min(text.len()) - start).max(1);
        Diagnostic(Box::new(Parts {
            message: message.to_owned(),
            source: NamedSource::new(path.display().to_string(), text.to_owned())
                .with_language("toml"),
            span: Some((start, length).into()),
            help,
        }))
    }

    /// A file that cannot be read at all.
    pub(crate) fn unreadable(path: &Path, why: &str) -> Diagnostic {
        Diagnostic(Box::new(Parts {
            message: format!("{}: {why}", path.display()),
            source: NamedSource::new(path.display().to_string(), String::new()),
            span: None,
            help: None,
        }))
    }

    /// What the parser says, in words for people.
    pub(crate) fn of_toml(path: &Path, text: &str, error: &toml::de::Error) -> Diagnostic {
        let span = error.span().unwrap_or(0..0);
        Diagnostic::at(path, text, span, &reworded(error.message()))
    }

    /// Line and column of the place, from 1.
    pub fn place(&self) -> Option<(usize, usize)> {
        let offset = self.0.span?.offset();
        let before = &self.0.source.inner()[..offset];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Some((before.matches('\n').count() + 1, column))
    }

    /// The file.
    pub fn file(&self) -> &str {
        self.0.source.name()
    }

    /// The message, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would do.
    pub fn hint(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The mistake with the piece of the file, as it is shown to a person.
    pub fn render(&self, colour: bool, width: usize) -> String {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let mut shown = String::new();
        // Writing to a String cannot fail.
        let _ = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_context_lines(1)
            .render_report(&mut shown, self);
        shown
    }
}

/// serde's words, in ours. Words that are ours already have a hint.
fn reworded(message: &str) -> String {
    let message = message.trim();
    if message.contains("; ") {
        return message.to_owned();
    }
    let quoted = |text: &str| -> Option<String> {
        let (_, rest) = text.split_once('`')?;
        Some(rest.split_once('`')?.0.to_owned())
    };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let name = quoted(message).unwrap_or_default();
        let expected = rest.split_once(", ").map_or("", |(_, list)| list);
        let keys: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return format!("no such key: {name}; {}", hint_for_key(&name, &keys));
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let name = quoted(message).unwrap_or_default();
        let expected = rest.split_once(", ").map_or("", |(_, list)| list);
        let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return format!(
            "no such word: {name}; {}",
            crate::scenario::document::value::one_of(&name, &words)
        );
    }
    if message.starts_with("missing field ") {
        let name = quoted(message).unwrap_or_default();
        return format!("the key {name} is missing{}", example(&name));
    }
    if let Some((is, wanted)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        let is = is.replace('`', "");
        let wanted = match wanted {
            "a string" | "string" => "a string, in quotes",
            "a sequence" => "a list, such as [\"one\", \"two\"]",
            "a boolean" => "true or false",
            "a map" => "a table",
            other if other.starts_with("struct ") => "a table",
            "u8" => "a number from 0 to 255",
            "u32" | "u64" => "a whole number",
            other => other,
        };
        return format!("this is {}; write {wanted}", with_article(&is));
    }
    if let Some((is, wanted)) = message
        .strip_prefix("invalid value: ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        let wanted = match wanted {
            "u8" => "a number from 0 to 255",
            "u32" | "u64" => "a whole number that is not negative",
            other => other,
        };
        return format!(
            "this is {}; write {wanted}",
            with_article(&is.replace('`', ""))
        );
    }
    if message.starts_with("duplicate key") {
        return "this key is there twice; a key stands once in its table".to_owned();
    }
    format!(
        "no valid TOML: {}; write key = value, texts in quotes, lists in brackets",
        message.replace('\n', ", ").replace("; ", ", ")
    )
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
        return format!("it belongs into {place}");
    }
    if let Some(near) = signals::nearest(name, keys.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    format!("keys of this table are {}", keys.join(", "))
}

fn example(key: &str) -> &'static str {
    match key {
        "target" => "; write [target] and below it command = [\"program\", \"argument\"]",
        "command" => "; write command = [\"program\", \"argument\"]",
        "signals" => "; write signals = [\"INT@output:'ready'\"]",
        "pattern" | "with" => "; write { pattern = '\\d+ files', with = \"[N] files\" }",
        "said" => "; write said = 'task (\\d+) is done'",
        "found" => "; write found = '^(\\d+) '",
        _ => "",
    }
}
