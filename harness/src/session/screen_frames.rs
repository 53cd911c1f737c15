//! What the terminal of a run showed, from moment to moment.

use crate::facts::{Event, EventKind, Run};
use crate::session::bounds;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// What a screen shows from one moment on, as the lines that are others than in the frame before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenFrame {
    /// From when on, in nanoseconds.
    pub at_ns: u64,
    /// The lines that changed, by row from 0.
    pub lines: Vec<(u16, Vec<Span>)>,
    /// How many lines there are, without the empty ones at the bottom.
    pub rows: usize,
    /// Row and column of the cursor, from 0; `None` when it is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

/// What the terminal of a run showed, from moment to moment; nothing on pipes.
pub(crate) fn screens(run: &Run) -> Vec<ScreenFrame> {
    let Some(terminal) = &run.terminal else {
        return Vec::new();
    };
    let is_output = |event: &&Event| matches!(event.what, EventKind::Output { .. });
    let outputs = run.events.iter().filter(is_output).count();
    let every = outputs.div_ceil(bounds::SCREENS).max(1);
    let mut film = Film::new(terminal.size);
    let mut seen = 0;
    for event in &run.events {
        match &event.what {
            EventKind::Output { bytes, .. } => {
                film.parser.process(bytes);
                seen += 1;
                if seen % every == 0 {
                    film.take(event.at_ns);
                }
            }
            // What a person saw when they pressed the key, however much is left out before it.
            EventKind::Fault { .. } => film.take(event.at_ns),
            _ => {}
        }
    }
    // What a flood said last is in the tail alone.
    let (front, back) = run.stdout.tail.as_slices();
    film.parser.process(front);
    film.parser.process(back);
    film.take(run.end_ns);
    film.frames
}

/// A screen from moment to moment. A full-screen program draws a few lines anew each time: only those are kept.
struct Film {
    parser: vt100::Parser,
    size: (u16, u16),
    frames: Vec<ScreenFrame>,
    shown: Vec<Vec<Span>>,
}

impl Film {
    fn new(size: (u16, u16)) -> Film {
        let one = NonZero::<u16>::MIN;
        let [rows, columns] = [size.0, size.1].map(|number| NonZero::new(number).unwrap_or(one));
        Film {
            parser: vt100::Parser::new(rows, columns, 0),
            size,
            frames: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// Takes what is shown now, if that is another picture than the last one.
    fn take(&mut self, at_ns: u64) {
        let screen = self.parser.screen();
        let lines = lines(screen, self.size);
        let differs = |(row, line): (usize, &Vec<Span>)| {
            (self.shown.get(row) != Some(line)).then(|| (row as u16, line.clone()))
        };
        let frame = ScreenFrame {
            at_ns,
            lines: lines.iter().enumerate().filter_map(differs).collect(),
            rows: lines.len(),
            cursor: (!screen.hide_cursor()).then(|| screen.cursor_position()),
            modes: modes(screen),
        };
        self.shown = lines;
        let looks = |frame: &ScreenFrame| (frame.rows, frame.cursor, frame.modes.clone());
        let last = self.frames.last().map(looks);
        if !frame.lines.is_empty() || last != Some(looks(&frame)) {
            self.frames.push(frame);
        }
    }
}

fn lines(screen: &vt100::Screen, (rows, columns): (u16, u16)) -> Vec<Vec<Span>> {
    let mut lines: Vec<Vec<Span>> = (0..rows).map(|row| line(screen, row, columns)).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

fn modes(screen: &vt100::Screen) -> Vec<String> {
    let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
    [
        (screen.alternate_screen(), "alternate screen"),
        (screen.bracketed_paste(), "bracketed paste"),
        (mouse, "mouse"),
    ]
    .into_iter()
    .filter(|(on, _)| *on)
    .map(|(_, name)| name.to_owned())
    .collect()
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
