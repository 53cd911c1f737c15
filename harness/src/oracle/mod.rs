//! Oracles: each judges one property of a finished run from its facts.
//!
//! An oracle never touches the target. It compares a run with what was learned
//! from undisturbed ones, and answers with evidence. A new oracle is one file
//! and one line in [`ALL`].

mod baseline;
mod check;
mod contract;
mod exits;
mod leftovers;
mod old_or_new;
mod orphans;
mod points;
mod rerun;
mod status;
mod terminal;
mod verdict;

pub use baseline::{Baseline, Learned};
pub use contract::Contract;
pub use points::{Mapped, Point, PointMap};
pub use verdict::{Evidence, Judgement, Verdict};

#[cfg(test)]
mod tests;

use crate::facts::Run;
use crate::inject::Schedule;

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
    judge: fn(&Context<'_>, &Run) -> Verdict,
}

/// Every oracle, in the order in which a report shows them.
pub static ALL: [Oracle; 8] = [
    Oracle {
        name: "exits",
        violation: "still running after the deadline that follows the last signal",
        judge: exits::judge,
    },
    Oracle {
        name: "status",
        violation: "an exit status that hides the cancellation, a crash, an unhandled traceback",
        judge: status::judge,
    },
    Oracle {
        name: "orphans",
        violation: "a descendant alive after the target's end and a grace period",
        judge: orphans::judge,
    },
    Oracle {
        name: "leftovers",
        violation: "a file or directory that a finished run does not leave",
        judge: leftovers::judge,
    },
    Oracle {
        name: "old-or-new",
        violation: "an output that is neither its old content nor the finished one",
        judge: old_or_new::judge,
    },
    Oracle {
        name: "rerun",
        violation: "running it again fails or ends in another state",
        judge: rerun::judge,
    },
    Oracle {
        name: "terminal",
        violation: "settings changed, cursor hidden, a special mode left on",
        judge: terminal::judge,
    },
    Oracle {
        name: "check",
        violation: "your own check command fails on the end state",
        judge: check::judge,
    },
];

/// Judges a run by every oracle that the contract asks for.
pub fn judge(context: &Context<'_>, run: &Run) -> Vec<Judgement> {
    ALL.iter()
        .filter(|oracle| context.contract.asks(oracle.name))
        .filter(|oracle| oracle.name != "check" || context.contract.check.is_some())
        .map(|oracle| Judgement {
            oracle: oracle.name,
            verdict: (oracle.judge)(context, run),
        })
        .collect()
}

/// Judges a run without a baseline: only what needs nothing to compare with.
pub fn judge_alone(schedule: &Schedule, run: &Run) -> Vec<Judgement> {
    let contract = Contract {
        only: ["exits", "orphans"].map(str::to_owned).into(),
        ..Contract::default()
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
