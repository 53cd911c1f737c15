//! The lines that an output leaves for a person to read: of an animation its last picture, not each of its frames.

use crate::facts::Run;
use std::num::NonZero;

/// The page on which output to a pipe is drawn that moves a cursor: wide, so that no line of it is wrapped.
const PAGE: (u16, u16) = (200, 400);
/// Lines above the page that are kept.
const LINES_ABOVE: usize = 4_000;

/// The lines of standard output, or of a terminal without the keys that it echoes.
pub(crate) fn lines(run: &Run) -> Vec<String> {
    let mut bytes = run.stdout.head.clone();
    bytes.extend(&run.stdout.tail);
    let terminal = run.terminal.as_ref();
    if !draws(&bytes) {
        let text = run.stdout.text();
        let lines = text.lines();
        // A terminal echoes what was typed in front of whatever comes next.
        return match terminal {
            Some(_) => lines.map(without_echo).collect(),
            None => lines.map(str::to_owned).collect(),
        };
    }
    let size = terminal.map_or(PAGE, |terminal| terminal.size);
    if terminal.is_none() {
        bytes = with_returns(&bytes);
    }
    let lines = drawn(&bytes, size);
    lines.iter().map(|line| without_echo(line)).collect()
}

/// Whether an output does more than to add line to line.
fn draws(bytes: &[u8]) -> bool {
    let returns = || {
        let mut bytes = bytes.iter().peekable();
        std::iter::from_fn(move || {
            let byte = bytes.next()?;
            Some(*byte == b'\r' && bytes.peek() != Some(&&b'\n'))
        })
        .any(|returns| returns)
    };
    bytes.contains(&0x1b) || bytes.contains(&8) || returns()
}

/// On a pipe the end of a line is one character; a terminal's driver makes two of it.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut with = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == b'\n' {
            with.push(b'\r');
        }
        with.push(*byte);
    }
    with
}

/// What is to be seen in the end, from the first line that is kept to the last one that is not empty.
fn drawn(bytes: &[u8], (rows, columns): (u16, u16)) -> Vec<String> {
    let at_least_one = |size| NonZero::new(size).unwrap_or(NonZero::<u16>::MIN);
    let mut parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), LINES_ABOVE);
    parser.process(bytes);
    let screen = parser.screen_mut();
    screen.set_scrollback(usize::MAX);
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    let mut above = screen.scrollback();
    loop {
        screen.set_scrollback(above);
        // While there are lines above, the top row alone is new at each step.
        let taken = if above > 0 { 1 } else { usize::from(rows) };
        for (row, text) in screen.rows(0, columns).take(taken).enumerate() {
            match lines.last_mut().filter(|_| goes_on) {
                Some(line) => line.push_str(&text),
                None => lines.push(text),
            }
            goes_on = screen.row_wrapped(u16::try_from(row).unwrap_or(u16::MAX));
        }
        if above == 0 {
            break;
        }
        above -= 1;
    }
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn without_echo(line: &str) -> String {
    ["^C", "^\\", "^Z"]
        .iter()
        .fold(line.to_owned(), |line, echo| line.replace(echo, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Capture, TerminalFact};

    fn said(text: &str, terminal: bool) -> Vec<String> {
        lines(&Run {
            stdout: Capture {
                head: text.as_bytes().to_vec(),
                total: text.len() as u64,
                ..Capture::default()
            },
            terminal: terminal.then_some(TerminalFact {
                size: (3, 20),
                before: [0; 4],
                after: [0; 4],
            }),
            ..Run::default()
        })
    }

    #[test]
    fn plain_lines_stay_as_they_are() {
        assert_eq!(said("one\n\n  two", false), ["one", "", "  two"]);
        assert_eq!(said("^Cone\r\ntwo\r\n", true), ["one", "two"]);
    }

    #[test]
    fn an_animation_leaves_its_last_picture() {
        let frames = "\r⠋ working\r⠙ working\r\x1b[2K✓ done\n";
        assert_eq!(said(frames, false), ["✓ done"]);
        // As many spinners of JavaScript do.
        let frames = "\x1b[?25l\x1b[1G- a\x1b[2K\x1b[1G\\ a\x1b[2K\x1b[1Gdone\n\x1b[?25h";
        assert_eq!(said(frames, false), ["done"]);
        // Two bars, one above the other.
        let bars = "begin\na 10%\nb 10%\n\x1b[2A\x1b[2Ka 100%\n\x1b[2Kb 100%\n";
        assert_eq!(said(bars, false), ["begin", "a 100%", "b 100%"]);
        assert_eq!(said("\x1b[32mgreen\x1b[0m\n", false), ["green"]);
    }

    #[test]
    fn what_has_left_the_screen_is_there_and_wrapped_lines_are_one() {
        let text: String = (1..=9)
            .map(|number| format!("\x1b[1mline {number}\x1b[0m\r\n"))
            .collect();
        let wanted: Vec<String> = (1..=9).map(|number| format!("line {number}")).collect();
        assert_eq!(said(&text, true), wanted);
        let long = "a word of ".repeat(3);
        assert_eq!(
            said(&format!("\x1b[m{long}end\r\n"), true),
            [format!("{long}end")]
        );
    }
}
