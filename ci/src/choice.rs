//! The choice among the steps.

use std::fmt::Write as _;

use crate::step::{Step, When};
use crate::steps::{FULL, STEPS};

/// What the arguments ask for.
pub enum Selection {
    /// To run these.
    Run(Vec<&'static Step>),
    /// The list of steps.
    List,
    /// The usage.
    Help,
}

/// Reads the arguments. The error is the first one that is neither a step nor an option.
pub fn select(arguments: impl Iterator<Item = String>) -> Result<Selection, String> {
    let mut chosen = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Selection::Help),
            "--list" | "-l" => return Ok(Selection::List),
            FULL => chosen.extend(STEPS.iter().filter(|step| step.when != When::Asked)),
            name => chosen.push(
                STEPS
                    .iter()
                    .find(|step| step.name == name)
                    .ok_or_else(|| name.to_owned())?,
            ),
        }
    }
    if chosen.is_empty() {
        chosen.extend(STEPS.iter().filter(|step| step.when == When::Default));
    }
    Ok(Selection::Run(chosen))
}

/// The steps, one a line.
pub fn list() -> String {
    let mut text = format!("Steps (* by default, + in a `{FULL}` run as well, in this order):\n");
    for step in STEPS {
        let mark = match step.when {
            When::Default => '*',
            When::Full => '+',
            When::Asked => ' ',
        };
        let _ = writeln!(text, "  {mark} {:13} {}", step.name, step.what); // a String takes everything
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>, String> {
        match select(arguments.iter().map(|&argument| argument.to_owned()))? {
            Selection::Run(steps) => Ok(steps.iter().map(|step| step.name).collect()),
            Selection::List => Ok(vec!["--list"]),
            Selection::Help => Ok(vec!["--help"]),
        }
    }

    #[test]
    fn without_arguments_the_default_steps_run_in_order() {
        assert_eq!(
            names(&[]).unwrap(),
            [
                "tools", "fmt", "clippy", "loom", "test", "gate", "doctest", "doc"
            ]
        );
    }

    #[test]
    fn a_full_run_has_everything_but_parts_and_what_needs_a_machine_for_itself() {
        let full = names(&["full"]).unwrap();
        assert_eq!(full[..names(&[]).unwrap().len()], names(&[]).unwrap());
        for step in [
            "build", "book", "page", "cross", "portable", "tsan", "stress", "slurm", "released",
        ] {
            assert!(full.contains(&step), "{step} is not in {full:?}");
        }
        for step in ["cross-check", "cross-aarch64", "cross-windows", "readme"] {
            assert!(!full.contains(&step), "{step} is in {full:?}");
        }
        assert!(STEPS.iter().all(|step| step.name != FULL));
    }

    #[test]
    fn named_steps_run_in_the_order_given() {
        assert_eq!(names(&["doc", "fmt"]).unwrap(), ["doc", "fmt"]);
    }

    #[test]
    fn an_unknown_step_is_named() {
        assert_eq!(names(&["fmt", "spell"]).unwrap_err(), "spell");
        assert_eq!(names(&["--fast"]).unwrap_err(), "--fast");
    }

    #[test]
    fn options_win_over_steps() {
        assert_eq!(names(&["fmt", "--list"]).unwrap(), ["--list"]);
        assert_eq!(names(&["-h"]).unwrap(), ["--help"]);
    }

    #[test]
    fn names_are_unique_and_listed() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(
                STEPS[..index].iter().all(|other| other.name != step.name),
                "{} is there twice",
                step.name
            );
            assert!(list().contains(step.name));
        }
    }
}
