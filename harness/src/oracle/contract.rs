//! What is asked of a target.

use crate::facts::ExitStatus;
use crate::oracle::id::OracleId;
use crate::oracle::learn::redact::Redactions;
use crate::oracle::prefix::PrefixRule;
use crate::script::{Expect, Script};
use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// What must hold in every run: the oracles that judge it, and what you declare to be right.
///
/// The default contract has every oracle that needs no declaration. It expects that an undisturbed run ends with status
/// 0, and learns from undisturbed runs what the target leaves behind.
///
/// ```
/// use sigproof::testing::{Contract, OracleId};
///
/// let contract = Contract::default()
///     .prefix("out.txt") // it may be cut short
///     .keep("*.log") // these may stay
///     .ok_status(1) // the status of a canceled run
///     .skip(OracleId::Rerun);
/// # let _ = contract;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Oracles that are not asked.
    pub(crate) skip: BTreeSet<OracleId>,
    /// When not empty, only these are asked.
    pub(crate) only: BTreeSet<OracleId>,
    /// Exit statuses that are right for a cancelled run.
    pub(crate) ok_status: BTreeSet<i32>,
    /// The exit status of an undisturbed run.
    pub(crate) baseline_status: i32,
    /// Globs of paths that may be left behind (checkpoints).
    pub(crate) keep: Vec<String>,
    /// Outputs that may be cut short, each as [`PrefixRule`] reads it.
    pub(crate) prefix: Vec<String>,
    /// Globs of outputs whose content does not matter.
    pub(crate) any: Vec<String>,
    /// A command for `sh -c` that must succeed on the end state.
    pub(crate) check: Option<String>,
    /// Globs of command lines that may outlive the target.
    pub(crate) daemons: Vec<String>,
    /// A word to the person, soon.
    #[serde(default)]
    pub(crate) acknowledged: Option<Acknowledged>,
    /// What the target says is done is in its result, once.
    #[serde(default)]
    pub(crate) results: Option<Results>,
    /// More signals stop it sooner.
    #[serde(default)]
    pub(crate) escalation: Option<Escalation>,
    /// The same schedule does whomever the signal is sent to.
    #[serde(default)]
    pub(crate) reach: bool,
    /// Started with the signal ignored, it does not stop on it.
    #[serde(default)]
    pub(crate) ignored: bool,
    /// How long a signal handler may run, in milliseconds.
    #[serde(default)]
    pub(crate) handler_budget_ms: Option<u64>,
    /// How long a child that has ended may be left unwaited for, in milliseconds.
    #[serde(default)]
    pub(crate) zombie_limit_ms: Option<u64>,
    /// A child that is ended by SIGKILL was asked to stop before.
    #[serde(default)]
    pub(crate) ask_first: bool,
    /// What a person sees.
    #[serde(default)]
    pub(crate) messages: Option<Messages>,
    /// What clients can rely on, where the target is a service.
    #[serde(default)]
    pub(crate) service: Option<ServiceContract>,
    /// Which requests a service that was asked to stop still owes an answer.
    #[serde(default)]
    pub(crate) served: Served,
}

/// What clients of a service can rely on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceContract {
    /// What the fault is to do.
    pub expect: Expect,
    /// The signal that stops it when all is done.
    pub stop: i32,
    /// It is used by clients; otherwise by a person at a terminal.
    pub is_service: bool,
    /// It has a URL that says whether it is ready, and that must say so in time.
    #[serde(default)]
    pub unready: bool,
}

/// Which requests a service that was asked to stop still owes an answer.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Served {
    /// Those of which it has read something.
    Read,
    /// Those that were sent whole, on a connection that it has accepted.
    #[default]
    Accepted,
    /// Those on connections that wait to be accepted, too.
    Backlog,
}

/// A word to the person must come this soon after each signal, or the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// How soon, in milliseconds.
    pub within_ms: u64,
    /// What the word is, a regular expression; any output when absent.
    pub pattern: Option<String>,
}

impl Acknowledged {
    /// The usual bound, in milliseconds.
    pub const WITHIN_MS: u64 = 250;
}

