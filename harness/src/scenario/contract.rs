//! What a scenario asks: its contract, its expected texts, its budgets.

use super::action::Action;
use super::document::one_or_many::Bounds;
use super::document::substitutions::Text;
use super::document::value::{Expression, GlobText, OracleName, Time};
use crate::explore::{Budget, Limit, SweepOptions};
use crate::options::{ContractSpec, ESCALATION_SIGNALS, LATENCY_RUNS, OptionError, check_alone};
use crate::oracle::{Acknowledged, Contract, Escalation, Messages, Redactions, Results};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::document::{
    BudgetTable, ContractTable, Document, EscalationTable, MessagesTable, Redaction, ResultsTable,
};
use std::ops::Range;
use std::path::PathBuf;
use toml::Spanned;

/// Expected texts, and where they are.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// The file with the transcript.
    pub transcript: Option<PathBuf>,
    /// The file with the screens.
    pub screen: Option<PathBuf>,
    /// The transcript in the scenario file itself: its place there.
    pub inline: Option<Range<usize>>,
}

/// What it is read from.
pub(crate) struct Parts<'a> {
    pub(crate) text: &'a Text,
    pub(crate) document: &'a Document,
    pub(crate) action: &'a Action,
    /// The file's name without its extension.
    pub(crate) stem: &'a str,
}

/// Two signals that are nearer to each other can become one.
const GAP_MIN_MS: u64 = 60;

impl Parts<'_> {
    pub(crate) fn read(&self) -> Result<(Contract, Snapshots, Option<Budget>), Diagnostic> {
        let table = &self.document.contract;
        let mut contract = plain(table).map_err(|error| {
            self.text
                .problem(self.text.find_key("contract"), error.problem)
        })?;
        contract.results = table
            .results
            .as_ref()
            .map(|results| self.results(results))
            .transpose()?;
        contract.escalation = table
            .escalation
            .as_ref()
            .map(|escalation| self.escalation(escalation))
            .transpose()?;
        for (asked, key) in [(table.reach, "reach"), (table.ignored, "ignored")] {
            if asked {
                self.needs_signals(key)?;
            }
        }
        if let Action::Run {
            baseline: false, ..
        } = self.action
        {
            check_alone(&contract).map_err(|error| {
                let place = self.text.find_key("baseline");
                self.text.problem(place, error.problem)
            })?;
        }
        let mut snapshots = Snapshots::default();
        if let Some(messages) = &self.document.messages {
            contract.messages = Some(self.messages(messages, &mut snapshots)?);
        }
        let budget = table
            .budget
            .as_ref()
            .map(|budget| self.budget(budget))
            .transpose()?;
        Ok((contract, snapshots, budget))
    }

    fn results(&self, table: &ResultsTable) -> Result<Results, Diagnostic> {
        for expression in [&table.said, &table.found] {
            if groups(expression.get_ref()) == 0 {
                return Err(self
                    .text
                    .diagnostic(expression.span(), "the expression has no group")
                    .hint("put the name of the work in parentheses, as in 'task (\\d+) is done'"));
            }
        }
        let (command, place) = match (&table.file, &table.command) {
            (Some(file), None) => {
                let path = file.get_ref();
                let quoted = path.replace('\'', "'\\''");
                // One that is not there holds no results.
                (
                    format!("test ! -e '{quoted}' || cat -- '{quoted}'"),
                    path.clone(),
                )
            }
            (None, Some(command)) => (command.get_ref().clone(), command.get_ref().clone()),
            (Some(_), Some(command)) => {
                return Err(self
                    .text
                    .diagnostic(command.span(), "both file and command")
                    .hint("the results are printed by one of them"));
            }
            (None, None) => {
                return Err(self
                    .text
                    .diagnostic(table.found.span(), "nothing tells where the results are")
                    .hint("add file = \"results.txt\" or command = \"…\""));
            }
        };
        Ok(Results {
            said: table.said.get_ref().0.clone(),
            command,
            place,
            found: table.found.get_ref().0.clone(),
        })
    }

    fn escalation(&self, table: &EscalationTable) -> Result<Escalation, Diagnostic> {
        let gap_ms = match &table.gap {
            None => 200,
            Some(gap) if gap.get_ref().ms() < GAP_MIN_MS => {
                return Err(self
                    .text
                    .diagnostic(gap.span(), "two signals so near can become one")
                    .hint("write at least \"60ms\""));
            }
            Some(gap) => gap.get_ref().ms(),
        };
        let signals = match &table.signals {
            None => 3,
            Some(signals) => {
                let number = u64::from(*signals.get_ref());
                ESCALATION_SIGNALS
                    .check(number)
                    .map_err(|problem| self.text.problem(signals.span(), problem))?;
                *signals.get_ref()
            }
        };
        // A sweep finds out by itself where the target takes longest to end.
        let sweeps = |options: &SweepOptions| options.fault_spec.fault.signal().is_some();
        if !matches!(self.action, Action::Sweep(options) if sweeps(options)) {
            self.needs_signals("escalation")?;
        }
        Ok(Escalation {
            gap_ms,
            third_ms: table.third.map_or(500, Time::ms),
            signals,
        })
    }

    /// What is judged over runs of one schedule needs one.
    fn needs_signals(&self, key: &str) -> Result<usize, Diagnostic> {
        let (message, hint) = match self.action {
            Action::Run { schedule, .. } if schedule.first_signal().is_some() => {
                return Ok(schedule.steps.len());
            }
            Action::Run { .. } => (
                format!("{key} needs a signal"),
                "add one to signals in [run]",
            ),
            Action::Sweep(_) => (
                format!("{key} is judged on one schedule, not in a sweep"),
                "write a second file with [run]",
            ),
            Action::Fuzz(_) => (
                format!("{key} is judged on one schedule, not on random ones"),
                "write a second file with [run]",
            ),
        };
        let span = self.text.find_key(key);
        Err(self.text.diagnostic(span, message).hint(hint))
    }

    fn messages(
        &self,
        table: &Spanned<MessagesTable>,
        snapshots: &mut Snapshots,
    ) -> Result<Messages, Diagnostic> {
        let span = table.span();
        let table = table.get_ref();
        let on_terminal = self
            .document
            .target
            .terminal
            .is_some_and(|terminal| terminal.0.is_some());
        let screen = table.screen.as_ref().filter(|screen| *screen.get_ref());
        if let (Some(screen), false) = (screen, on_terminal) {
            return Err(self
                .text
                .diagnostic(screen.span(), "there is no screen without a terminal")
                .hint("add terminal = true to [target]"));
        }
        let whole = table.transcript.is_some() || table.snapshot || screen.is_some();
        if whole && !matches!(self.action, Action::Run { .. }) {
            return Err(self
                .text
                .diagnostic(
                    span,
                    "a sweep has a transcript for each point, and random schedules one each",
                )
                .hint("use lines and never here, and a second file with [run] for the whole"));
        }
        if let (Some(transcript), true) = (&table.transcript, table.snapshot) {
            return Err(self
                .text
                .diagnostic(transcript.span(), "both transcript and snapshot")
                .hint("keep the text here or in a file"));
        }
        let file = |kind: &str| -> PathBuf {
            self.text
                .directory()
                .join("snapshots")
                .join(format!("{}@{kind}.snap", self.stem))
        };
        snapshots.transcript = table.snapshot.then(|| file("transcript"));
        snapshots.screen = screen.map(|_| file("screen"));
        snapshots.inline = table.transcript.as_ref().map(Spanned::span);
        let built_in = table.redactions.clone().unwrap_or(vec![
            Redaction::Times,
            Redaction::Pids,
            Redaction::Paths,
        ]);
        let mut redactions = Redactions::default();
        // The person's own come first: what they name is not a number any more.
        for redact in &table.redact {
            redactions.push(&redact.pattern.0, &redact.with);
        }
        if built_in.contains(&Redaction::Paths) {
            redactions.paths();
        }
        if built_in.contains(&Redaction::Times) {
            redactions.times();
        }
        if built_in.contains(&Redaction::Pids) {
            redactions.pids();
        }
        Ok(Messages {
            lines: table.lines.clone(),
            never: table.never.clone(),
            transcript: table.transcript.as_ref().map(|text| text.get_ref().clone()),
            screens: None,
            redactions,
        })
    }

    fn budget(&self, table: &BudgetTable) -> Result<Budget, Diagnostic> {
        let signals = self.needs_signals("budget")?;
        let runs = match &table.runs {
            None => 20,
            Some(runs) => {
                let number = u64::from(*runs.get_ref());
                LATENCY_RUNS
                    .check(number)
                    .map_err(|problem| self.text.problem(runs.span(), problem))?;
                *runs.get_ref()
            }
        };
        let mut limits = Vec::new();
        if let Some(bounds) = table.acknowledged {
            limits.extend(limits_of(None, bounds));
        }
        for (number, bounds) in &table.exit {
            let nth = number
                .get_ref()
                .parse::<usize>()
                .ok()
                .filter(|nth| (1..=signals).contains(nth))
                .ok_or_else(|| {
                    let message = format!("the schedule has no signal {}", number.get_ref());
                    self.text
                        .diagnostic(number.span(), message)
                        .hint(format!("write a number from 1 to {signals}"))
                })?;
            limits.extend(limits_of(Some(nth - 1), *bounds));
        }
        Ok(Budget { runs, limits })
    }
}

