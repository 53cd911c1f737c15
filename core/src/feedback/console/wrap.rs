//! Breaking lines between words, where the terminal would break them anywhere.

use unicode_width::UnicodeWidthStr;

/// Narrower than this, breaking at words does more harm than good.
const COLUMNS_MIN: usize = 20;

/// `text` in lines of at most `columns` columns. A word that is longer has a
/// line of its own, for the terminal to break. What follows a point (`•` or
/// `*`) stays indented.
pub(super) fn wrap(text: &str, columns: usize) -> String {
    if columns < COLUMNS_MIN {
        return text.to_owned();
    }
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| wrap_line(line, columns))
        .collect();
    lines.join("\n")
}

fn wrap_line(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let indent = if line.starts_with("• ") || line.starts_with("* ") {
        "  "
    } else {
        ""
    };
    let mut wrapped = String::new();
    let mut used = 0;
    // Several spaces in a row (after a symbol) belong to the word before them.
    for word in line.split_inclusive(' ') {
        let visible = word.trim_end().width();
        if used > 0 && used + visible > columns {
            wrapped.truncate(wrapped.trim_end().len());
            wrapped.push('\n');
            wrapped.push_str(indent);
            used = indent.len();
        }
        wrapped.push_str(word);
        used += word.width();
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(
            wrap("one two three four five", 20),
            "one two three four\nfive"
        );
        assert_eq!(wrap("exactly twenty chars", 20), "exactly twenty chars");
        assert_eq!(wrap("a\nb", 20), "a\nb");
    }

    #[test]
    fn points_stay_indented_and_symbols_count_twice() {
        assert_eq!(
            wrap("• First Ctrl+C: Graceful cancellation", 25),
            "• First Ctrl+C: Graceful\n  cancellation"
        );
        assert_eq!(wrap("🛑 seventeen columns", 20), "🛑 seventeen columns");
        assert_eq!(wrap("🛑 eighteen columns..", 20), "🛑 eighteen\ncolumns..");
    }

    #[test]
    fn long_words_and_narrow_terminals_are_left_to_the_terminal() {
        let path = "/a/path/of/more/than/twenty/columns";
        assert_eq!(
            wrap(&format!("to {path} now"), 20),
            format!("to\n{path}\nnow")
        );
        assert_eq!(wrap("one two three", 10), "one two three");
    }
}
