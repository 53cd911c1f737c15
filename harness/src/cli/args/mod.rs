//! The arguments.

pub(crate) mod contract;
pub(crate) mod fuzz;
pub(crate) mod minimize;
pub(crate) mod output;
pub(crate) mod points;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod target;
pub(crate) mod test;
mod values;

use super::explain::Language;
use super::help::{
    EXIT_CODES, EXPLAIN_HELP, FUZZ_HELP, MINIMIZE_HELP, REPORT_HELP, RUN_HELP, SWEEP_HELP,
    TEST_HELP,
};
use crate::oracle::OracleId;
use clap::{Parser, Subcommand, ValueEnum};
use fuzz::FuzzArgs;
use minimize::MinimizeArgs;
use output::ReportVerbArgs;
use points::PointsArgs;
use replay::ReplayArgs;
use run::RunArgs;
use std::path::PathBuf;
use sweep::SweepArgs;
use test::{InitArgs, MergeArgs, TestArgs};

/// Proves that a program survives Ctrl+C.
#[derive(Debug, Parser)]
#[command(name = "sigproof", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// When to use color (NO_COLOR and CLICOLOR are respected)
    #[arg(
        long,
        alias = "colour",
        value_name = "WHEN",
        default_value = "auto",
        global = true
    )]
    pub color: ColorChoice,
    #[command(subcommand)]
    pub verb: Verb,
}

/// When to use color.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    pub fn apply(self) {
        match self {
            ColorChoice::Auto => {}
            ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
            ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in the life of a process"
)]
pub enum Verb {
    /// Run once with a schedule of signals; print a timeline and the verdicts
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Run once per point where a signal could do harm, with the signal there
    #[command(after_help = SWEEP_HELP)]
    Sweep(SweepArgs),
    /// Try random schedules of several faults, and shrink what fails
    #[command(after_help = FUZZ_HELP)]
    Fuzz(Box<FuzzArgs>),
    /// List the injection points of an undisturbed run
    Points(PointsArgs),
    /// Repeat a stored failing run
    Replay(ReplayArgs),
    /// Minimize a stored failing run
    #[command(alias = "minimise", after_help = MINIMIZE_HELP)]
    Minimize(MinimizeArgs),
    /// Run scenario files, as a gate
    #[command(after_help = TEST_HELP)]
    Test(Box<TestArgs>),
    /// Write a first scenario from a program's undisturbed run
    Init(Box<InitArgs>),
    /// Merge the results of shards
    Merge(MergeArgs),
    /// Write reports from a results file
    #[command(after_help = REPORT_HELP)]
    Report(ReportVerbArgs),
    /// Explain an oracle: what it means, why it matters, how it is mended, with programs that are right
    #[command(after_help = EXPLAIN_HELP)]
    Explain {
        /// The oracle; without it, all of them are listed
        #[arg(value_name = "ORACLE", value_parser = values::oracle)]
        oracle: Option<OracleId>,
        /// Print the program that is right, in this language
        #[arg(long, short, value_name = "LANGUAGE", requires = "oracle")]
        example: Option<Language>,
    },
    /// Check what this machine supports (ptrace, namespaces, overlays, ptys)
    Doctor,
    /// Write manual pages, one for each verb
    Man {
        /// The directory, created if it does not exist: `~/.local/share/man/man1`, `/usr/local/share/man/man1`
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    /// Where the help shows `--flag[=VALUE]`, the flag alone is right.
    #[test]
    fn a_value_that_may_be_left_out_may_be_left_out() {
        let command = Cli::command();
        let mut seen = 0;
        for verb in command.get_subcommands() {
            let optional = verb.get_arguments().filter(|argument| {
                let values = argument.get_num_args();
                values.is_some_and(|values| values.min_values() == 0 && values.takes_values())
            });
            for flag in optional.filter_map(|argument| argument.get_long()) {
                let line = ["sigproof", verb.get_name(), &format!("--{flag}"), "--", "x"];
                let said = match Cli::try_parse_from(line) {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                };
                assert!(!said.contains(&format!("--{flag}")), "{line:?}: {said}");
                seen += 1;
            }
        }
        assert!(seen >= 2, "only {seen} such flags were seen");
    }

    /// A heading of a group must not spread to what follows it.
    #[test]
    fn every_flag_stands_under_its_heading() {
        let command = Cli::command();
        let mut flags = 0;
        for verb in command.get_subcommands() {
            for argument in verb.get_arguments() {
                let id = argument.get_id().as_str();
                let heading = argument.get_help_heading();
                let reports = [
                    "html",
                    "markdown",
                    "junit",
                    "github",
                    "perfetto",
                    "asciicast",
                ];
                assert_eq!(
                    heading == Some("Reports"),
                    reports.contains(&id),
                    "{} --{id}: {heading:?}",
                    verb.get_name()
                );
                flags += 1;
            }
        }
        assert!(flags > 100, "only {flags} flags were seen");
    }

    #[test]
    fn british_spellings_are_accepted_and_not_shown() {
        for arguments in [
            &["sigproof", "minimize", "x.json"][..],
            &["sigproof", "minimise", "x.json"],
            &["sigproof", "--color", "never", "doctor"],
            &["sigproof", "--colour", "never", "doctor"],
            &["sigproof", "sweep", "--serialize", "--", "true"],
            &["sigproof", "sweep", "--serialise", "--", "true"],
        ] {
            assert!(Cli::try_parse_from(arguments).is_ok(), "{arguments:?}");
        }
        let mut command = Cli::command();
        let mut texts = vec![command.render_long_help().to_string()];
        for verb in command.get_subcommands_mut() {
            texts.push(verb.render_long_help().to_string());
        }
        for british in ["minimise", "serialise", "colour", "honour"] {
            assert!(
                !texts.iter().any(|text| text.contains(british)),
                "{british}"
            );
        }
    }
}
