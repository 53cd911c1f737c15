//! The verdicts of a test, and how they fail it.

use crate::execute::Trial;
use crate::facts::Run;
use crate::oracle::{Redactions, screens_of, transcript_of};
use crate::report;
use crate::report::TerminalWriter;
use crate::session::{Case, CaseVerdict, Finding};
use std::fmt;
use std::sync::Arc;

/// Lines of a stream that a failed assertion shows: the last ones.
const LINES_MAX: usize = 20;

/// The verdicts of the oracles, and a run to look at.
#[derive(Debug)]
pub struct Verdicts {
    case: Case,
    shown: Option<Arc<Trial>>,
}

impl Verdicts {
    pub(crate) fn new(case: Case, shown: Option<Arc<Trial>>) -> Verdicts {
        Verdicts { case, shown }
    }

    /// Whether the contract holds, in every run, and everything was tried.
    pub fn hold(&self) -> bool {
        self.case.verdict == CaseVerdict::Holds
    }

    /// Fails unless the contract holds. The message has the command, what is wrong, the timeline of a run that shows
    /// it, the output of that run, and the command that repeats it.
    ///
    /// # Panics
    /// When the contract is violated, a verdict is flaky, or a point was not reached.
    #[track_caller]
    pub fn assert_holds(&self) {
        assert!(self.hold(), "{self}");
    }

    /// What is wrong.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.case.counted()
    }

    /// The oracles that found something, in their order, each once.
    pub fn violated(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for finding in self.findings() {
            if !names.contains(&finding.oracle.as_str()) {
                names.push(&finding.oracle);
            }
        }
        names
    }

    /// The facts of one run (see [`Run`](crate::results::Run)): of the run that a schedule was judged by; of a sweep or
    /// a fuzz session of one that shows a finding, if there is one.
    pub fn run(&self) -> Option<&Run> {
        self.shown.as_ref().map(|trial| &trial.run)
    }

    /// What a person sees of that run, line by line, with the signals where they landed (`^C` for a key). Times,
    /// process ids and private paths are redacted. Empty without a run.
    pub fn transcript(&self) -> String {
        self.run()
            .map_or_else(String::new, |run| transcript_of(run, &usual()))
    }

    /// The screens of that run, at each signal and at the end, with their styles as tags. Empty without a terminal.
    pub fn screens(&self) -> String {
        self.run()
            .map_or_else(String::new, |run| screens_of(run, &usual()))
    }

    /// All of it, as reports and results files have it.
    pub fn case(&self) -> &Case {
        &self.case
    }
}

fn usual() -> Redactions {
    let mut redactions = Redactions::default();
    redactions.paths();
    redactions.times();
    redactions.pids();
    redactions
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = TerminalWriter::with_width(100);
        report::case_details(&mut out, &self.case);
        let text = out.finish();
        write!(f, "{}", anstream::adapter::strip_str(&text))?;
        let Some(run) = self.run().filter(|_| !self.hold()) else {
            return Ok(());
        };
        for (name, stream) in [
            ("standard output", &run.stdout),
            ("standard error", &run.stderr),
        ] {
            let text = stream.text();
            let lines: Vec<&str> = text.lines().collect();
            let from = lines.len().saturating_sub(LINES_MAX);
            writeln!(
                f,
                "  {name}, {} of {} lines:",
                lines.len() - from,
                lines.len()
            )?;
            for line in &lines[from..] {
                writeln!(f, "    {}", line.escape_debug())?;
            }
        }
        Ok(())
    }
}
