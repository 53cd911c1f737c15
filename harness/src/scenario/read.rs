//! From a scenario file to a scenario.

use super::action::Action;
use super::contract::{Parts, Snapshots};
use super::document::substitutions;
use super::document::substitutions::{Binaries, Text, expand};
use super::document::toml_error;
use crate::explore::Budget;
use crate::options::{LimitsSpec, OptionName, check_command};
use crate::oracle::Contract;
use crate::scenario::action::ActionReader;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::document::script::ScriptTable;
use crate::scenario::document::{Document, TargetTable};
use crate::scenario::script::ScriptReader;
use crate::scenario::work_tree_setup;
use crate::scenario::work_tree_setup::{SetupError, WorkTreeSetup};
use crate::script::Script;
use crate::target::{IoUring, Isolation};
use crate::target::{Limits, Network, Target};
use sigproof_core::StopToken;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A scenario, read and checked.
#[derive(Debug)]
pub struct Scenario {
    /// Its name: the file's, with the directories below the one that was asked for.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it shows.
    pub description: Option<String>,
    /// What is done.
    pub action: Action,
    /// What is asked.
    pub contract: Contract,
    /// What is compared with what was written down before.
    pub snapshots: Snapshots,
    /// Latencies.
    pub budget: Option<Budget>,
    /// How the target is kept apart.
    pub isolation: Isolation,
    text: Text,
    target: TargetTable,
    script: Option<ScriptTable>,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn read(path: &Path, name: &str) -> Result<Scenario, Diagnostic> {
        let unreadable = |error: std::io::Error| Diagnostic::new(error.to_string()).of_file(path);
        let content = fs::read_to_string(path).map_err(unreadable)?;
        Scenario::parse(path, name, &content)
    }

    /// Reads a file's content; `shown` is its path, as a person gave it.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(shown: &Path, name: &str, content: &str) -> Result<Scenario, Diagnostic> {
        let path = std::path::absolute(shown)
            .map_err(|error| Diagnostic::new(error.to_string()).of_file(shown))?;
        let text = Text {
            path: path.clone(),
            shown: shown.to_owned(),
            text: content.into(),
        };
        let document: Document = toml::from_str(content)
            .map_err(|error| toml_error::diagnostic(shown, content, &error))?;
        check_target(&text, &document.target)?;
        let pty = document.target.terminal.and_then(|terminal| terminal.0);
        let isolation = document
            .target
            .isolation
            .map_or(Isolation::Auto, |how| how.0);
        let reader = ActionReader {
            is_service: document
                .script
                .as_ref()
                .is_some_and(ScriptTable::is_service),
            text: &text,
            terminal: pty.is_some(),
            isolation,
        };
        let action = match (&document.run, &document.sweep, &document.fuzz) {
            (Some(run), None, None) => reader.run(run.get_ref())?,
            (None, Some(sweep), None) => reader.sweep(sweep.get_ref())?,
            (None, None, Some(fuzz)) => reader.fuzz(fuzz.get_ref())?,
            (None, None, None) => {
                return Err(text.diagnostic(0..0, "nothing is done to the target").hint(
                    "add [run] with signals = [\"INT@output:'ready'\"], or [sweep], or [fuzz]",
                ));
            }
            (Some(_), Some(other), _) => {
                return Err(text.two_actions("run", "sweep", other.span()));
            }
            (Some(_), _, Some(other)) => return Err(text.two_actions("run", "fuzz", other.span())),
            (_, Some(_), Some(other)) => {
                return Err(text.two_actions("sweep", "fuzz", other.span()));
            }
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let parts = Parts {
            text: &text,
            document: &document,
            action: &action,
            stem: &stem,
        };
        let (contract, snapshots, budget) = parts.read()?;
        let script = match &document.script {
            Some(table) => ScriptReader {
                text: &text,
                table,
                signal: action.signal(),
                binaries: &Binaries::default(),
                expands: false,
            }
            .script()?,
            None => None,
        };
        let contract = contract.of_script(script.as_ref());
        Ok(Scenario {
            name: name.to_owned(),
            path: shown.to_owned(),
            description: document.description,
            action,
            contract,
            snapshots,
            budget,
            isolation,
            text,
            target: document.target,
            script: document.script,
        })
    }

