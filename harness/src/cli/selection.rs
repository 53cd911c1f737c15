//! Which scenarios `sigproof test` runs.

use super::args::test::{SelectionArgs, TestArgs};
use super::stdio::{print_to_stderr, warn, written};
use crate::cli::exit;
use crate::error::Error;
use crate::report::{Json, TerminalWriter};
use crate::scenario::{Diagnostic, Filter, FoundFiles, Scenario, Shard, USUAL_PLACES};
use std::io;
use std::path::PathBuf;

/// The scenarios that were asked for. `None` when a file is wrong, which is reported.
pub(super) fn select(args: &TestArgs) -> Result<Option<Vec<Scenario>>, Error> {
    let paths = match args.paths.as_slice() {
        [] => vec![usual_directory()?],
        paths => paths.to_vec(),
    };
    let found = FoundFiles::at(&paths);
    if !found.diagnostics.is_empty() {
        report(&found.diagnostics, args.json)?;
        return Ok(None);
    }
    let mut scenarios = found.scenarios;
    let all = scenarios.len();
    let filter = args.selection.filter();
    scenarios.retain(|scenario| filter.takes(&scenario.name));
    if scenarios.is_empty() {
        let message = format!("none of {all} scenarios has such a name");
        return Err(Error::usage(message).with_hint("`sigproof test --list` shows their names"));
    }
    if let Some(shard) = args.selection.shard()? {
        scenarios.retain_mut(|scenario| scenario.action.keep_part(shard, &scenario.name));
    }
    Ok(Some(scenarios))
}

impl SelectionArgs {
    fn filter(&self) -> Filter {
        Filter {
            wanted: self.filter.clone(),
            unwanted: self.skip.clone(),
            exact: self.exact,
        }
    }

    /// The shard to run: as asked for, otherwise as the environment says.
    fn shard(&self) -> Result<Option<Shard>, Error> {
        if let Some(choice) = self.shard {
            return choice.shard();
        }
        let Some((shard, engine)) = Shard::from_engine(|name| std::env::var(name).ok())? else {
            return Ok(None);
        };
        warn(&format!("this is shard {shard}, as {engine} says"));
        Ok(Some(shard))
    }
}

fn usual_directory() -> Result<PathBuf, Error> {
    USUAL_PLACES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_dir())
        .ok_or_else(|| {
            let places = USUAL_PLACES.join(", ");
            Error::usage(format!(
                "there are no scenarios here: none of {places} is a directory"
            ))
            .with_hint("name one, or write a first scenario with `sigproof init -- CMD`")
        })
}

/// Shows what is wrong with the files.
fn report(diagnostics: &[Diagnostic], json: bool) -> Result<(), Error> {
    let width = TerminalWriter::new().width();
    let mut text = String::new();
    for diagnostic in diagnostics {
        if json {
            let line = in_a_line(diagnostic);
            written(Json::new(io::stdout().lock()).error(&line, exit::USAGE))?;
        }
        text.push_str(&diagnostic.render(true, width));
        text.push('\n');
    }
    print_to_stderr(&text);
    Ok(())
}

/// A diagnostic as a compiler prints it.
fn in_a_line(diagnostic: &Diagnostic) -> String {
    let place = diagnostic
        .place()
        .map(|(line, column)| format!("{line}:{column}: "));
    let hint = diagnostic.hint_text().map(|hint| format!("; {hint}"));
    format!(
        "{}: {}{}{}",
        diagnostic.file(),
        place.unwrap_or_default(),
        diagnostic.message(),
        hint.unwrap_or_default()
    )
}
