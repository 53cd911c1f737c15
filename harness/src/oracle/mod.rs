//! Oracles: each judges one property of a finished run from its facts.
//!
//! An oracle never touches the target. It compares a run with what was learned
//! from undisturbed ones, and returns evidence. A new oracle is one file, a
//! variant of [`OracleId`] and an entry of [`ALL`].

mod contract;
mod expected;
mod guide;
mod id;
mod learn;
mod messages;
mod multi_run;
mod prefix;
pub(crate) mod quote;
mod service;
mod single;
mod verdict;

pub use contract::{Acknowledged, Contract, Escalation, Messages, Results, Served};
pub use guide::{Guide, HEADINGS, guide};
pub use id::OracleId;
pub use learn::baseline::{Baseline, EndState};
pub use learn::point_map::{Class, MappedCalls, PhaseSelection, Point, PointMap};
pub use learn::redact::Redactions;
pub(crate) use learn::state_shape::StateShape;
pub use messages::elide::keep_elisions;
pub use messages::{is_expected, screens_of, transcript_of};
pub use multi_run::escalation::judge as judge_escalation;
pub use multi_run::ignored::judge as judge_ignored;
pub use multi_run::reach::judge as judge_reach;
pub(crate) use prefix::PrefixRule;
pub use single::acknowledged::latencies_ns;
pub(crate) use single::ask_first::killed_unasked;
pub use verdict::{Acceptance, Evidence, Judgement, Verdict};

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
    /// Its name.
    pub id: OracleId,
    /// It is part of a contract that does not name it.
    asked: fn(&Contract) -> bool,
    judge: fn(&Context<'_>, &Run) -> Verdict,
}

impl Oracle {
    /// Whether this is part of the contract.
    pub fn asked_by(&self, contract: &Contract) -> bool {
        contract.asks(self.id) && (self.asked)(contract)
    }
}

fn always(_: &Contract) -> bool {
    true
}

/// Every oracle that judges one run, in the order in which a report shows them. The others judge several runs of one
/// schedule.
pub static ALL: [Oracle; 19] = [
    Oracle {
        id: OracleId::Exits,
        asked: always,
        judge: single::exits::judge,
    },
    Oracle {
        id: OracleId::Status,
        asked: always,
        judge: single::status::judge,
    },
    Oracle {
        id: OracleId::Orphans,
        asked: always,
        judge: single::orphans::judge,
    },
    Oracle {
        id: OracleId::Zombies,
        asked: always,
        judge: single::zombies::judge,
    },
    Oracle {
        id: OracleId::Leftovers,
        asked: always,
        judge: single::end_state::leftovers::judge,
    },
    Oracle {
        id: OracleId::OldOrNew,
        asked: always,
        judge: single::end_state::old_or_new::judge,
    },
    Oracle {
        id: OracleId::Rerun,
        asked: |contract| !contract.is_of_service(),
        judge: single::end_state::rerun::judge,
    },
    Oracle {
        id: OracleId::Served,
        asked: |contract| contract.is_of_service() && !contract.expects_survival(),
        judge: service::served::judge,
    },
    Oracle {
        id: OracleId::Refuses,
        asked: |contract| contract.is_of_service() && !contract.expects_survival(),
        judge: service::refuses::judge,
    },
    Oracle {
        id: OracleId::Survives,
        asked: Contract::expects_survival,
        judge: service::survives::judge,
    },
    Oracle {
        id: OracleId::Restarts,
        asked: Contract::is_of_service,
        judge: service::restarts::judge,
    },
    Oracle {
        id: OracleId::Unready,
        asked: Contract::asks_unready,
        judge: service::unready::judge,
    },
    Oracle {
        id: OracleId::Terminal,
        asked: always,
        judge: single::terminal::judge,
    },
    Oracle {
        id: OracleId::Handler,
        asked: always,
        judge: single::handler::judge,
    },
    Oracle {
        id: OracleId::Check,
        asked: |contract| contract.check.is_some(),
        judge: single::check::judge,
    },
    Oracle {
        id: OracleId::Messages,
        asked: |contract| contract.messages.is_some(),
        judge: messages::judge,
    },
    Oracle {
        id: OracleId::Acknowledged,
        asked: |contract| contract.acknowledged.is_some(),
        judge: single::acknowledged::judge,
    },
    Oracle {
        id: OracleId::Results,
        asked: |contract| contract.results.is_some(),
        judge: single::end_state::results::judge,
    },
    Oracle {
        id: OracleId::AskFirst,
        asked: |contract| contract.ask_first,
        judge: single::ask_first::judge,
    },
];

/// Judges a run by every oracle that the contract asks for.
pub fn judge(context: &Context<'_>, run: &Run) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = ALL
        .iter()
        .filter(|oracle| oracle.asked_by(context.contract))
        .map(|oracle| Judgement {
            oracle: oracle.id,
            verdict: (oracle.judge)(context, run),
        })
        .collect();
    tell_once(&mut judgements);
    judgements
}

/// A path that is wrong, and that running again does not repair, is one thing to be mended.
fn tell_once(judgements: &mut [Judgement]) {
    let Some(rerun) = judgements
        .iter()
        .position(|judgement| judgement.oracle == OracleId::Rerun)
    else {
        return;
    };
    let Verdict::Violated { evidence } = judgements[rerun].verdict.clone() else {
        return;
    };
    let mut told: Vec<String> = Vec::new();
    for judgement in judgements.iter_mut() {
        if !matches!(judgement.oracle, OracleId::OldOrNew | OracleId::Leftovers) {
            continue;
        }
        if let Verdict::Violated { evidence: first } = &mut judgement.verdict {
            for one in first {
                if evidence.iter().any(|again| again.subject == one.subject) {
                    one.text
                        .push_str(", and running it again does not repair it");
                    told.push(one.subject.clone());
                }
            }
        }
    }
    let rest = evidence
        .into_iter()
        .filter(|one| !told.contains(&one.subject));
    judgements[rerun].verdict = Verdict::of(rest.collect());
}

/// The oracles that judge a run without a baseline. Of `status` it is crashes and unhandled tracebacks.
pub const ALONE: [OracleId; 8] = [
    OracleId::Exits,
    OracleId::Status,
    OracleId::Orphans,
    OracleId::Zombies,
    OracleId::Terminal,
    OracleId::Handler,
    OracleId::Messages,
    OracleId::Acknowledged,
];

/// Judges a run without a baseline: only what needs nothing to compare with.
pub fn judge_alone(contract: &Contract, schedule: &Schedule, run: &Run) -> Vec<Judgement> {
    let asked = ALONE.into_iter().filter(|oracle| contract.asks(*oracle));
    let mut skip = contract.skip.clone();
    skip.extend(
        OracleId::ALL
            .into_iter()
            .filter(|oracle| !ALONE.contains(oracle)),
    );
    let contract = Contract {
        only: asked.collect(),
        skip,
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
