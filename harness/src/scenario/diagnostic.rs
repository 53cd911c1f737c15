//! What is wrong with a scenario file: where, why, and what would do.

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
