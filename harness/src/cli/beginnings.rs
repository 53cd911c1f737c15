//! Wrong beginnings: the one line that helps, below what clap says.

use super::args::Cli;
use crate::report::command_line;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Error};

/// Verbs that take a command after `--`.
const WITH_COMMAND: &[&str] = &["sweep", "run", "fuzz", "points", "init"];

/// The line for this error of these arguments (the first is our own name), if there is one.
pub(crate) fn hint(error: &Error, arguments: &[String]) -> Option<String> {
    use clap::error::ErrorKind;
    let words = arguments.get(1..)?;
    let verb = words.iter().find(|word| !word.starts_with('-'))?;
    let takes_command = WITH_COMMAND.contains(&verb.as_str());
    match error.kind() {
        ErrorKind::InvalidSubcommand if !suggests(error) && !is_close(verb) => {
            let command = command_line(after_flags(words));
            Some(format!(
                "to see what Ctrl+C does to it: sigproof sweep -- {command}"
            ))
        }
        ErrorKind::MissingRequiredArgument if takes_command => Some(format!(
            "name the program, after `--`: sigproof {verb} --in FILE -- python3 tool.py FILE"
        )),
        ErrorKind::MissingRequiredArgument if verb == "replay" || verb == "minimize" => Some(
            format!("name a stored failing run: sigproof {verb} .sigproof/PROGRAM-ORACLE-….json"),
        ),
        ErrorKind::UnknownArgument if takes_command && !words.contains(&"--".to_owned()) => {
            let at = words.iter().position(|word| is_named(error, word))?;
            if words[at].starts_with('-') {
                return None; // a flag of ours that is not there, and no program
            }
            let (flags, command) = words.split_at(at);
            Some(format!(
                "put `--` before the program: sigproof {} -- {}",
                command_line(flags),
                command_line(command)
            ))
        }
        _ => None,
    }
}

/// Whether clap knows itself what was meant.
fn suggests(error: &Error) -> bool {
    [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg]
        .into_iter()
        .any(|kind| error.get(kind).is_some())
}

/// Whether a verb begins like this: a person who shortens one means it.
fn is_close(word: &str) -> bool {
    Cli::command()
        .get_subcommands()
        .any(|verb| verb.get_name().starts_with(word))
}

/// Whether the error is about this word.
fn is_named(error: &Error, word: &str) -> bool {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(named)) => named == word.split('=').next().unwrap_or(word),
        _ => false,
    }
}

/// What follows our own flags.
fn after_flags(words: &[String]) -> &[String] {
    let flags = words.iter().take_while(|word| word.starts_with('-'));
    &words[flags.count()..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn said(line: &str) -> Option<String> {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = Cli::try_parse_from(&arguments).expect_err(line);
        hint(&error, &arguments)
    }

    #[test]
    fn the_line_can_be_pasted() {
        for (typed, meant) in [
            (
                "sigproof python3 tool.py -v",
                "sigproof sweep -- python3 tool.py -v",
            ),
            ("sigproof sweep ls -l", "sigproof sweep -- ls -l"),
            (
                "sigproof sweep --in . ls -l",
                "sigproof sweep --in . -- ls -l",
            ),
            (
                "sigproof run --empty --signal INT@5ms ./a b",
                "sigproof run --empty --signal INT@5ms -- ./a b",
            ),
            (
                "sigproof sweep",
                "sigproof sweep --in FILE -- python3 tool.py FILE",
            ),
            (
                "sigproof fuzz --empty --",
                "sigproof fuzz --in FILE -- python3 tool.py FILE",
            ),
            (
                "sigproof replay",
                "sigproof replay .sigproof/PROGRAM-ORACLE-….json",
            ),
        ] {
            let said = said(typed).unwrap_or_else(|| panic!("{typed}: nothing is said"));
            let (_, line) = said.split_once(": ").expect("a line");
            assert_eq!(line, meant, "{typed}");
        }
    }

    /// What clap answers well is left alone.
    #[test]
    fn a_typo_has_its_suggestion_and_no_second_one() {
        for typed in [
            "sigproof swep",
            "sigproof sweep --sigal INT -- true",
            "sigproof sweep --sigal INT true",
            "sigproof sweep --in file --wrong",
            "sigproof doctor twice",
            "sigproof merge",
        ] {
            assert_eq!(said(typed), None, "{typed}");
        }
    }
}
