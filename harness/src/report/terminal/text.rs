//! Numbers, durations and command lines as people read them.

use std::time::Duration;

/// A number and what it counts.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "finding" } else { "findings" }
}

/// A duration as people say it.
pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// A command line that a shell reads back.
pub(crate) fn command_line(words: &[String]) -> String {
    words
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted() {
        let words = ["bash", "-c", "echo 'a b' > $x", ""].map(str::to_owned);
        assert_eq!(command_line(&words), r"bash -c 'echo '\''a b'\'' > $x' ''");
    }

    #[test]
    fn durations_are_said_as_people_do() {
        for (nanos, text) in [
            (1_500, "2 µs"),
            (2_400_000, "2 ms"),
            (1_540_000_000, "1.5 s"),
            (125_000_000_000, "2 min 5 s"),
        ] {
            assert_eq!(human(Duration::from_nanos(nanos)), text);
        }
    }
}