/// What the target says is done, and how to find it in its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The acknowledgement of one piece of work in the output, a regular
    /// expression; its first group is the work's name.
    pub said: String,
    /// A command for `sh -c` in the work tree that prints the results.
    pub command: String,
    /// Where that looks, for the evidence.
    pub place: String,
    /// One piece of work in what that prints; the first group is its name.
    pub found: String,
}

/// The second signal stops it sooner, the third at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Time between two signals, in milliseconds; 60 at least, since nearer ones can merge.
    pub gap_ms: u64,
    /// How soon the third ends it, in milliseconds.
    pub third_ms: u64,
    /// How many signals are told apart, 2 or 3.
    pub signals: u8,
}

impl Escalation {
    /// How many signals are told apart unless told otherwise.
    pub const SIGNALS: u8 = 3;

    /// What is usual.
    pub fn usual() -> Escalation {
        Escalation {
            gap_ms: 200,
            third_ms: 500,
            signals: Escalation::SIGNALS,
        }
    }
}

/// What a person sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Lines that come, whole, once each, in this order; `[..]` stands for any part of a line.
    pub lines: Vec<String>,
    /// Text that no line contains.
    pub never: Vec<String>,
    /// The whole transcript; a line `...` stands for any lines.
    pub transcript: Option<String>,
    /// The screens at each signal and at the end, as text.
    pub screens: Option<String>,
    /// What is replaced in lines before they are compared.
    pub redactions: Redactions,
}

/// A contract of your own: what differs from the default one, step by step.
impl Contract {
    /// Judges by these oracles only.
    pub fn only(mut self, oracles: impl IntoIterator<Item = OracleId>) -> Contract {
        self.only = oracles.into_iter().collect();
        self
    }

    /// Does not judge by this oracle.
    pub fn skip(mut self, oracle: OracleId) -> Contract {
        self.skip.insert(oracle);
        self
    }

    /// Accepts this exit status of a canceled run, too.
    pub fn ok_status(mut self, status: u8) -> Contract {
        self.ok_status.insert(i32::from(status));
        self
    }

    /// Expects this exit status of an undisturbed run; 0 unless set.
    pub fn baseline_status(mut self, status: u8) -> Contract {
        self.baseline_status = i32::from(status);
        self
    }

    /// Accepts that paths which match this glob are left behind, such as checkpoints.
    pub fn keep(mut self, glob: impl Into<String>) -> Contract {
        self.keep.push(glob.into());
        self
    }

    /// Accepts that outputs which match this glob are cut short after whole lines, such as logs. `bytes:` before the
    /// glob lets them be cut anywhere, `set:` lets the lines come in any order, `blocks=512:` cuts by blocks.
    pub fn prefix(mut self, glob: impl Into<String>) -> Contract {
        self.prefix.push(glob.into());
        self
    }

    /// Accepts any content of outputs that match this glob.
    pub fn any(mut self, glob: impl Into<String>) -> Contract {
        self.any.push(glob.into());
        self
    }

    /// Runs this command with `sh -c` on the end state of every run; it must succeed.
    pub fn check(mut self, command: impl Into<String>) -> Contract {
        self.check = Some(command.into());
        self
    }

    /// Accepts that processes whose command line matches this glob outlive the target.
    pub fn daemon(mut self, glob: impl Into<String>) -> Contract {
        self.daemons.push(glob.into());
        self
    }

    /// Bounds how long a signal handler may run, in whole milliseconds.
    pub fn handler_budget(mut self, time: Duration) -> Contract {
        self.handler_budget_ms = Some(milliseconds(time));
        self
    }

    /// Bounds how long a child that has ended may be left unwaited for, in whole milliseconds.
    pub fn zombie_limit(mut self, time: Duration) -> Contract {
        self.zombie_limit_ms = Some(milliseconds(time));
        self
    }

    /// Requires that a child which is ended by SIGKILL was asked to stop before.
    pub fn ask_first(mut self) -> Contract {
        self.ask_first = true;
        self
    }

    /// Requires output (or the exit) this soon after each signal, in whole milliseconds.
    pub fn acknowledged_within(mut self, time: Duration) -> Contract {
        self.acknowledged = Some(Acknowledged {
            within_ms: milliseconds(time),
            pattern: None,
        });
        self
    }

