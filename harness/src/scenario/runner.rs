//! Playing one scenario: make its start state, run it, compare, accept.

use super::snapshot::Snapshot;
use super::work_tree_setup::SetupError;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::explore;
use crate::explore::{FuzzProgress, Progress, RunOptions};
use crate::failure::Store;
use crate::oracle::{Contract, is_expected};
use crate::scenario::document::read::{Action, Scenario};
use crate::scenario::document::substitutions::Binaries;
use crate::session;
use crate::session::{Case, CaseVerdict, Difference, Finding, Kind, OracleResult, OracleVerdict};
use sigproof_core::StopToken;
use std::path::PathBuf;

/// What playing needs.
#[derive(Debug, Clone)]
pub struct Runner {
    /// Where binaries are looked for.
    pub binaries: Binaries,
    /// Where failing runs, and what scenarios start from, are stored.
    pub store: PathBuf,
    /// Runs of a sweep at a time.
    pub jobs: usize,
    /// Accept what there is as what is expected.
    pub bless: bool,
    /// How often a scenario that fails is played again.
    pub retries: u32,
}

/// Exit codes of cases that could not be carried out.
const USAGE: u8 = 2;

impl Runner {
    /// Plays a scenario. `progress` hears of a sweep's runs: done and planned.
    ///
    /// # Errors
    /// The person interrupted it. All other trouble is told by the case.
    pub fn play(
        &self,
        scenario: &Scenario,
        token: &StopToken,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Case, Error> {
        let mut case = self.once(scenario, token, &mut progress)?;
        let mut again = 0;
        while failed(&case) && again < self.retries {
            again += 1;
            let next = self.once(scenario, token, &mut progress)?;
            if failed(&next) {
                case = next;
                continue;
            }
            // It fails once and holds once: what was found stays told.
            for finding in &mut case.findings {
                finding.flaky = true;
            }
            for oracle in &mut case.oracles {
                if oracle.verdict == OracleVerdict::Violated {
                    oracle.verdict = OracleVerdict::Flaky;
                }
            }
            case.held_on_retry = true;
            let words = case
                .error
                .take()
                .map_or_else(String::new, |error| format!(": {}", error.text));
            case.notes
                .push(format!("it failed {again} of {} times{words}", again + 1));
            case = case.judged();
        }
        case.file = Some(scenario.path.display().to_string());
        Ok(case)
    }

    fn once(
        &self,
        scenario: &Scenario,
        token: &StopToken,
        progress: &mut impl FnMut(usize, usize),
    ) -> Result<Case, Error> {
        let kind = match scenario.act {
            Action::Run { .. } => Kind::Run,
            Action::Sweep(_) => Kind::Sweep,
            Action::Fuzz(_) => Kind::Fuzz,
        };
        let fail = |text: &str, code: u8| {
            Case::failed(&scenario.name, kind, &scenario.command(), text, code)
        };
        match self.attempt(scenario, token, progress) {
            Ok(case) => Ok(case),
            Err(SetupError::Diagnostic(mistake)) => Ok(fail(&mistake.render(false, 100), USAGE)),
            Err(SetupError::Error(error)) if error.is_interrupted() => Err(error),
            Err(SetupError::Error(error)) => Ok(fail(&error.to_string(), error.exit_code())),
        }
    }

    fn attempt(
        &self,
        scenario: &Scenario,
        token: &StopToken,
        progress: &mut impl FnMut(usize, usize),
    ) -> Result<Case, SetupError> {
        let target = scenario.target(&self.binaries, &self.store, token)?;
        let store = Store::at(&self.store);
        let open = |jobs| SupervisorPool::open(&target, jobs, scenario.isolation);
        let (schedule, baseline, confirm) = match &scenario.act {
            Action::Sweep(options) => {
                let told = |happened: Progress<'_>| {
                    if let Progress::Ran { done, total, .. } = happened {
                        progress(done, total);
                    }
                };
                let contract = scenario.contract.clone();
                let pool = open(self.jobs)?;
                let report = explore::sweep(pool, contract, options, &store, token, told)?;
                let fault = options.words();
                return Ok(session::of_sweep(
                    &scenario.name,
                    &target.command,
                    fault,
                    &report,
                ));
            }
            Action::Fuzz(options) => {
                let total = options.budget.runs;
                let told = |happened: FuzzProgress<'_>| {
                    if let FuzzProgress::Ran { runs, .. } = happened {
                        progress(runs, total.unwrap_or(runs));
                    }
                };
                let contract = scenario.contract.clone();
                let pool = open(self.jobs)?;
                let report = explore::fuzz(pool, contract, options, &store, token, told)?;
                let name = &scenario.name;
                return Ok(session::of_fuzz(
                    name,
                    &target.command,
                    options.words(),
                    &report,
                ));
            }
            Action::Run {
                schedule,
                baseline,
                confirm,
            } => (schedule, *baseline, *confirm),
        };
        let attempt = RunOptions {
            schedule: schedule.clone(),
            baseline,
            confirm,
            budget: scenario.budget.clone(),
            isolation: scenario.isolation,
        };
        let mut snapshots = Snapshot::load(scenario)?;
        if self.bless && !snapshots.is_empty() {
            let pool = open(1)?;
            if let Some(case) = accept(scenario, &mut snapshots, pool, &attempt, &store, token)? {
                return Ok(case);
            }
        }
        let contract = asked(scenario, &snapshots);
        let report = explore::run(open(1)?, contract, &attempt, &store, token)?;
        let mut case = session::of_run(&scenario.name, &target.command, &report);
        if let (Some(messages), true) = (&report.contract.messages, asks_messages(scenario)) {
            for snapshot in &snapshots {
                let difference = snapshot.difference(&report.trial.run, messages);
                let sure = difference.filter(|_| !is_flaky(&case, snapshot));
                if let Err(error) = snapshot.propose(scenario, sure.as_ref()) {
                    case.notes
                        .push(format!("{}: {error}", snapshot.file().display()));
                }
                case.take(snapshot, sure);
            }
            case = case.judged();
        }
        Ok(case)
    }
}

