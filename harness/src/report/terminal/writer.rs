//! Text on a terminal: width, colour, wrapping.

use anstyle::AnsiColor;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// A page of text that is being written.
///
/// Colour codes are always put in; `anstream` takes them out again where they
/// are not wanted (`NO_COLOR`, a pipe, `--color never`).
pub struct TerminalWriter {
    text: String,
    width: usize,
}

/// What a stretch of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Nothing special.
    Plain,
    /// A heading.
    Strong,
    /// Details.
    Dim,
    /// All is well.
    Good,
    /// A violation.
    Bad,
    /// To be noticed.
    Warn,
    /// A command, a name.
    Name,
}

impl Style {
    fn style(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Style::Plain => style,
            Style::Strong => style.bold(),
            Style::Dim => style.dimmed(),
            Style::Good => style.fg_color(Some(AnsiColor::Green.into())).bold(),
            Style::Bad => style.fg_color(Some(AnsiColor::Red.into())).bold(),
            Style::Warn => style.fg_color(Some(AnsiColor::Yellow.into())),
            Style::Name => style.fg_color(Some(AnsiColor::Cyan.into())),
        }
    }
}

/// Wider than this nobody reads a line.
const WIDEST: usize = 110;

impl TerminalWriter {
    /// As wide as the terminal, within reason; 100 columns without one.
    pub fn new() -> TerminalWriter {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|text| text.parse().ok());
        let width = terminal_size::terminal_size()
            .map(|(width, _)| usize::from(width.0))
            .or(columns)
            .unwrap_or(100);
        TerminalWriter::with_width(width)
    }

    /// Of this width, at least 30 columns.
    pub fn with_width(width: usize) -> TerminalWriter {
        TerminalWriter {
            text: String::new(),
            width: width.clamp(30, WIDEST),
        }
    }

    /// The usable width.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A line without wrapping, made of pieces; cut where the page ends.
    pub fn line(&mut self, pieces: &[(Style, &str)]) {
        let mut room = self.width;
        for (style, piece) in pieces {
            let piece = clip(piece, room);
            room -= piece.width();
            self.put(*style, &piece);
        }
        self.text.push('\n');
    }

    /// A paragraph: its first line begins with `label` (already in its ink),
    /// the others are indented to the same column. Long words are broken.
    pub fn item(&mut self, indent: usize, label: (Style, &str), style: Style, words: &str) {
        let column = indent + label.1.width();
        let room = self.width.saturating_sub(column).max(12);
        let mut first = true;
        for line in wrap(words, room) {
            if first {
                let _ = write!(self.text, "{:indent$}", "");
                self.put(label.0, label.1);
            } else {
                let _ = write!(self.text, "{:column$}", "");
            }
            first = false;
            self.put(style, &line);
            self.text.push('\n');
        }
    }

    /// A command to be copied: never wrapped, never cut.
    pub fn command(&mut self, indent: usize, command: &str) {
        let _ = write!(self.text, "{:indent$}", "");
        self.put(Style::Name, command);
        self.text.push('\n');
    }

    /// Text as it is, line by line behind a bar, cut where the page ends.
    pub fn quote(&mut self, text: &str) {
        for line in text.lines() {
            let line: String = line
                .chars()
                .map(|c| if c.is_control() { '·' } else { c })
                .collect();
            self.line(&[(Style::Dim, "  │ "), (Style::Plain, &line)]);
        }
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    fn put(&mut self, style: Style, text: &str) {
        if style == Style::Plain {
            self.text.push_str(text);
        } else {
            let style = style.style();
            let _ = write!(self.text, "{style}{text}{style:#}");
        }
    }

    /// The page.
    pub fn finish(self) -> String {
        self.text
    }
}

impl Default for TerminalWriter {
    fn default() -> TerminalWriter {
        TerminalWriter::new()
    }
}

/// At most this many columns; an ellipsis says that there was more.
pub(crate) fn clip(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut clipped = String::new();
    for c in text.chars() {
        let mut bytes = [0; 4];
        if clipped.width() + c.encode_utf8(&mut bytes).width() + 1 > room {
            break;
        }
        clipped.push(c);
    }
    if room > 0 {
        clipped.push('…');
    }
    clipped
}

fn wrap(words: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in words.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word.to_owned();
            let minimal_subset = usize::from(!line.is_empty()) + word.width();
            if line.width() + minimal_subset > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            while word.width() > room {
                let mut at = 0;
                for (index, c) in word.char_indices() {
                    if word[..index + c.len_utf8()].width() > room {
                        break;
                    }
                    at = index + c.len_utf8();
                }
                let rest = word.split_off(at.max(1));
                lines.push(std::mem::replace(&mut word, rest));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_page() {
        let mut out = TerminalWriter::with_width(40);
        out.item(
            2,
            (Style::Bad, "x leftovers "),
            Style::Plain,
            &"a long sentence with words ".repeat(4),
        );
        out.item(2, (Style::Bad, "x "), Style::Plain, &"w".repeat(100));
        out.line(&[(Style::Plain, &"é".repeat(60)), (Style::Dim, " tail")]);
        let plain = anstream::adapter::strip_str(&out.finish()).to_string();
        for line in plain.lines() {
            assert!(line.width() <= 40, "{line:?}");
        }
        let words: Vec<&str> = plain.split_whitespace().collect();
        assert!(words.join(" ").contains("words a long"), "{plain}");
        assert!(plain.contains('…'));
    }
}
