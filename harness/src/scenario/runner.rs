//! Runs one scenario: makes its start state, runs it, compares, accepts.

use super::snapshot::Snapshot;
use super::work_tree_setup::SetupError;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::explore;
use crate::explore::RunOptions;
use crate::failure::Store;
use crate::oracle::{Contract, OracleId, is_expected};
use crate::scenario::action::Action;
use crate::scenario::document::substitutions::Binaries;
use crate::scenario::read::Scenario;
use crate::session;
use crate::session::{Case, CaseVerdict, Difference, Finding, Kind, OracleResult, OracleVerdict};
use sigproof_core::StopToken;
use std::path::PathBuf;

/// What a scenario needs to be run.
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
    /// Runs a scenario, and a failed one again. Returns `None` when the person interrupts it; every other trouble is in
    /// the case.
    pub fn run(&self, scenario: &Scenario, token: &StopToken) -> Option<Case> {
        let mut case = self.once(scenario, token)?;
        let mut again = 0;
        while failed(&case) && again < self.retries {
            again += 1;
            let next = self.once(scenario, token)?;
            if failed(&next) {
                case = next;
                continue;
            }
            // It fails once and holds once: the findings stay.
            for finding in &mut case.findings {
                finding.flaky = true;
            }
            for oracle in &mut case.oracles {
                if oracle.verdict == OracleVerdict::Violated {
                    oracle.verdict = OracleVerdict::Flaky;
                }
            }
            case.held_on_retry = true;
            let why = case
                .error
                .take()
                .map_or_else(String::new, |error| format!(": {}", error.text));
            case.notes
                .push(format!("it failed {again} of {} times{why}", again + 1));
            case = case.judged();
        }
        case.file = Some(scenario.path.display().to_string());
        Some(case)
    }

    fn once(&self, scenario: &Scenario, token: &StopToken) -> Option<Case> {
        let kind = scenario.action.kind();
        let fail = |text: &str, code: u8| {
            Case::failed(&scenario.name, kind, &scenario.command(), text, code)
        };
        Some(match self.attempt(scenario, token) {
            Ok(case) => case,
            Err(SetupError::Diagnostic(mistake)) => fail(&mistake.render(false, 100), USAGE),
            Err(SetupError::Error(error)) if error.is_interrupted() => return None,
            Err(SetupError::Error(error)) => {
                let (name, command) = (&scenario.name, scenario.command());
                Case::of_violation(name, kind, &command, error)
                    .unwrap_or_else(|error| fail(&error.to_string(), error.exit_code()))
            }
        })
    }

    fn attempt(&self, scenario: &Scenario, token: &StopToken) -> Result<Case, SetupError> {
        let target = scenario.target(&self.binaries, &self.store, token)?;
        let store = Store::at(&self.store);
        let open = |jobs| SupervisorPool::open(&target, jobs, scenario.isolation);
        let (schedule, baseline, confirm) = match &scenario.action {
            Action::Sweep(options) => {
                let contract = scenario.contract.clone();
                let pool = open(self.jobs)?;
                let report = explore::sweep(pool, contract, options, &store, token, |_| {})?;
                let fault = options.words();
                return Ok(session::of_sweep(
                    &scenario.name,
                    &target.command,
                    fault,
                    &report,
                ));
            }
            Action::Fuzz(options) => {
                let contract = scenario.contract.clone();
                let pool = open(self.jobs)?;
                let report = explore::fuzz(pool, contract, options, &store, token, |_| {})?;
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
        let contract = contract_with(scenario, &snapshots);
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
    scenario.contract.asks(OracleId::Messages)
}

/// The scenario's contract with its snapshots.
fn contract_with(scenario: &Scenario, snapshots: &[Snapshot]) -> Contract {
    let mut contract = scenario.contract.clone();
    if let Some(messages) = &mut contract.messages {
        for snapshot in snapshots {
            snapshot.require(messages);
        }
    }
    contract
}

fn is_flaky(case: &Case, snapshot: &Snapshot) -> bool {
    let word = snapshot.kind.name();
    let mine =
        |finding: &&Finding| finding.oracle == OracleId::Messages.name() && finding.subject == word;
    case.findings
        .iter()
        .filter(mine)
        .any(|finding| finding.flaky)
}

/// Runs it for new snapshots, three times to see that they do not vary. Returns a
/// case only when they do, or when a run does not get so far.
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
    contract.only = [OracleId::Exits].into();
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
                "the {} varies from run to run, so it cannot be a snapshot; redact what varies, or leave it out with [..] and a line ...\n{}",
                snapshot.kind.name(),
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
            snapshot
                .accept(scenario, text)
                .map_err(|error| Error::harness(error.to_string()).at_path(snapshot.file()))?;
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
            let word = snapshot.kind.name();
            self.findings.push(Finding {
                oracle: OracleId::Messages.to_string(),
                subject: word.to_owned(),
                text: format!(
                    "the {word} has no snapshot yet; review it with `cargo insta review`, or accept it with `sigproof test --bless`"
                ),
                count: 1,
                seen: 1,
                times: 1,
                run: Some(0),
                ..Finding::default()
            });
            for oracle in &mut self.oracles {
                if oracle.name == OracleId::Messages.name() {
                    *oracle = OracleResult::named(
                        OracleId::Messages.name(),
                        OracleVerdict::Violated,
                        None,
                    );
                }
            }
        }
        self.differences.push(difference);
    }
}