    /// Requires this line in the output, whole and once, after the lines required before; `[..]` stands for any part of
    /// it.
    pub fn line(mut self, line: impl Into<String>) -> Contract {
        self.messages_mut().lines.push(line.into());
        self
    }

    /// Forbids output lines that contain this text; `[..]` stands for any part of a line.
    pub fn never(mut self, text: impl Into<String>) -> Contract {
        self.messages_mut().never.push(text.into());
        self
    }

    fn messages_mut(&mut self) -> &mut Messages {
        self.messages.get_or_insert_with(Messages::default)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Contract {
    /// The same for a target with this script.
    pub(crate) fn of_script(self, script: Option<&Script>) -> Contract {
        Contract {
            service: script.map(|script| ServiceContract {
                expect: script.expect,
                stop: script.stop,
                is_service: script.is_service(),
                unready: script.unready.is_some(),
            }),
            ..self
        }
    }

    /// Whether its readiness is asked for while it stops.
    pub(crate) fn asks_unready(&self) -> bool {
        let service = self.service.as_ref();
        service.is_some_and(|service| service.unready) && !self.expects_survival()
    }

    /// Whether a person uses the target, by keys.
    pub(crate) fn is_for_a_person(&self) -> bool {
        self.service
            .as_ref()
            .is_some_and(|service| !service.is_service)
    }

    /// Whether the target is used by clients.
    pub(crate) fn is_of_service(&self) -> bool {
        self.service
            .as_ref()
            .is_some_and(|service| service.is_service)
    }

    /// Whether the target is run again in the end states of runs.
    pub(crate) fn asks_rerun(&self) -> bool {
        self.asks(match self.is_of_service() {
            true => OracleId::Restarts,
            false => OracleId::Rerun,
        })
    }

    /// Whether the fault is to do nothing that clients notice.
    pub(crate) fn expects_survival(&self) -> bool {
        let expect = self.service.as_ref().map(|service| service.expect);
        expect == Some(Expect::Survive)
    }

    /// Whether this is how an undisturbed run ends.
    pub(crate) fn is_usual_end(&self, status: ExitStatus, was_stopped: bool) -> bool {
        // A shell says 128 + n of a program that a signal has ended.
        let code = match status {
            ExitStatus::Exited(code) => code,
            ExitStatus::Signaled(signal) => 128 + signal,
        };
        if code == self.baseline_status {
            return true;
        }
        let Some(service) = self.service.as_ref().filter(|_| was_stopped) else {
            return false;
        };
        match status {
            ExitStatus::Signaled(signal) => signal == service.stop,
            ExitStatus::Exited(code) => {
                code == 0 || code == 128 + service.stop || self.ok_status.contains(&code)
            }
        }
    }

    /// Whether this oracle is part of the contract.
    pub(crate) fn asks(&self, oracle: OracleId) -> bool {
        (self.only.is_empty() || self.only.contains(&oracle)) && !self.skip.contains(&oracle)
    }

    pub(crate) fn keeps(&self, path: &str) -> bool {
        matches_any(&self.keep, path)
    }

    /// How this output may be cut, if it may.
    pub(crate) fn prefix_of(&self, path: &str) -> Option<PrefixRule> {
        let rules = self.prefix.iter();
        rules
            .filter_map(|text| PrefixRule::parse(text).ok())
            .find(|rule| matches_any(std::slice::from_ref(&rule.glob), path))
    }

    /// Globs of the outputs whose content is compared.
    pub(crate) fn compared(&self) -> Vec<String> {
        let rules = self.prefix.iter();
        rules
            .filter_map(|text| Some(PrefixRule::parse(text).ok()?.glob))
            .collect()
    }

    pub(crate) fn may_be_anything(&self, path: &str) -> bool {
        matches_any(&self.any, path)
    }

    pub(crate) fn is_daemon(&self, command: &str) -> bool {
        matches_any(&self.daemons, command)
    }
}

/// Globs are checked when they are read from the command line.
fn matches_any(globs: &[String], text: &str) -> bool {
    globs
        .iter()
        .filter_map(|glob| Some(Glob::new(glob).ok()?.compile_matcher()))
        .any(|glob: GlobMatcher| glob.is_match(text))
}
