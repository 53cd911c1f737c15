//! Expected lines, each whole, once, and in order.

use super::elide::line_matches;
use crate::oracle::verdict::Evidence;

/// Judges the lines of a run. One that `is_optional` may be missing, but not torn.
pub(crate) fn judge(
    expected: &[String],
    never: &[String],
    said: &[String],
    is_optional: impl Fn(&str) -> bool,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut from = 0;
    for (number, pattern) in expected.iter().enumerate() {
        let matches = |line: &String| line_matches(pattern, line);
        if let Some(at) = said[from..].iter().position(matches) {
            from += at + 1;
            continue;
        }
        match absent(expected, number, said) {
            Absence::Missing if is_optional(pattern) => {}
            absence => evidence.push(Evidence::new(pattern.clone(), absence.text(pattern))),
        }
    }
    evidence.extend(repeated(expected, said));
    for unwanted in never {
        let pattern = format!("[..]{unwanted}[..]");
        if let Some(line) = said.iter().find(|line| line_matches(&pattern, line)) {
            evidence.push(Evidence::new(
                unwanted.clone(),
                format!("{unwanted:?} must never come; there is the line {line:?}"),
            ));
        }
    }
    evidence
}

/// Why an expected line is not where it should be.
enum Absence<'a> {
    /// It does not come after this one.
    OutOfOrder(&'a str),
    /// It shares a line with something else.
    Joined(&'a str),
    /// A part of it is in this line.
    Torn(&'a str),
    Missing,
}

impl Absence<'_> {
    fn text(&self, pattern: &str) -> String {
        match self {
            Absence::OutOfOrder(before) => {
                format!("the line {pattern:?} is out of order: it does not come after {before:?}")
            }
            Absence::Joined(line) => {
                format!("the line {pattern:?} is torn: it is no line of its own, there is {line:?}")
            }
            Absence::Torn(line) => format!("the line {pattern:?} is torn: there is {line:?}"),
            Absence::Missing => format!("the line {pattern:?} is missing"),
        }
    }
}

fn absent<'a>(expected: &'a [String], number: usize, said: &'a [String]) -> Absence<'a> {
    let pattern = &expected[number];
    let elsewhere = said.iter().any(|line| line_matches(pattern, line));
    if let (true, Some(before)) = (elsewhere, number.checked_sub(1)) {
        return Absence::OutOfOrder(&expected[before]);
    }
    let within = format!("[..]{pattern}[..]");
    if let Some(line) = said.iter().find(|line| line_matches(&within, line)) {
        return Absence::Joined(line);
    }
    match torn(pattern, said) {
        Some(line) => Absence::Torn(line),
        None => Absence::Missing,
    }
}

/// A line that holds a beginning of the expected one, and whose rest came with
/// something else in between, or never.
fn torn<'a>(pattern: &str, said: &'a [String]) -> Option<&'a String> {
    // What is left out cannot be torn; the longest part that is not tells.
    let whole = pattern.split("[..]").max_by_key(|part| part.len())?;
    let cuts: Vec<usize> = whole
        .char_indices()
        .map(|(at, _)| at)
        .filter(|at| *at >= 3)
        .collect();
    // The longest beginning first.
    for cut in cuts.into_iter().rev() {
        let (head, tail) = whole.split_at(cut);
        for (at, line) in said.iter().enumerate() {
            let Some(place) = line.find(head) else {
                continue;
            };
            let after = &line[place + head.len()..];
            let comes_later =
                after.contains(tail) || said[at + 1..].iter().any(|line| line.contains(tail));
            let is_cut = after.is_empty() && cut * 2 >= whole.len();
            if is_cut || (comes_later && tail.chars().count() >= 3) {
                return Some(line);
            }
        }
    }
    None
}

/// Lines that come more often than they are expected. Two different lines that
/// one pattern stands for are no repetition.
fn repeated(expected: &[String], said: &[String]) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = Vec::new();
    for (at, line) in said.iter().enumerate() {
        if said[..at].contains(line) || line.trim().is_empty() {
            continue;
        }
        let wanted = expected
            .iter()
            .filter(|pattern| line_matches(pattern, line))
            .count();
        let times = said.iter().filter(|other| *other == line).count();
        if wanted > 0 && times > wanted {
            evidence.push(Evidence::new(
                line.clone(),
                format!(
                    "the line {line:?} is repeated: it comes {times} times, and is expected {}",
                    if wanted == 1 {
                        "once".to_owned()
                    } else {
                        format!("{wanted} times")
                    }
                ),
            ));
        }
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expected: &[&str], said: &[&str]) -> Vec<String> {
        let own = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        judge(&own(expected), &own(&["panicked"]), &own(said), |_| false)
            .into_iter()
            .map(|evidence| evidence.text)
            .collect()
    }

    #[test]
    fn right_lines_among_others_are_right() {
        let expected = ["ready", "interrupt received", "[..] of 8 done"];
        assert!(
            found(
                &expected,
                &["x", "ready", "y", "interrupt received", "3 of 8 done"]
            )
            .is_empty()
        );
        // Different lines of one pattern are no repetition.
        assert!(found(&["task [..]"], &["task 1", "task 2"]).is_empty());
    }

    #[test]
    fn what_is_optional_may_be_missing_but_not_torn() {
        let expected = ["interrupt received".to_owned()];
        let judge = |said: &str| judge(&expected, &[], &[said.to_owned()], |_| true).len();
        assert_eq!(judge("done"), 0);
        assert_eq!(judge("interrupt rec"), 1);
        assert_eq!(judge("task 1interrupt received"), 1);
    }

    #[test]
    fn each_way_to_be_wrong_is_named() {
        for (said, word) in [
            (vec!["ready"], "\"interrupt received\" is missing"),
            (vec!["interrupt received", "ready"], "out of order"),
            (
                vec!["ready", "interrupt received", "interrupt received"],
                "comes 2 times",
            ),
            (
                vec!["ready", "interrupt", ""],
                "is torn: there is \"interrupt\"",
            ),
            (
                vec!["ready", "interrupt retask 1 is done", "ceived"],
                "is torn: there is \"interrupt retask 1 is done\"",
            ),
            (
                vec!["ready", "task interrupt received", "1 ok"],
                "is no line of its own, there is \"task interrupt received\"",
            ),
            (
                vec!["ready", "interrupt received", "thread panicked at"],
                "must never come",
            ),
        ] {
            let found = found(&["ready", "interrupt received"], &said);
            assert_eq!(found.len(), 1, "{said:?}: {found:?}");
            assert!(found[0].contains(word), "{said:?}: {found:?}");
        }
    }
}
