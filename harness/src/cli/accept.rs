//! `sigproof sweep --accept`: what was found is declared right, in a scenario file.

use super::args::sweep::SweepArgs;
use super::init::usual_path;
use super::stdio::print_to_stderr;
use crate::error::Error;
use crate::explore::{Finding, SweepOptions, SweepReport};
use crate::oracle::Acceptance;
use crate::report::{Style, TerminalWriter};
use crate::scenario::{Accepted, Scenario};
use crate::target::Target;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A sweep that is done.
pub(super) struct Swept {
    pub(super) target: Target,
    pub(super) options: SweepOptions,
    pub(super) report: SweepReport,
}

/// Where the scenario is to be written, when that was asked for.
///
/// # Errors
/// There is a file already.
pub(super) fn scenario_path(args: &SweepArgs) -> Result<Option<PathBuf>, Error> {
    let Some(path) = &args.accept else {
        return Ok(None);
    };
    let path = match path.as_os_str().is_empty() {
        true => usual_path(&args.target.command),
        false => path.clone(),
    };
    if args.target.from.len() > 1 {
        return Err(
            Error::usage("--accept: states are declared right for one start state")
                .with_hint("sweep from fresh and from finished one after the other"),
        );
    }
    if path.exists() {
        return Err(Error::usage("this file already exists")
            .at_path(&path)
            .with_hint("--accept=FILE writes another one"));
    }
    Ok(Some(path))
}

/// An output among the findings that is an SQLite data base, where there is a program that can look into it.
fn data_base(found: &[&Finding], report: &SweepReport) -> Option<String> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).find(|path| path.join("sqlite3").is_file())?;
    let is_one = |path: &&str| {
        let runs = report.baseline.runs.iter();
        runs.filter_map(|run| run.contents.get(*path))
            .any(|content| content.starts_with(MAGIC))
    };
    let declared = found.iter().filter(|finding| {
        matches!(
            finding.accept,
            Some(Acceptance::Any(_) | Acceptance::Prefix(_))
        )
    });
    declared
        .map(|finding| finding.subject.as_str())
        .find(is_one)
        .map(str::to_owned)
}

/// Writes the scenario. Returns whether everything that was found is declared right by it.
pub(super) fn write_scenario(path: &Path, args: &SweepArgs, swept: &Swept) -> Result<bool, Error> {
    let Swept {
        target,
        options,
        report,
    } = swept;
    let counts = |finding: &&Finding| !finding.before_ready && !finding.at_start;
    let found: Vec<&Finding> = report.findings.iter().filter(counts).collect();
    let reasons = found.iter().filter_map(|finding| {
        let reason = format!("{}: {}", finding.oracle, finding.text);
        Some((finding.accept.clone()?, reason))
    });
    let accepted = Accepted {
        target,
        sweep: options,
        phases: args.phases(),
        contract: &report.contract,
        data_base: data_base(&found, report),
        reasons: reasons.collect(),
    };
    let failed = |error: io::Error| Error::harness(error.to_string()).at_path(path);
    let directory = path.parent().filter(|path| !path.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let absolute = std::path::absolute(directory).map_err(failed)?;
    let text = accepted.scenario(&absolute);
    // What we write ourselves must be right.
    if let Err(diagnostic) = Scenario::parse(path, "accepted", &text) {
        return Err(Error::harness(diagnostic.render(false, 100)));
    }
    fs::create_dir_all(&absolute).map_err(failed)?;
    fs::write(path, text).map_err(failed)?;
    let mut out = TerminalWriter::new();
    let rest: Vec<&Finding> = found
        .iter()
        .filter(|finding| finding.accept.is_none())
        .copied()
        .collect();
    for finding in &rest {
        let words = format!(
            "cannot be declared right: {}: {}",
            finding.oracle, finding.text
        );
        out.item(0, (Style::Warn, "! "), Style::Plain, &words);
    }
    let words = format!(
        "wrote {}: {} of {} findings are declared right; read it, and run it:",
        path.display(),
        found.len() - rest.len(),
        found.len()
    );
    out.item(0, (Style::Good, "✓ "), Style::Plain, &words);
    out.command(2, &format!("sigproof test {}", path.display()));
    print_to_stderr(&out.finish());
    Ok(rest.is_empty())
}