    /// The target, with its start state made. What has to be put on disk for
    /// that lies below `store`.
    ///
    /// # Errors
    /// A binary that is not built, an input that cannot be read, a setup that fails.
    pub fn target(
        &self,
        binaries: &Binaries,
        store: &Path,
        token: &StopToken,
    ) -> Result<Target, SetupError> {
        let table = &self.target;
        let start = WorkTreeSetup::prepare(&self.text, table, binaries, store, token)?;
        let mut command = table
            .command
            .get_ref()
            .iter()
            .map(|word| expand(&self.text, word, binaries))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(program) = command.first_mut() {
            self.beside(program);
        }
        let env = table
            .env
            .iter()
            .map(|(name, value)| Ok((name.clone(), expand(&self.text, value, binaries)?)))
            .collect::<Result<Vec<_>, Diagnostic>>()?;
        let script = self.script(binaries)?;
        let mut limits = table.limits(&self.text)?;
        let grace_period = self.script.as_ref().and_then(|script| script.grace_period);
        if let Some(grace_period) = grace_period {
            limits.grace_period_ms = grace_period.ms();
        }
        Ok(Target {
            source: start.source,
            start: table.from,
            env,
            pty: table.terminal.and_then(|terminal| terminal.0),
            stdin: start.stdin,
            keep_aslr: table.keep_aslr,
            serialise: table.serialize,
            failpoints: table.failpoints
                || self.action.needs_failpoints()
                || script.as_ref().is_some_and(Script::needs_failpoints),
            io_uring: table.io_uring.map_or(IoUring::Refuse, |how| how.0),
            network: table.network.unwrap_or(Network::of_script(script.as_ref())),
            script,
            limits,
            ..Target::new(command)
        })
    }

    /// What happens around the target.
    fn script(&self, binaries: &Binaries) -> Result<Option<Script>, Diagnostic> {
        let Some(table) = &self.script else {
            return Ok(None);
        };
        let reader = ScriptReader {
            text: &self.text,
            table,
            signal: self.action.signal(),
            binaries,
            expands: true,
        };
        reader.script()
    }

    /// The command as it stands in the file, for a list.
    pub fn command(&self) -> Vec<String> {
        plain_words(&self.target.command)
    }

    /// A relative program that is beside the scenario file, and not in the work
    /// tree, gets its full path.
    fn beside(&self, program: &mut String) {
        let path = Path::new(&*program);
        if !program.contains('/') || path.is_absolute() {
            return;
        }
        let table = &self.target;
        let in_tree = |path: &Path| {
            table
                .files
                .keys()
                .any(|file| Path::new(file.get_ref()) == path)
                || table.directory.iter().chain(&table.view).any(|tree| {
                    self.text
                        .directory()
                        .join(tree.get_ref())
                        .join(path)
                        .exists()
                })
        };
        let plain = path.strip_prefix("./").unwrap_or(path);
        let full = self.text.directory().join(plain);
        if !in_tree(plain) && full.is_file() {
            *program = full.display().to_string();
        }
    }
}

fn plain_words(command: &Spanned<Vec<Spanned<String>>>) -> Vec<String> {
    let words = command.get_ref().iter();
    words.map(|word| word.get_ref().clone()).collect()
}

impl TargetTable {
    fn limits(&self, text: &Text) -> Result<Limits, Diagnostic> {
        let limits = &self.limits;
        let spec = LimitsSpec {
            timeout: limits.timeout.map(|time| time.0),
            deadline: limits.deadline.map(|time| time.0),
            grace_period: None,
            grace: limits.grace.map(|time| time.0),
            tree_mib: limits.tree_mib.map(u64::from),
            copy_files: limits.copy_files.map(u64::from),
        };
        spec.limits().map_err(|error| {
            let key = match error.option {
                OptionName::TreeLimit => "tree-mib",
                _ => "copy-files",
            };
            text.problem(text.find_key(key), error.problem)
        })
    }
}

fn check_target(text: &Text, table: &TargetTable) -> Result<(), Diagnostic> {
    let command: Vec<String> = plain_words(&table.command);
    check_command(&command).map_err(|error| text.problem(table.command.span(), error.problem))?;
    table.limits(text)?;
    work_tree_setup::check(text, table)?;
    let words = table
        .command
        .get_ref()
        .iter()
        .chain(&table.inputs)
        .chain(table.env.values())
        .chain(
            [&table.directory, &table.view, &table.stdin, &table.setup]
                .into_iter()
                .flatten(),
        );
    for word in words {
        substitutions::check(text, word)?;
    }
    Ok(())
}

impl Text {
    fn two_actions(&self, one: &str, other: &str, span: Range<usize>) -> Diagnostic {
        self.diagnostic(span, format!("both [{one}] and [{other}]"))
            .hint("a scenario is one of them; make it two files")
    }
}
