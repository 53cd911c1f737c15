//! Signal names and numbers.

use nix::sys::signal::Signal as Known;
use std::fmt;
use std::str::FromStr;

/// A signal, by its number. Real-time signals are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Signal(i32);

impl Signal {
    pub(crate) const CHLD: Signal = Signal(libc::SIGCHLD);
    pub(crate) const CONT: Signal = Signal(libc::SIGCONT);
    pub(crate) const KILL: Signal = Signal(libc::SIGKILL);
    pub(crate) const STOP: Signal = Signal(libc::SIGSTOP);
    pub(crate) const TRAP: Signal = Signal(libc::SIGTRAP);
    #[cfg(test)]
    pub(crate) const INT: Signal = Signal(libc::SIGINT);

    /// The kernel refuses a number that is no signal's.
    pub(crate) const fn new(number: i32) -> Signal {
        Signal(number)
    }

    pub(crate) const fn number(self) -> i32 {
        self.0
    }
}

/// The name, as [`name`] returns it.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self.0))
    }
}

/// Returns the name of a signal, such as `SIGINT`; `SIG35` for a real-time signal.
pub fn name(number: i32) -> String {
    match Known::try_from(number) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("SIG{number}"),
    }
}

/// Returns the number of a signal that is given as `INT`, `SIGINT`, `int` or `2`.
pub fn parse(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (1..=64).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let full = if upper.starts_with("SIG") {
        upper
    } else {
        format!("SIG{upper}")
    };
    Known::from_str(&full).ok().map(|signal| signal as i32)
}

/// Returns names near to a mistyped one, for an error message.
pub fn similar(text: &str) -> Vec<String> {
    let wanted = text
        .to_ascii_uppercase()
        .trim_start_matches("SIG")
        .to_owned();
    neighbours(
        &wanted,
        Known::iterator().map(|signal| signal.as_str().trim_start_matches("SIG").to_owned()),
    )
}

/// Returns at most three of the names, those that differ least from what was wanted.
pub(crate) fn neighbours(wanted: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let mut near: Vec<(usize, String)> = names
        .map(|name| (distance(wanted, &name), name))
        .filter(|(distance, _)| *distance <= 2)
        .collect();
    near.sort();
    let nearest = near.first().map(|(distance, _)| *distance);
    near.into_iter()
        .take_while(|(distance, _)| Some(*distance) == nearest)
        .take(3)
        .map(|(_, name)| name)
        .collect()
}

/// Returns the word that was probably meant; `None` when none is near.
pub fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let within = (text.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|word| (distance(text, word), word))
        .filter(|(distance, _)| *distance <= within)
        .min()
        .map(|(_, word)| word)
}

/// Edit distance with neighbouring swaps, on short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in table.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in table[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (table[i - 1][j] + 1)
                .min(table[i][j - 1] + 1)
                .min(table[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = best;
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_each_spelling() {
        for text in ["INT", "SIGINT", "int", "2"] {
            assert_eq!(parse(text), Some(2), "{text}");
        }
        assert_eq!(parse("TERM"), Some(15));
        assert_eq!(parse("99"), None);
        assert_eq!(parse("INTT"), None);
        assert_eq!(name(2), "SIGINT");
    }

    #[test]
    fn a_mistyped_name_gets_neighbours() {
        assert_eq!(similar("ITN")[0], "INT");
        assert!(similar("SIGTREM").contains(&"TERM".to_owned()));
        assert!(similar("completely").is_empty());
    }

    #[test]
    fn a_mistyped_word_gets_the_nearest() {
        let words = ["command", "comment", "files"];
        assert_eq!(nearest("comand", words), Some("command"));
        assert_eq!(nearest("flies", words), Some("files"));
        assert_eq!(nearest("xyz", words), None);
    }
}
