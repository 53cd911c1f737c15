//! Screens of a run on a terminal: at each signal, and at the end.

use crate::facts::{EventKind, Run};
use crate::session::bounds;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// A screen at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screenshot {
    /// When, in words: `at signal 1`, `at the end`.
    pub title: String,
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// Rows and columns.
    pub size: (u16, u16),
    /// Its lines, without the empty ones at the bottom.
    pub lines: Vec<Vec<Span>>,
    /// Row and column of the cursor, from 0; `None` when it is hidden.
    pub cursor: Option<(u16, u16)>,
    /// Modes that are on: alternate screen, bracketed paste, mouse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}

/// Characters of one look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Colour of the text: `0` to `255`, or `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreground: Option<String>,
    /// Colour behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<String>,
    /// `b`old, `d`im, `i`talic, `u`nderlined.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub style: String,
}

/// The screens of a run; none on pipes.
pub(crate) fn shots(run: &Run, limits: &mut Vec<String>) -> Vec<Screenshot> {
    let Some(terminal) = &run.terminal else {
        return Vec::new();
    };
    let (rows, columns) = terminal.size;
    let one = NonZero::<u16>::MIN;
    let mut parser = vt100::Parser::new(
        NonZero::new(rows).unwrap_or(one),
        NonZero::new(columns).unwrap_or(one),
        0,
    );
    let mut shots = Vec::new();
    let mut more = 0;
    for event in &run.events {
        match &event.what {
            EventKind::Output { bytes, .. } => parser.process(bytes),
            EventKind::Fault { step, .. } if shots.len() + 1 < bounds::SCREENS => {
                shots.push(shot(
                    &parser,
                    format!("at signal {}", step + 1),
                    event.at_ns,
                    terminal.size,
                ));
            }
            EventKind::Fault { .. } => more += 1,
            _ => {}
        }
    }
    if more > 0 {
        limits.push(format!("{more} screens at later signals are not kept"));
    }
    // What a flood said last is in the tail alone.
    let (front, back) = run.stdout.tail.as_slices();
    parser.process(front);
    parser.process(back);
    shots.push(shot(
        &parser,
        "at the end".to_owned(),
        run.end_ns,
        terminal.size,
    ));
    shots
}

fn shot(parser: &vt100::Parser, title: String, at_ns: u64, size: (u16, u16)) -> Screenshot {
    let screen = parser.screen();
    let (rows, columns) = size;
    let mut lines: Vec<Vec<Span>> = (0..rows).map(|row| line(screen, row, columns)).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    let mut modes = Vec::new();
    if screen.alternate_screen() {
        modes.push("alternate screen".to_owned());
    }
    if screen.bracketed_paste() {
        modes.push("bracketed paste".to_owned());
    }
    if screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None {
        modes.push("mouse".to_owned());
    }
    Screenshot {
        title,
        at_ns,
        size,
        lines,
        cursor: (!screen.hide_cursor()).then(|| screen.cursor_position()),
        modes,
    }
}

fn line(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let mut span = look(cell);
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        match spans.last_mut() {
            Some(last)
                if (&last.foreground, &last.background, &last.style)
                    == (&span.foreground, &span.background, &span.style) =>
            {
                last.text.push_str(text);
            }
            _ => {
                text.clone_into(&mut span.text);
                spans.push(span);
            }
        }
    }
    // Empty cells at the end are no content, unless they have a colour.
    if let Some(last) = spans.last_mut()
        && last.background.is_none()
    {
        last.text.truncate(last.text.trim_end().len());
        if last.text.is_empty() {
            spans.pop();
        }
    }
    spans
}

fn look(cell: &vt100::Cell) -> Span {
    let colour = |colour| match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(index.to_string()),
        vt100::Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
    };
    let (mut foreground, mut background) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
    let mut style = String::new();
    if cell.inverse() {
        std::mem::swap(&mut foreground, &mut background);
        style.push('v');
    }
    for (on, letter) in [
        (cell.bold(), 'b'),
        (cell.dim(), 'd'),
        (cell.italic(), 'i'),
        (cell.underline(), 'u'),
    ] {
        if on {
            style.push(letter);
        }
    }
    Span {
        text: String::new(),
        foreground,
        background,
        style,
    }
}
