//! The options of a target.

use super::error::{OptionError, OptionName};
use super::numbers::{COPY_FILES, TREE_MIB};
use crate::schedule::ParseError;
use crate::target::Limits;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Limits of a run, as a person asks for them.
#[derive(Debug, Default)]
pub(crate) struct LimitsSpec {
    /// Of an undisturbed run.
    pub(crate) timeout: Option<Duration>,
    /// After the last signal.
    pub(crate) deadline: Option<Duration>,
    /// Of a service that was asked to stop.
    pub(crate) grace_period: Option<Duration>,
    /// For descendants.
    pub(crate) grace: Option<Duration>,
    /// Size of the private file system, in MiB.
    pub(crate) tree_mib: Option<u64>,
    /// Files of a copied work tree.
    pub(crate) copy_files: Option<u64>,
}

impl LimitsSpec {
    /// Checks them.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub(crate) fn limits(&self) -> Result<Limits, OptionError> {
        let usual = Limits::default();
        let tree = self.tree_mib.map(|mib| TREE_MIB.check(mib)).transpose();
        let tree = tree.map_err(OptionError::at(OptionName::TreeLimit, 0))?;
        let files = self.copy_files.map(|files| COPY_FILES.check(files));
        let files = files
            .transpose()
            .map_err(OptionError::at(OptionName::CopyLimit, 0))?;
        Ok(Limits {
            baseline_ms: self.timeout.map_or(usual.baseline_ms, milliseconds),
            after_signal_ms: self.deadline.map(milliseconds),
            grace_period_ms: self
                .grace_period
                .map_or(usual.grace_period_ms, milliseconds),
            grace_ms: self.grace.map_or(usual.grace_ms, milliseconds),
            tree_bytes: tree.map_or(usual.tree_bytes, |mib| mib << 20),
            copy_files: files.map_or(usual.copy_files, |files| files as usize),
            ..usual
        })
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A command names a program.
pub(crate) fn check_command(command: &[String]) -> Result<(), OptionError> {
    match command.first() {
        Some(program) if !program.is_empty() => Ok(()),
        _ => Err(OptionError::new(
            OptionName::Command,
            ParseError::new("the command is empty").hint("name a program and its arguments"),
        )),
    }
}

/// On a terminal, standard input is the terminal.
pub(crate) fn check_stdin(terminal: bool, has_stdin: bool) -> Result<(), OptionError> {
    if terminal && has_stdin {
        return Err(OptionError::new(
            OptionName::Stdin,
            ParseError::new("on a terminal, standard input is the terminal")
                .hint("leave standard input or the terminal out"),
        ));
    }
    Ok(())
}

/// Inputs that lie beside each other have different names.
pub(crate) fn check_inputs(inputs: &[PathBuf]) -> Result<(), OptionError> {
    for (index, input) in inputs.iter().enumerate() {
        let name = input.file_name();
        if inputs[..index]
            .iter()
            .any(|other| other.file_name() == name)
        {
            let name = name.unwrap_or_default().display();
            let problem = ParseError::new(format!("two inputs are called {name}")).hint(
                "a work tree can hold one of them; rename the other, or put both into a directory",
            );
            return Err(OptionError::at(OptionName::Inputs, index)(problem));
        }
    }
    Ok(())
}

/// A file or directory that can be read, by its absolute path. A link keeps its name, under which the command looks for
/// it.
pub(crate) fn existing(path: &Path) -> Result<PathBuf, ParseError> {
    let wrong = |error: io::Error| {
        ParseError::new(format!("cannot read {}: {error}", path.display()))
            .hint("name a file or directory that exists and that you may read")
    };
    let real = path.canonicalize().map_err(wrong)?;
    if !real.is_dir() {
        File::open(&real).map_err(wrong)?;
    }
    std::path::absolute(path).map_err(wrong)
}

/// A directory, by its absolute path.
pub(crate) fn existing_directory(path: &Path) -> Result<PathBuf, ParseError> {
    let directory = existing(path)?;
    if directory.is_dir() {
        return Ok(directory);
    }
    Err(
        ParseError::new(format!("{} is not a directory", path.display()))
            .hint("to copy a file into the work tree, make it an input"),
    )
}