fn failed(case: &Case) -> bool {
    !matches!(case.verdict, CaseVerdict::Holds | CaseVerdict::Flaky)
}

fn asks_messages(scenario: &Scenario) -> bool {
    scenario.contract.asks("messages")
}

/// The scenario's contract with its snapshots.
fn asked(scenario: &Scenario, snapshots: &[Snapshot]) -> Contract {
    let mut contract = scenario.contract.clone();
    if let Some(messages) = &mut contract.messages {
        for snapshot in snapshots {
            snapshot.ask(messages);
        }
    }
    contract
}

fn is_flaky(case: &Case, snapshot: &Snapshot) -> bool {
    let word = snapshot.kind.word();
    let mine = |finding: &&Finding| finding.oracle == "messages" && finding.subject == word;
    case.findings
        .iter()
        .filter(mine)
        .any(|finding| finding.flaky)
}

/// Runs it for new snapshots, and once more to see that they are the same each
/// time. Answers a case only when they are not, or when it does not get so far.
fn accept(
    scenario: &Scenario,
    snapshots: &mut [Snapshot],
    pool: SupervisorPool,
    attempt: &RunOptions,
    store: &Store,
    token: &StopToken,
) -> Result<Option<Case>, SetupError> {
    let mut contract = scenario.contract.clone();
    let Some(messages) = &mut contract.messages else {
        return Ok(None);
    };
    (messages.transcript, messages.screens) = (None, None);
    let messages = messages.clone();
    // Nothing but one run: whether the contract holds is found out afterwards.
    let once = RunOptions {
        confirm: 0,
        budget: None,
        ..attempt.clone()
    };
    contract.only = ["exits".to_owned()].into();
    let pool = std::sync::Arc::new(pool);
    let mut texts: Vec<Vec<String>> = Vec::new();
    for _ in 0..3 {
        let report = explore::run_in(&pool, contract.clone(), &once, store, token)?;
        if report.not_reached() > 0 {
            return Ok(None);
        }
        let run = &report.trial.run;
        texts.push(
            snapshots
                .iter()
                .map(|snapshot| snapshot.actual(run, &messages))
                .collect(),
        );
    }
    for (number, snapshot) in snapshots.iter_mut().enumerate() {
        let text = &texts[0][number];
        if let Some(other) = texts
            .iter()
            .map(|texts| &texts[number])
            .find(|other| *other != text)
        {
            let fits = |text: &str| {
                snapshot
                    .expected
                    .as_ref()
                    .is_some_and(|expected| is_expected(expected, text))
            };
            if texts.iter().all(|texts| fits(&texts[number])) {
                continue;
            }
            let words = format!(
                "the {} differs from run to run, so that it is no snapshot; replace what varies with redact, or leave it out with [..] and a line ...\n{}",
                snapshot.kind.word(),
                similar::TextDiff::from_lines(text.as_str(), other)
                    .unified_diff()
                    .context_radius(1)
            );
            let command = scenario.command();
            return Ok(Some(Case::failed(
                &scenario.name,
                Kind::Run,
                &command,
                &words,
                USAGE,
            )));
        }
        let is_old = snapshot
            .expected
            .as_ref()
            .is_some_and(|expected| is_expected(expected, text));
        if !is_old {
            snapshot.accept(scenario, text).map_err(|error| {
                Error::harness(format!("{}: {error}", snapshot.file().display()))
            })?;
            snapshot.expected = Some(text.clone());
        }
    }
    Ok(None)
}

impl Case {
    /// Takes what differs; a snapshot that nobody has accepted is a finding, too.
    fn take(&mut self, snapshot: &Snapshot, difference: Option<Difference>) {
        let Some(difference) = difference else {
            return;
        };
        if snapshot.expected.is_none() {
            let word = snapshot.kind.word();
            self.findings.push(Finding {
                oracle: "messages".to_owned(),
                subject: word.to_owned(),
                text: format!(
                    "there is no snapshot of the {word} yet; look at it with `cargo insta review`, or accept it with `sigproof test --bless`"
                ),
                count: 1,
                seen: 1,
                times: 1,
                run: Some(0),
                ..Finding::default()
            });
            for oracle in &mut self.oracles {
                if oracle.name == "messages" {
                    *oracle = OracleResult::named("messages", OracleVerdict::Violated, None);
                }
            }
        }
        self.differences.push(difference);
    }
}
