//! Expected text with parts left out: `[..]` is any part of a line, a line `...` any lines.

/// What stands for any part of a line.
const PART: &str = "[..]";
/// A line that stands for any lines, also none.
const LINES: &str = "...";

/// Whether a line is what this pattern says.
pub(crate) fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split(PART);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Where an actual text stops being what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The first actual line (from 0) that nothing expects, or the number of lines.
    pub(crate) actual: usize,
    /// The expected line (from 0) that is missing there, or the number of lines.
    pub(crate) expected: usize,
}

/// Compares line by line. The mismatch is the one that comes latest in the
/// actual text, over all ways to fill what is left out.
pub(crate) fn compare(expected: &[&str], actual: &[&str]) -> Result<(), Mismatch> {
    // reached[a]: the expected lines so far can stand for the first `a` actual ones.
    let mut reached = vec![false; actual.len() + 1];
    reached[0] = true;
    for (number, pattern) in expected.iter().enumerate() {
        let mut next = vec![false; actual.len() + 1];
        if pattern.trim() == LINES {
            let from = reached.iter().position(|can| *can).unwrap_or(0);
            next[from..].fill(true);
        } else {
            for (at, line) in actual.iter().enumerate() {
                next[at + 1] = reached[at] && line_matches(pattern, line);
            }
        }
        if !next.contains(&true) {
            let actual = reached.iter().rposition(|can| *can).unwrap_or(0);
            return Err(Mismatch {
                actual: match expected[..number].last() {
                    // Anything up to the end may be left out; what is missing was looked for from here.
                    Some(before) if before.trim() == LINES => {
                        reached.iter().position(|can| *can).unwrap_or(0)
                    }
                    _ => actual,
                },
                expected: number,
            });
        }
        reached = next;
    }
    if reached[actual.len()] {
        return Ok(());
    }
    Err(Mismatch {
        actual: reached.iter().rposition(|can| *can).unwrap_or(0),
        expected: expected.len(),
    })
}

/// Puts the left-out parts of an expected text into an actual one where they
/// still fit: for a new expected text that keeps what a person left out.
pub fn keep_elisions(expected: &str, actual: &str) -> String {
    let expected: Vec<&str> = expected.trim_end().lines().collect();
    let parts: Vec<&&str> = expected
        .iter()
        .filter(|line| line.contains(PART) && line.trim() != PART)
        .collect();
    let mut text: Vec<&str> = actual
        .lines()
        .map(|line| {
            let kept = parts.iter().find(|pattern| line_matches(pattern, line));
            kept.map_or(line, |pattern| **pattern)
        })
        .collect();
    // Lines are left out between two that stay, the start and the end among them.
    let mut from = 0;
    for (at, _) in expected
        .iter()
        .enumerate()
        .filter(|(_, line)| line.trim() == LINES)
    {
        let place = |pattern: &str, from: usize| {
            let found = text.iter().skip(from).position(|line| *line == pattern);
            found.map(|found| from + found)
        };
        let begin = match at.checked_sub(1) {
            None => Some(0),
            Some(before) => place(expected[before], from).map(|found| found + 1),
        };
        let Some(begin) = begin else {
            continue;
        };
        let end = match expected.get(at + 1) {
            None => Some(text.len()),
            Some(after) => place(after, begin),
        };
        if let Some(end) = end {
            text.splice(begin..end, [LINES]);
            from = begin + 1;
        }
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_line_can_be_left_out() {
        for (pattern, line, wanted) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("[..]", "", true),
            ("a[..]", "abc", true),
            ("[..]c", "abc", true),
            ("a[..]c", "abc", true),
            ("a[..]bc", "abc", true),
            ("ab[..]bc", "abc", false),
            ("a[..]b[..]c", "a1b2c", true),
            ("a[..]b[..]c", "a1c", false),
            ("[..]b[..]", "abc", true),
        ] {
            assert_eq!(line_matches(pattern, line), wanted, "{pattern} {line}");
        }
    }

    fn differs(expected: &str, actual: &str) -> Option<(usize, usize)> {
        let (expected, actual): (Vec<&str>, Vec<&str>) =
            (expected.lines().collect(), actual.lines().collect());
        compare(&expected, &actual)
            .err()
            .map(|mismatch| (mismatch.actual, mismatch.expected))
    }

    #[test]
    fn lines_can_be_left_out() {
        assert_eq!(differs("a\n...\nd", "a\nb\nc\nd"), None);
        assert_eq!(differs("a\n...\nb", "a\nb"), None);
        assert_eq!(differs("...", ""), None);
        assert_eq!(differs("...\nb\n...", "a\nb\nb\nc"), None);
        assert_eq!(differs("a\nx\nc", "a\nb\nc"), Some((1, 1)));
        assert_eq!(differs("a", "a\nb"), Some((1, 1)));
        assert_eq!(differs("a\nb", "a"), Some((1, 1)));
        assert_eq!(differs("a\n...\nx", "a\nb\nc"), Some((1, 2)));
        assert_eq!(differs("a\n...\nc", "a\nb\nc\nd"), Some((3, 3)));
    }

    #[test]
    fn what_a_person_left_out_stays_left_out() {
        assert_eq!(
            keep_elisions("took [..] s\nold", "new\ntook 3 s"),
            "new\ntook [..] s"
        );
        assert_eq!(keep_elisions("...\nb\n", "x\ny\nb\nc"), "...\nb\nc");
        assert_eq!(
            keep_elisions("a\n...\nd\n...", "a\nx\nd\ne\nf"),
            "a\n...\nd\n..."
        );
        assert_eq!(keep_elisions("gone\n...\nd", "a\nd"), "a\nd");
    }
}
