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

/// A digit of a hash is worth as much as any other: of 24 and more in a row the first eight are told. Other reports and
/// the stored run have them all.
pub(crate) fn without_hashes(text: &str) -> String {
    const TOLD: usize = 8;
    const LONG: usize = 24;
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_hex) {
        let digits = &rest[start..];
        let length = digits.find(|c| !is_hex(c)).unwrap_or(digits.len());
        let told = if length < LONG { length } else { TOLD };
        short.push_str(&rest[..start + told]);
        if told < length {
            short.push('…');
        }
        rest = &digits[length..];
    }
    short + rest
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
    fn of_a_hash_its_beginning_is_told() {
        let hash = "ca239d3122dcb467744d8388d1073e0da649c8f52380b8783d6d40def69c0a51";
        for (text, said) in [
            (
                format!("data/ca/{hash}-tmp-39 (file)"),
                "data/ca/ca239d31…-tmp-39 (file)",
            ),
            (format!("{hash} {hash}"), "ca239d31… ca239d31…"),
            (
                "log has 8 bytes of 1234567890123".to_owned(),
                "log has 8 bytes of 1234567890123",
            ),
            ("e\u{e9}".to_owned(), "e\u{e9}"),
            (String::new(), ""),
        ] {
            assert_eq!(without_hashes(&text), said);
        }
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
