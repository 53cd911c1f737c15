//! What is wrong with a scenario file: where, why, and what would do.

use crate::facts::signals;
use crate::options::one_of;
use crate::scenario::document::schema;
use crate::scenario::document::value::HINT_MARK;
use crate::schedule::ParseError;
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
    hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let hint = self.0.hint.as_ref()?;
        Some(Box::new(hint))
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
    /// What is wrong, in no file yet.
    pub(crate) fn new(message: impl Into<String>) -> Diagnostic {
        Diagnostic(Box::new(Parts {
            message: message.into(),
            source: NamedSource::new("", String::new()),
            span: None,
            hint: None,
        }))
    }

    /// A value that cannot be read.
    pub(crate) fn of(problem: ParseError) -> Diagnostic {
        let (message, hint) = problem.into_parts();
        let mut diagnostic = Diagnostic::new(message);
        diagnostic.0.hint = hint;
        diagnostic
    }

    /// Adds what would do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.0.hint = Some(hint.into());
        self
    }

    /// Puts it at a place of a file.
    #[must_use]
    pub(crate) fn at(mut self, path: &Path, text: &str, span: Range<usize>) -> Diagnostic {
        let start = span.start.min(text.len());
        // An empty place would be shown as nothing.
        let length = (span.end.min(text.len()) - start).max(1);
        let name = path.display().to_string();
        self.0.source = NamedSource::new(name, text.to_owned()).with_language("toml");
        self.0.span = Some((start, length).into());
        self
    }

    /// About a file as a whole, which the message names.
    #[must_use]
    pub(crate) fn of_file(mut self, path: &Path) -> Diagnostic {
        let name = path.display().to_string();
        self.0.message = format!("{name}: {}", self.0.message);
        self.0.source = NamedSource::new(name, String::new());
        self
    }

    /// What the parser says, in words for people.
    pub(crate) fn of_toml(path: &Path, text: &str, error: &toml::de::Error) -> Diagnostic {
        let span = error.span().unwrap_or(0..0);
        reworded(error.message()).at(path, text, span)
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
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The mistake with the piece of the file, as it is shown to a person.
    pub fn render(&self, color: bool, width: usize) -> String {
        let theme = if color {
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
