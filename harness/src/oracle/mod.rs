//! Oracles: each judges one property of a finished run from its facts.
//!
//! An oracle never touches the target. It compares a run with what was learned
//! from undisturbed ones, and answers with evidence. A new oracle is one file
//! and one line in [`ALL`].

mod contract;
mod expected;
mod learn;
mod messages;
mod multi_run;
mod single;
mod verdict;

pub use contract::{Acknowledged, Contract, Escalation, Messages, Results};
pub use learn::baseline::{Baseline, EndState};
pub use learn::point_map::{Class, PhaseSelection, Point, PointMap};
pub use learn::redact::Redactions;
pub(crate) use learn::state_shape::StateShape;
pub use messages::elide::keep_elisions;
pub use messages::{is_expected, screens_of, transcript_of};
pub use multi_run::escalation::judge as judge_escalation;
pub use multi_run::ignored::judge as judge_ignored;
pub use multi_run::reach::judge as judge_reach;
pub use single::acknowledged::latencies_ns;
pub use verdict::{Evidence, Judgement, Verdict};

use crate::facts::Run;
use crate::schedule::Schedule;

/// Everything that an oracle may look at besides the run.
pub struct Context<'a> {
    /// What undisturbed runs do.
    pub baseline: &'a Baseline,
    /// What is asked.
    pub contract: &'a Contract,
    /// What was done to the run.
    pub schedule: &'a Schedule,
}

/// One property.
pub struct Oracle {
    /// Its name, as in `--oracles`.
    pub name: &'static str,
    /// What a violation is, in a sentence.
    pub violation: &'static str,
    /// It is part of a contract that does not name it.
    asked: fn(&Contract) -> bool,
    judge: fn(&Context<'_>, &Run) -> Verdict,
}

impl Oracle {
    /// Whether this is part of the contract.
    pub fn asked_by(&self, contract: &Contract) -> bool {
        contract.asks(self.name) && (self.asked)(contract)
    }
}

/// A property that is judged on several runs of one schedule, by a scenario.
pub struct MultiRunOracle {
    /// Its name.
    pub name: &'static str,
    /// What a violation is, in a sentence.
    pub violation: &'static str,
}

fn always(_: &Contract) -> bool {
    true
}

/// Every oracle, in the order in which a report shows them.
pub static ALL: [Oracle; 13] = [
    Oracle {
        name: "exits",
        violation: "still running after the deadline that follows the last fault",
        asked: always,
        judge: single::exits::judge,
    },
    Oracle {
        name: "status",
        violation: "an exit status that hides the cancellation, a crash, an unhandled traceback",
        asked: always,
        judge: single::status::judge,
    },
    Oracle {
        name: "orphans",
        violation: "a descendant alive after the target's end and a grace period",
        asked: always,
        judge: single::orphans::judge,
    },
    Oracle {
        name: "zombies",
        violation: "a child that has ended and that a target, which goes on, does not wait for",
        asked: always,
        judge: single::zombies::judge,
    },
    Oracle {
        name: "leftovers",
        violation: "a file or directory that a finished run does not leave",
        asked: always,
        judge: single::leftovers::judge,
    },
    Oracle {
        name: "old-or-new",
        violation: "an output that is neither its old content nor the finished one",
        asked: always,
        judge: single::old_or_new::judge,
    },
    Oracle {
        name: "rerun",
        violation: "running it again fails or ends in another state",
        asked: always,
        judge: single::rerun::judge,
    },
    Oracle {
        name: "terminal",
        violation: "settings changed, cursor hidden, a special mode left on",
        asked: always,
        judge: single::terminal::judge,
    },
    Oracle {
        name: "handler",
        violation: "a handler that does what no handler may, or runs longer than its budget",
        asked: always,
        judge: single::handler::judge,
    },
    Oracle {
        name: "check",
        violation: "your own check command fails on the end state",
        asked: |contract| contract.check.is_some(),
        judge: single::check::judge,
    },
    Oracle {
        name: "messages",
        violation: "an expected line missing, repeated, torn or out of order; a snapshot that differs",
        asked: |contract| contract.messages.is_some(),
        judge: messages::judge,
    },
    Oracle {
        name: "acknowledged",
        violation: "no word to the person soon after the signal",
        asked: |contract| contract.acknowledged.is_some(),
        judge: single::acknowledged::judge,
    },
    Oracle {
        name: "results",
        violation: "work that was said to be done is missing from the result, or is there twice",
        asked: |contract| contract.results.is_some(),
        judge: single::results::judge,
    },
];

/// Every oracle of several runs.
pub static SEVERAL: [MultiRunOracle; 4] = [
    MultiRunOracle {
        name: "escalation",
        violation: "the second signal does not stop it sooner, or the third does not end it at once",
    },
    MultiRunOracle {
        name: "reach",
        violation: "it works when the signal is sent to the group and not to the process, or the reverse",
    },
    MultiRunOracle {
        name: "ignored",
        violation: "started with the signal ignored, it stops on it",
    },
    MultiRunOracle {
        name: "budget",
        violation: "a latency is longer than the scenario allows",
    },
];

/// The names of all oracles.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter()
        .map(|oracle| oracle.name)
        .chain(SEVERAL.iter().map(|oracle| oracle.name))
}

/// What a violation of this oracle is, in a sentence.
pub fn violation(name: &str) -> Option<&'static str> {
    ALL.iter()
        .map(|oracle| (oracle.name, oracle.violation))
        .chain(SEVERAL.iter().map(|oracle| (oracle.name, oracle.violation)))
        .find(|(known, _)| *known == name)
        .map(|(_, violation)| violation)
}

/// Judges a run by every oracle that the contract asks for.
pub fn judge(context: &Context<'_>, run: &Run) -> Vec<Judgement> {
    ALL.iter()
        .filter(|oracle| oracle.asked_by(context.contract))
        .map(|oracle| Judgement {
            oracle: oracle.name,
            verdict: (oracle.judge)(context, run),
        })
        .collect()
}

/// Judges a run without a baseline: only what needs nothing to compare with.
pub fn judge_alone(contract: &Contract, schedule: &Schedule, run: &Run) -> Vec<Judgement> {
    let contract = Contract {
        only: ["exits", "orphans", "zombies", "messages", "acknowledged"]
            .map(str::to_owned)
            .into(),
        ..contract.clone()
    };
    let baseline = Baseline::nothing();
    judge(
        &Context {
            baseline: &baseline,
            contract: &contract,
            schedule,
        },
        run,
    )
}
