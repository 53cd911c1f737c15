//! Commands that are shown before they run, so that they can be repeated.

use std::{io, process};

/// Why a step failed, and how to see it again.
pub struct Failure {
    /// What happened.
    pub reason: String,
    /// The line to paste.
    pub repeat: String,
}

/// Shows the line, runs the command that it stands for, and says what went wrong.
pub fn shown(program: &str, line: String, command: &mut process::Command) -> Result<(), Failure> {
    println!("$ {line}");
    succeeded(program, command.status()).map_err(|reason| Failure {
        reason,
        repeat: line,
    })
}

/// What is wrong with a finished command, if anything is.
pub fn succeeded(program: &str, status: io::Result<process::ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("cannot run {program}: {error}")),
    }
}

/// The command as a person types it.
pub fn shell_line(environment: &[(&str, &str)], program: &str, arguments: &[&str]) -> String {
    let variables = environment
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)));
    let words = std::iter::once(program)
        .chain(arguments.iter().copied())
        .map(quoted);
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_=./:,+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted() {
        assert_eq!(
            shell_line(&[], "cargo", &["fmt", "--all"]),
            "cargo fmt --all"
        );
        let line = shell_line(
            &[("RUSTDOCFLAGS", "-D warnings")],
            "cargo",
            &["test", "it's", ""],
        );
        assert_eq!(line, r"RUSTDOCFLAGS='-D warnings' cargo test 'it'\''s' ''");
    }
}
