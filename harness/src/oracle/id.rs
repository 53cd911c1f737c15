//! The names of the oracles.

use crate::facts::signals::nearest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An oracle, by its name: as in `--oracles`, in scenario files and in reports.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OracleId {
    /// It ends soon after the last fault.
    Exits,
    /// Its exit status says that it was cancelled.
    Status,
    /// No descendant outlives it.
    Orphans,
    /// It waits for its children.
    Zombies,
    /// It leaves no file behind that a finished run does not leave.
    Leftovers,
    /// Each output is the old or the finished one.
    OldOrNew,
    /// It can be run again.
    Rerun,
    /// Requests in flight are answered.
    Served,
    /// New connections are refused, once it is gone.
    Refuses,
    /// Clients notice nothing of a signal that must not stop it.
    Survives,
    /// It can be started again.
    Restarts,
    /// It says that it is not ready before it takes no connections any more.
    Unready,
    /// The terminal is as it was before.
    Terminal,
    /// Its signal handlers do only what a handler may do.
    Handler,
    /// The check command of the contract succeeds.
    Check,
    /// The expected messages are there.
    Messages,
    /// It acknowledges the signal soon.
    Acknowledged,
    /// The work that it reports as done is in the result.
    Results,
    /// The second signal stops it sooner, and the third at once.
    Escalation,
    /// It does the same whether the process or the group gets the signal.
    Reach,
    /// Started with the signal ignored, it does not stop on it.
    Ignored,
    /// Its latencies are within their budget.
    Budget,
    /// It asks a child to stop before it kills it.
    AskFirst,
}

impl OracleId {
    /// Every oracle, in the order in which a report shows them.
    pub const ALL: [OracleId; 23] = [
        OracleId::Exits,
        OracleId::Status,
        OracleId::Orphans,
        OracleId::Zombies,
        OracleId::Leftovers,
        OracleId::OldOrNew,
        OracleId::Rerun,
        OracleId::Served,
        OracleId::Refuses,
        OracleId::Survives,
        OracleId::Restarts,
        OracleId::Unready,
        OracleId::Terminal,
        OracleId::Handler,
        OracleId::Check,
        OracleId::Messages,
        OracleId::Acknowledged,
        OracleId::Results,
        OracleId::Escalation,
        OracleId::Reach,
        OracleId::Ignored,
        OracleId::Budget,
        OracleId::AskFirst,
    ];

    /// The name, as a person writes it.
    pub const fn name(self) -> &'static str {
        match self {
            OracleId::Exits => "exits",
            OracleId::Status => "status",
            OracleId::Orphans => "orphans",
            OracleId::Zombies => "zombies",
            OracleId::Leftovers => "leftovers",
            OracleId::OldOrNew => "old-or-new",
            OracleId::Rerun => "rerun",
            OracleId::Served => "served",
            OracleId::Refuses => "refuses",
            OracleId::Survives => "survives",
            OracleId::Restarts => "restarts",
            OracleId::Unready => "unready",
            OracleId::Terminal => "terminal",
            OracleId::Handler => "handler",
            OracleId::Check => "check",
            OracleId::Messages => "messages",
            OracleId::Acknowledged => "acknowledged",
            OracleId::Results => "results",
            OracleId::Escalation => "escalation",
            OracleId::Reach => "reach",
            OracleId::Ignored => "ignored",
            OracleId::Budget => "budget",
            OracleId::AskFirst => "ask-first",
        }
    }

    /// What a violation of it is, in a sentence.
    pub const fn violation(self) -> &'static str {
        match self {
            OracleId::Exits => "still running after the deadline that follows the last fault",
            OracleId::Status => {
                "an exit status that hides the cancellation, a crash, an unhandled traceback"
            }
            OracleId::Orphans => "a descendant alive after the target's end and a grace period",
            OracleId::Zombies => {
                "a child that has ended and that a target, which goes on, does not wait for"
            }
            OracleId::Leftovers => "a file or directory that a finished run does not leave",
            OracleId::OldOrNew => "an output that is neither its old content nor the finished one",
            OracleId::Rerun => "running it again fails or ends in another state",
            OracleId::Served => {
                "a request that a service had taken is cut, reset or never answered"
            }
            OracleId::Refuses => {
                "a new connection hangs after the service is gone or has had its time"
            }
            OracleId::Survives => {
                "a signal that must not stop a service stops it, or a client notices it"
            }
            OracleId::Restarts => {
                "a service that is started again does not get ready, or serves something else"
            }
            OracleId::Unready => {
                "a service that is told to stop takes no connections before its URL says that it is not ready"
            }
            OracleId::Terminal => "settings changed, cursor hidden, a special mode left on",
            OracleId::Handler => {
                "a handler that does what no handler may, or runs longer than its budget"
            }
            OracleId::Check => "your own check command fails on the end state",
            OracleId::Messages => {
                "an expected line missing, repeated, torn or out of order; a snapshot that differs"
            }
            OracleId::Acknowledged => "no word to the person soon after the signal",
            OracleId::Results => {
                "work that was said to be done is missing from the result, or is there twice"
            }
            OracleId::Escalation => {
                "the second signal does not stop it sooner, or the third does not end it at once"
            }
            OracleId::Reach => {
                "it works when the signal is sent to the group and not to the process, or the reverse"
            }
            OracleId::Ignored => "started with the signal ignored, it stops on it",
            OracleId::Budget => "a latency is longer than the scenario allows",
            OracleId::AskFirst => "a child is ended by SIGKILL and was never asked to stop",
        }
    }
}

impl fmt::Display for OracleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is not the name of an oracle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownOracle {
    text: String,
}

impl UnknownOracle {
    /// The oracle that is probably meant, or all of them.
    pub fn hint(&self) -> String {
        let names = OracleId::ALL.map(OracleId::name);
        match nearest(&self.text, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        }
    }
}

impl fmt::Display for UnknownOracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such oracle: {}", self.text)
    }
}

impl std::error::Error for UnknownOracle {}

impl FromStr for OracleId {
    type Err = UnknownOracle;

    fn from_str(text: &str) -> Result<OracleId, UnknownOracle> {
        let named = |id: &OracleId| id.name() == text;
        OracleId::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| UnknownOracle {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_way_to_write_a_name_is_the_same() {
        assert_eq!(OracleId::ALL.as_slice(), OracleId::value_variants());
        for id in OracleId::ALL {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(
                serde_json::to_string(&id).unwrap(),
                format!("\"{id}\""),
                "in a file"
            );
            let value = id.to_possible_value().unwrap();
            assert_eq!(value.get_name(), id.name(), "on the command line");
        }
        assert_eq!(format!("[{:<7}]", OracleId::Exits), "[exits  ]");
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_suggestion() {
        let error = "leftover".parse::<OracleId>().unwrap_err();
        assert_eq!(error.to_string(), "no such oracle: leftover");
        assert_eq!(error.hint(), "did you mean `leftovers`?");
        let error = "frobnicate".parse::<OracleId>().unwrap_err();
        assert!(error.hint().starts_with("there are exits, status, "));
    }
}
