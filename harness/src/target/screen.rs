//! The terminal's screen, as a person would see it.

/// The end state of a terminal emulator that was fed with a run's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Its lines, without the empty ones at the bottom.
    pub lines: Vec<String>,
    /// The cursor cannot be seen.
    pub cursor_hidden: bool,
    /// A full-screen program's second screen is shown.
    pub alternate: bool,
    /// Pasted text is wrapped in marks.
    pub bracketed_paste: bool,
    /// Mouse movements are reported as input.
    pub mouse: bool,
}

impl Screen {
    /// Renders output on a terminal of this size.
    pub fn render(output: &[u8], (rows, columns): (u16, u16)) -> Screen {
        // A terminal without rows cannot be opened in the first place.
        let at_least_one =
            |size| std::num::NonZero::new(size).unwrap_or(std::num::NonZero::<u16>::MIN);
        let mut parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        parser.process(output);
        let screen = parser.screen();
        let mut lines: Vec<String> = screen.rows(0, columns).collect();
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        Screen {
            lines,
            cursor_hidden: screen.hide_cursor(),
            alternate: screen.alternate_screen(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_left_on_are_seen() {
        let screen = Screen::render(b"one\r\n\x1b[?25ltwo\x1b[?2004h\x1b[?1000h", (24, 80));
        assert_eq!(screen.lines, ["one", "two"]);
        assert!(screen.cursor_hidden && screen.bracketed_paste && screen.mouse);
        assert!(!screen.alternate);
        let screen = Screen::render(b"\x1b[?1049h\x1b[?25l full \x1b[?25h\x1b[?1049l", (24, 80));
        assert!(!screen.cursor_hidden && !screen.alternate);
        assert!(Screen::render(b"\x1b[?1049h", (24, 80)).alternate);
    }

    #[test]
    fn a_progress_bar_leaves_one_line() {
        let screen = Screen::render(b"10%\r50%\r100%\r\n", (24, 80));
        assert_eq!(screen.lines, ["100%"]);
    }
}
