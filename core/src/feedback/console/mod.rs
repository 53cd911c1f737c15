//! Feedback for a person at a terminal.

#[cfg(feature = "indicatif")]
mod indicatif;
mod messages;
mod wrap;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};

use super::notice::{Feedback, Notice, StageNotice};
use super::printer::Printer;
use crate::machine::{Cause, Stage};
use crate::sys::terminal;
use wrap::wrap;

pub use messages::{Level, Line, Messages, StageText, percent, to_ascii};

/// Which characters the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Charset {
    /// The messages as they are, symbols included.
    Unicode,
    /// Symbols dropped, points and arrows replaced.
    Ascii,
}

impl Charset {
    /// Chooses by the environment: ASCII if the locale (`LC_ALL`, `LC_CTYPE`,
    /// `LANG`, the first that is set) is not a UTF-8 one, or if `TERM` is
    /// `dumb`. Where no locale is set at all, as in many containers, Unicode
    /// is assumed.
    #[must_use]
    pub fn from_env() -> Charset {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(|name| env::var(name).ok())
            .find(|value| !value.is_empty());
        let term = env::var("TERM").ok();
        Charset::of(locale.as_deref(), term.as_deref())
    }

    fn of(locale: Option<&str>, term: Option<&str>) -> Charset {
        let locale = locale.map(|locale| locale.to_ascii_lowercase().replace('-', ""));
        let utf8 = locale.is_none_or(|locale| locale.contains("utf8"));
        if utf8 && term != Some("dumb") || cfg!(windows) {
            Charset::Unicode
        } else {
            Charset::Ascii
        }
    }
}

/// Feedback for a person: messages on standard error, or on another writer,
/// printed by a separate thread. Cheap to clone; clones share the
/// thread, and so do all that print to standard error.
///
/// Lines are written whole, and on a terminal broken between words. To keep
/// progress bars intact there is `Console::above`, with the feature
/// `indicatif`; for bars of another kind give [`Console::to_writer`] a writer
/// that suspends them.
#[derive(Clone, Debug)]
pub struct Console {
    printer: Arc<Printer>,
    messages: Arc<Messages>,
    charset: Charset,
    colour: bool,
    columns: Columns,
}

/// Where lines are broken.
#[derive(Clone, Copy, Debug)]
enum Columns {
    /// At the width that the terminal has when a message is printed.
    OfTerminal,
    /// There, or nowhere.
    Fixed(Option<usize>),
}

impl Console {
    /// Prints to standard error. Colour as the environment and the terminal
    /// say (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`), characters by
    /// [`Charset::from_env`]; both are read here, once.
    #[must_use]
    pub fn stderr() -> Console {
        Console::of_terminal(Printer::stderr())
    }

    /// As [`Console::stderr`], by way of a writer that ends there.
    #[cfg(feature = "indicatif")]
    pub(super) fn beside_stderr(writer: impl Write + Send + 'static) -> Console {
        Console::of_terminal(Arc::new(Printer::new(Box::new(writer))))
    }

    /// Prints to `writer`, without colour, lines as long as they are.
    #[must_use]
    pub fn to_writer(writer: impl Write + Send + 'static) -> Console {
        let printer = Arc::new(Printer::new(Box::new(writer)));
        Console::new(printer, false, Columns::Fixed(None))
    }

    fn of_terminal(printer: Arc<Printer>) -> Console {
        let choice = anstream::AutoStream::choice(&io::stderr());
        let colour = choice != anstream::ColorChoice::Never;
        Console::new(printer, colour, Columns::OfTerminal)
    }

    fn new(printer: Arc<Printer>, colour: bool, columns: Columns) -> Console {
        Console {
            printer,
            messages: Arc::new(Messages::standard()),
            charset: Charset::from_env(),
            colour,
            columns,
        }
    }

    /// Uses these messages.
    #[must_use]
    pub fn messages(mut self, messages: Messages) -> Console {
        self.messages = Arc::new(messages);
        self
    }

    /// Uses these characters, whatever the environment asks for.
    #[must_use]
    pub fn charset(mut self, charset: Charset) -> Console {
        self.charset = charset;
        self
    }

    /// Switches colour on or off, whatever the environment asks for.
    #[must_use]
    pub fn colour(mut self, colour: bool) -> Console {
        self.colour = colour;
        self
    }

    /// Breaks lines between words at this many columns, or not at all,
    /// whatever the width of the terminal is. Fewer than 20 count as none.
    #[must_use]
    pub fn columns(mut self, columns: Option<usize>) -> Console {
        self.columns = Columns::Fixed(columns);
        self
    }

    fn render(&self, line: &Line) -> String {
        let text = match self.charset {
            Charset::Unicode => line.text.clone(),
            Charset::Ascii => to_ascii(&line.text),
        };
        let columns = match self.columns {
            Columns::OfTerminal => terminal::columns(),
            Columns::Fixed(columns) => columns,
        };
        let text = match columns {
            Some(columns) => wrap(&text, columns),
            None => text,
        };
        if !self.colour {
            return format!("{text}\n");
        }
        let style = match line.level {
            Level::Info => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
            Level::Warning => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Level::Error => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        };
        format!("{style}{text}{style:#}\n")
    }
}

impl Feedback for Console {
    fn notify(&self, notice: &Notice) {
        let text: String = self
            .messages
            .lines(notice)
            .iter()
            .map(|line| self.render(line))
            .collect();
        if !text.is_empty() {
            self.printer.print(text);
        }
    }

    fn flush(&self) {
        self.printer.flush();
    }

    fn exit_message(&self) -> Vec<u8> {
        let last = Notice::Stage(StageNotice {
            at_ns: 0,
            from: Stage::TerminateActive,
            to: Stage::ExitNow,
            cause: Cause::None,
            rung: Stage::ExitNow.id().to_owned(),
            confirmed: false,
            message: None,
            hint: None,
        });
        // A terminal has echoed ^C: begin on a line of our own. Nothing else
        // is printed after this, so there is no second newline to avoid.
        let start = if io::stderr().is_terminal() { "\n" } else { "" };
        let lines = self.messages.lines(&last);
        let text: String = lines.iter().map(|line| self.render(line)).collect();
        format!("{start}{text}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_follows_the_locale() {
        let of = Charset::of;
        assert_eq!(of(None, None), Charset::Unicode);
        assert_eq!(of(Some("C.UTF-8"), Some("xterm")), Charset::Unicode);
        assert_eq!(of(Some("de_DE.utf8"), None), Charset::Unicode);
        if cfg!(unix) {
            assert_eq!(of(Some("C"), None), Charset::Ascii);
            assert_eq!(of(Some("de_DE.ISO-8859-1"), None), Charset::Ascii);
            assert_eq!(of(Some("C.UTF-8"), Some("dumb")), Charset::Ascii);
        }
    }
}