fn limits_of(exit_after: Option<usize>, bounds: Bounds) -> impl Iterator<Item = Limit> {
    [(50, bounds.p50), (99, bounds.p99)]
        .into_iter()
        .filter_map(move |(percentile, bound)| {
            Some(Limit {
                exit_after,
                percentile,
                limit_ms: bound?.ms(),
            })
        })
}

/// Groups of an expression, the whole of it not counted.
fn groups(expression: &Expression) -> usize {
    regex::Regex::new(&expression.0).map_or(0, |regex| regex.captures_len() - 1)
}

fn plain(table: &ContractTable) -> Result<Contract, OptionError> {
    let globs = |globs: &[GlobText]| globs.iter().map(|glob| glob.0.clone()).collect();
    let names = |names: &[OracleName]| names.iter().map(|name| name.0).collect();
    let spec = ContractSpec {
        oracles: names(&table.oracles),
        skip: names(&table.skip),
        keep: globs(&table.keep),
        prefix: table.prefix.clone(),
        prefix_bytes: globs(&table.prefix_bytes),
        any: globs(&table.any),
        daemons: globs(&table.daemons),
        ok_status: table.ok_status.iter().map(|status| status.0).collect(),
        baseline_status: table.baseline_status.0,
        check: table.check.clone(),
        handler_budget: table.handler_budget.map(|time| time.0),
        served: table.served.unwrap_or_default(),
        zombie_limit: table.zombie_limit.map(|time| time.0),
        ask_first: table.ask_first,
    };
    Ok(Contract {
        acknowledged: table.acknowledged.as_ref().map(|table| Acknowledged {
            within_ms: table.within.map_or(Acknowledged::WITHIN_MS, Time::ms),
            pattern: table.pattern.as_ref().map(|pattern| pattern.0.clone()),
        }),
        reach: table.reach,
        ignored: table.ignored,
        ..spec.contract()?
    })
}
