//! The start state of a scenario's work tree.
//!
//! What the file itself spells out (`files`, `stdin-text`, what `setup` makes)
//! is created below the store, under a name that is a hash of its origin, and stays
//! there: a stored failure is replayed from the same place later.

use super::diagnostic::Diagnostic;
use super::document::TargetTable;
use crate::error::Error;
use crate::options::{check_inputs, check_stdin, existing, existing_directory};
use crate::scenario::document::substitutions::{Binaries, Text, expand};
use crate::schedule::ParseError;
use crate::target::Source;
use sigproof_core::StopToken;
use sigproof_core::pool::{CommandRunner, Output};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use toml::Spanned;
use xxhash_rust::xxh3::Xxh3Default;

/// Where a target starts.
pub(crate) struct WorkTreeSetup {
    pub(crate) source: Source,
    pub(crate) stdin: Option<PathBuf>,
}

/// Why a target is not ready to be run.
#[derive(Debug)]
pub enum SetupError {
    /// The scenario file is wrong in what shows only now: a program that is not built, an input that is not there.
    Diagnostic(Diagnostic),
    /// Anything else.
    Error(Error),
}

impl From<Error> for SetupError {
    fn from(error: Error) -> SetupError {
        SetupError::Error(error)
    }
}

impl From<Diagnostic> for SetupError {
    fn from(mistake: Diagnostic) -> SetupError {
        SetupError::Diagnostic(mistake)
    }
}

/// Whether the ways to give a start state agree with each other.
pub(crate) fn check(text: &Text, table: &TargetTable) -> Result<(), Diagnostic> {
    if let (Some(_), Some(view)) = (&table.directory, &table.view) {
        return Err(text
            .diagnostic(view.span(), "both directory and view")
            .hint("a work tree is one of them"));
    }
    let first = table
        .inputs
        .first()
        .map(Spanned::span)
        .or_else(|| table.files.keys().next().map(Spanned::span));
    if let (Some(view), Some(span)) = (&table.view, first) {
        let _ = view;
        return Err(text
            .diagnostic(span, "a view cannot get further files")
            .hint("use directory instead of view, or leave these out"));
    }
    if let (Some(view), Some(setup)) = (&table.view, &table.setup) {
        let _ = view;
        return Err(text
            .diagnostic(
                setup.span(),
                "setup would change the directory of the view itself",
            )
            .hint("use directory instead of view"));
    }
    for path in table.files.keys() {
        let inside = Path::new(path.get_ref())
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside || path.get_ref().is_empty() {
            return Err(text
                .diagnostic(path.span(), "this path leads out of the work tree")
                .hint("write it relative to the tree, without .."));
        }
    }
    if let (Some(_), Some(stdin)) = (&table.stdin, &table.stdin_text) {
        return Err(text
            .diagnostic(stdin.span(), "both stdin and stdin-text")
            .hint("write one of them"));
    }
    let on_terminal = table.terminal.is_some_and(|terminal| terminal.0.is_some());
    if let Some(stdin) = table.stdin.as_ref().or(table.stdin_text.as_ref()) {
        check_stdin(on_terminal, true)
            .map_err(|error| text.problem(stdin.span(), error.problem))?;
    }
    Ok(())
}

impl WorkTreeSetup {
    /// Creates the start state below `store`.
    pub(crate) fn prepare(
        text: &Text,
        table: &TargetTable,
        binaries: &Binaries,
        store: &Path,
        token: &StopToken,
    ) -> Result<WorkTreeSetup, SetupError> {
        let located = |path: &Spanned<String>,
                       find: fn(&Path) -> Result<PathBuf, ParseError>|
         -> Result<PathBuf, Diagnostic> {
            let full = text.directory().join(expand(text, path, binaries)?);
            find(&full).map_err(|problem| text.problem(path.span(), problem))
        };
        let inputs = table.inputs.iter().map(|path| located(path, existing));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        check_inputs(&inputs)
            .map_err(|error| text.problem(table.inputs[error.index].span(), error.problem))?;
        let directory = |path: &Option<Spanned<String>>| {
            let path = path.as_ref();
            path.map(|path| located(path, existing_directory))
                .transpose()
        };
        let (view, directory) = (directory(&table.view)?, directory(&table.directory)?);
        let setup = table
            .setup
            .as_ref()
            .map(|setup| expand(text, setup, binaries))
            .transpose()?;
        let context = SetupContext {
            text,
            table,
            inputs: &inputs,
            directory: directory.as_deref(),
            setup: setup.as_deref(),
        };
        let state = context.directory_below(store);
        let stdin = match (&table.stdin, &table.stdin_text) {
            (Some(path), _) => Some(located(path, existing)?),
            (None, Some(_)) => Some(state.join("stdin")),
            (None, None) => None,
        };
        let makes_tree = context.makes_tree();
        if makes_tree || table.stdin_text.is_some() {
            context.create(&state, token)?;
        }
        let source = match (view, directory) {
            _ if makes_tree => Source::Directory(state.join("tree")),
            (Some(view), _) => Source::View(view),
            (None, Some(directory)) => Source::Directory(directory),
            (None, None) if inputs.is_empty() => Source::Empty,
            (None, None) => Source::Files(inputs),
        };
        Ok(WorkTreeSetup { source, stdin })
    }
}

