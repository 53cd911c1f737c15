//! The screens that a person sees at each signal and at the end, as text.

use crate::facts::{EventKind, Run, TerminalFact};
use crate::oracle::learn::redact::Compiled;
use std::num::NonZero;

/// All screens, one below the other; empty without a terminal.
pub(crate) fn text(run: &Run, redactions: &Compiled<'_>) -> String {
    let Some(terminal) = &run.terminal else {
        return String::new();
    };
    let mut parser = parser(terminal);
    let mut text = String::new();
    let mut signals = 0;
    for event in &run.events {
        match &event.what {
            EventKind::Output { bytes, .. } => parser.process(bytes),
            EventKind::Fault { fault, .. } => {
                signals += 1;
                text.push_str(&format!("-- at signal {signals}: {fault}\n"));
                put(&mut text, parser.screen(), redactions);
            }
            _ => {}
        }
    }
    text.push_str("-- at the end\n");
    put(&mut text, parser.screen(), redactions);
    text
}

fn parser(terminal: &TerminalFact) -> vt100::Parser {
    let at_least_one = |size| NonZero::new(size).unwrap_or(NonZero::<u16>::MIN);
    let (rows, columns) = terminal.size;
    vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0)
}

fn put(text: &mut String, screen: &vt100::Screen, redactions: &Compiled<'_>) {
    let (rows, columns) = screen.size();
    let mut lines: Vec<String> = (0..rows.get())
        .map(|row| line(screen, row, columns.get()))
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    for line in lines {
        text.push_str(redactions.apply(&line).trim_end());
        text.push('\n');
    }
    let (row, column) = screen.cursor_position();
    let mut state = format!("-- cursor in row {}, column {}", row + 1, column + 1);
    for (is, words) in [
        (screen.hide_cursor(), "hidden"),
        (screen.alternate_screen(), "alternate screen"),
        (screen.bracketed_paste(), "bracketed paste"),
    ] {
        if is {
            state.push_str(", ");
            state.push_str(words);
        }
    }
    text.push_str(&state);
    text.push('\n');
}

/// A line with its styles written out: `<red bold>text</>`.
fn line(screen: &vt100::Screen, row: u16, columns: u16) -> String {
    let mut text = String::new();
    let mut style = String::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            break;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let now = style_of(cell);
        if now != style {
            if !style.is_empty() {
                text.push_str("</>");
            }
            if !now.is_empty() {
                text.push_str(&format!("<{now}>"));
            }
            style = now;
        }
        text.push_str(if cell.has_contents() {
            cell.contents()
        } else {
            " "
        });
    }
    let mut text = text.trim_end().to_owned();
    if !style.is_empty() {
        text.push_str("</>");
    }
    text
}

fn style_of(cell: &vt100::Cell) -> String {
    let mut words = Vec::new();
    words.extend(colour(cell.fgcolor()));
    words.extend(colour(cell.bgcolor()).map(|colour| format!("on-{colour}")));
    for (is, word) in [
        (cell.bold(), "bold"),
        (cell.dim(), "dim"),
        (cell.italic(), "italic"),
        (cell.underline(), "underline"),
        (cell.inverse(), "inverse"),
    ] {
        if is {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

fn colour(colour: vt100::Color) -> Option<String> {
    const NAMES: [&str; 8] = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    ];
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(match index {
            0..=7 => NAMES[usize::from(index)].to_owned(),
            8..=15 => format!("bright-{}", NAMES[usize::from(index) - 8]),
            _ => format!("colour-{index}"),
        }),
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Event, Stream};
    use crate::oracle::learn::redact::Redactions;

    #[test]
    fn a_screen_shows_styles_and_the_cursor() {
        let event = |what| Event { at_ns: 0, what };
        let output = |text: &str| {
            event(EventKind::Output {
                stream: Stream::Terminal,
                bytes: text.as_bytes().to_vec(),
            })
        };
        let run = Run {
            terminal: Some(TerminalFact {
                size: (5, 20),
                before: [0; 4],
                after: [0; 4],
            }),
            events: vec![
                output("\x1b[1;31mred\x1b[0m plain\r\n\x1b[?25l10%"),
                event(EventKind::Fault {
                    step: 0,
                    fault: "SIGINT to the terminal".to_owned(),
                    met: String::new(),
                    signal: Some(2),
                }),
                output("\r\x1b[42m🛑\x1b[0m 20%\x1b[?25h"),
            ],
            ..Run::default()
        };
        let redactions = Redactions::default();
        assert_eq!(
            text(&run, &redactions.compiled()),
            "-- at signal 1: SIGINT to the terminal\n\
             <red bold>red</> plain\n\
             10%\n\
             -- cursor in row 2, column 4, hidden\n\
             -- at the end\n\
             <red bold>red</> plain\n\
             <on-green>🛑</> 20%\n\
             -- cursor in row 2, column 7\n"
        );
    }
}
