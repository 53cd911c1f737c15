//! What a program says, quoted in a line: the line that tells why, without what only a terminal shows.

/// Lines that say how to learn more, or that nothing more is known.
const HINTS: [&str; 10] = [
    "note:",
    "hint:",
    "help:",
    "= note",
    "stack backtrace",
    "for more information",
    "try '",
    "try `",
    "see ",
    "aborted (core dumped)",
];

/// Words of a line that says what went wrong.
const REASONS: [&str; 14] = [
    "error",
    "fatal",
    "failed",
    "failure",
    "cannot",
    "can't",
    "could not",
    "unable",
    "no such",
    "denied",
    "refused",
    "already",
    "not found",
    "exception",
];

/// What stands for a panic in Rust: what it says is in the next line, or (before Rust 1.73) in this one.
const PANIC: &str = "panicked at";

/// The line of an output that says why; empty when it says nothing.
pub(crate) fn telling_line(text: &str) -> String {
    let text = plain(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if let Some(at) = lines.iter().position(|line| line.contains(PANIC)) {
        let place = at + usize::from(lines[at].ends_with(':'));
        return (*lines.get(place).unwrap_or(&lines[at])).to_owned();
    }
    if let Some(line) = lines.iter().find(|line| {
        ["panic: ", "fatal error: ", "Exception in thread"]
            .iter()
            .any(|start| line.starts_with(start))
    }) {
        return (*line).to_owned();
    }
    let says: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !is_hint(line))
        .collect();
    // A traceback of Python ends in its reason.
    let is_traceback = text.contains("Traceback (most recent call last)");
    let reason = says.iter().rfind(|line| {
        let lower = line.to_ascii_lowercase();
        REASONS.iter().any(|word| lower.contains(word))
    });
    let last = says.last().or(lines.last());
    let line = match (is_traceback, reason) {
        (false, Some(reason)) => Some(reason),
        _ => last,
    };
    line.map_or_else(String::new, |line| (*line).to_owned())
}

fn is_hint(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    HINTS.iter().any(|start| lower.starts_with(start))
}

/// Without escape sequences; of what is written over, what was written last.
pub(crate) fn plain(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    let lines = stripped.lines().map(|line| {
        let line = line.trim_end_matches('\r');
        line.rsplit('\r').next().unwrap_or(line).trim_end()
    });
    lines.collect::<Vec<&str>>().join("\n")
}

/// The same as a clause: `, saying "…"`, or nothing of a program that said nothing.
pub(crate) fn saying(text: &str) -> String {
    match telling_line(text) {
        line if line.is_empty() => ", without a word".to_owned(),
        line => format!(", saying {line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_quoted() {
        for (text, wanted) in [
            ("", ""),
            ("working\n\ndone\n\n", "done"),
            (
                "thread 'main' panicked at src/main.rs:3:5:\nno lock\nnote: run with `RUST_BACKTRACE=1`",
                "no lock",
            ),
            (
                "thread 'main' panicked at 'no lock', src/main.rs:3:5\nnote: run with `RUST_BACKTRACE=1`",
                "thread 'main' panicked at 'no lock', src/main.rs:3:5",
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'",
                "KeyError: 'x'",
            ),
            (
                "panic: no lock\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:3",
                "panic: no lock",
            ),
            (
                "error: the lock is held\nhint: remove it\n",
                "error: the lock is held",
            ),
            ("x: cannot open a\nUsage: x FILE", "x: cannot open a"),
            ("\u{1b}[31mbad\u{1b}[0m", "bad"),
            ("10%\r50%\r100%\n", "100%"),
        ] {
            assert_eq!(telling_line(text), wanted, "{text:?}");
        }
        assert_eq!(saying(""), ", without a word");
    }
}