/// What the start state is created from.
struct SetupContext<'a> {
    text: &'a Text,
    table: &'a TargetTable,
    inputs: &'a [PathBuf],
    directory: Option<&'a Path>,
    setup: Option<&'a str>,
}

impl SetupContext<'_> {
    /// The work tree is not simply what lies somewhere already.
    fn makes_tree(&self) -> bool {
        self.setup.is_some()
            || !self.table.files.is_empty()
            || (self.directory.is_some() && !self.inputs.is_empty())
    }

    /// A directory whose name changes with what is in it.
    fn directory_below(&self, store: &Path) -> PathBuf {
        let mut hasher = Xxh3Default::new();
        put(&mut hasher, self.text.path.as_os_str().as_encoded_bytes());
        for (path, content) in &self.table.files {
            put(&mut hasher, path.get_ref().as_bytes());
            put(&mut hasher, content.as_bytes());
        }
        for path in self
            .inputs
            .iter()
            .map(PathBuf::as_path)
            .chain(self.directory)
        {
            stamp(path, &mut hasher);
        }
        let stdin = self.table.stdin_text.as_ref();
        for text in [self.setup, stdin.map(|text| text.get_ref().as_str())] {
            put(&mut hasher, text.unwrap_or_default().as_bytes());
        }
        let stem = self.text.path.file_stem().unwrap_or_default();
        let name = format!("{}-{:016x}", stem.display(), hasher.digest());
        store.join("inputs").join(name)
    }

    /// Creates the directory, unless it exists. It is never changed, because
    /// another session may be using it.
    fn create(&self, directory: &Path, token: &StopToken) -> Result<(), SetupError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if directory.exists() {
            return Ok(());
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let part = directory.with_extension(format!("part-{}-{number}", std::process::id()));
        let created = self.fill(&part, token).and_then(|()| {
            match fs::rename(&part, directory) {
                // Another session was quicker; its directory is the same.
                Err(_) if directory.exists() => Ok(()),
                other => other,
            }
            .map_err(|error| {
                SetupError::Error(Error::harness(error.to_string()).at_path(directory))
            })
        });
        // Gone already when all went well.
        let _ = fs::remove_dir_all(&part);
        created
    }

    fn fill(&self, part: &Path, token: &StopToken) -> Result<(), SetupError> {
        let failed =
            |error: io::Error| SetupError::Error(Error::harness(error.to_string()).at_path(part));
        let tree = part.join("tree");
        let _ = fs::remove_dir_all(part);
        fs::create_dir_all(&tree).map_err(failed)?;
        if let Some(directory) = self.directory {
            copy(directory, &tree).map_err(failed)?;
        }
        for input in self.inputs {
            let to = tree.join(input.file_name().unwrap_or_default());
            copy(input, &to).map_err(failed)?;
        }
        for (path, content) in &self.table.files {
            let path = tree.join(path.get_ref());
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed)?;
            }
            fs::write(&path, content).map_err(failed)?;
        }
        if let Some(content) = &self.table.stdin_text {
            fs::write(part.join("stdin"), content.get_ref()).map_err(failed)?;
        }
        match (self.setup, &self.table.setup) {
            (Some(script), Some(word)) => self.run(script, word, part, token),
            _ => Ok(()),
        }
    }

    /// Runs the setup script in the tree, with a home of its own.
    fn run(
        &self,
        script: &str,
        word: &Spanned<String>,
        part: &Path,
        token: &StopToken,
    ) -> Result<(), SetupError> {
        let home = part.join("home");
        fs::create_dir_all(&home)
            .map_err(|error| SetupError::Error(Error::harness(error.to_string())))?;
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", script])
            .current_dir(part.join("tree"))
            .env("HOME", &home)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        let mut said = Vec::new();
        let end = CommandRunner::new(token).execute(command, |output| {
            let (Output::Stdout(bytes) | Output::Stderr(bytes)) = output;
            said.extend_from_slice(bytes);
        });
        let end = match end {
            _ if token.is_interrupted() => return Err(SetupError::Error(Error::interrupted())),
            Ok(end) => end,
            Err(error) => {
                return Err(SetupError::Error(Error::harness(format!("sh: {error}"))));
            }
        };
        if end.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        let message = format!(
            "setup fails: {}, saying {:?}",
            end.status,
            last.unwrap_or_default()
        );
        let diagnostic = self.text.diagnostic(word.span(), message);
        Err(diagnostic
            .hint("it runs with `sh -e` in an empty HOME")
            .into())
    }
}

/// Copies a file, or a directory with what is in it. Links stay links.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    fs::copy(from, to).map(drop)
}

fn put(hasher: &mut Xxh3Default, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// What changes when a file, or anything in a directory, is written to.
fn stamp(path: &Path, hasher: &mut Xxh3Default) {
    put(hasher, path.as_os_str().as_encoded_bytes());
    let Ok(meta) = path.symlink_metadata() else {
        return;
    };
    if meta.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        for entry in entries {
            stamp(&entry, hasher);
        }
        return;
    }
    let since = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .unwrap_or_default();
    put(hasher, &since.as_nanos().to_le_bytes());
    put(hasher, &meta.len().to_le_bytes());
    put(hasher, &meta.permissions().mode().to_le_bytes());
}
