//! What a person sees: bytes, drawn as a terminal draws them.

use std::fmt::Write as _;

/// The rows that hold anything, one a line behind a bar; colours in brackets.
/// `bytes` go to a new terminal as its line discipline passes them on.
pub fn picture(bytes: &[u8], columns: u16) -> String {
    let mut parser = vt100::Parser::new(size(24), size(columns), 0);
    for &byte in bytes {
        if byte == b'\n' {
            parser.process(b"\r");
        }
        parser.process(&[byte]);
    }
    of(parser.screen())
}

/// The same of a screen.
pub fn of(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let mut lines: Vec<String> = (0..rows).map(|row| line(screen, row, columns)).collect();
    while lines.last().is_some_and(|line| line == "│") {
        lines.pop();
    }
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}"); // a String takes everything
        text
    })
}

fn line(screen: &vt100::Screen, row: u16, columns: u16) -> String {
    let mut text = String::new();
    let mut style = String::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let now = if cell.has_contents() {
            style_of(cell)
        } else {
            String::new()
        };
        if now != style {
            if !style.is_empty() {
                text.push_str("[/]");
            }
            text.push_str(&now);
            style = now;
        }
        text.push_str(if cell.has_contents() {
            cell.contents()
        } else {
            " "
        });
    }
    let text = text.trim_end();
    let end = if style.is_empty() { "" } else { "[/]" };
    format!("│ {text}{end}").trim_end().to_owned()
}

fn style_of(cell: &vt100::Cell) -> String {
    let colour = match cell.fgcolor() {
        vt100::Color::Default => "",
        vt100::Color::Idx(1) => "red",
        vt100::Color::Idx(2) => "green",
        vt100::Color::Idx(3) => "yellow",
        vt100::Color::Idx(6) => "cyan",
        other => return format!("[{other:?}]"),
    };
    match (colour, cell.bold()) {
        ("", false) => String::new(),
        ("", true) => "[bold]".to_owned(),
        (colour, false) => format!("[{colour}]"),
        (colour, true) => format!("[bold {colour}]"),
    }
}

/// Rows or columns.
pub fn size(count: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(count).expect("a terminal has a size")
}
