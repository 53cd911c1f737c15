//! A part of the work; the CI system spreads the parts over machines.

use crate::schedule::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_64;

/// One of so many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub total: u32,
}

impl FromStr for Shard {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Shard, ParseError> {
        let wrong = || {
            ParseError::new(format!("no such shard: {text}"))
                .hint("write 2/4 for the second of four")
        };
        let (index, total) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        Shard::new(number(index)?, number(total)?).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Shard {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Shard, ParseError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

/// Variables in which an engine tells which part this is.
struct ShardSource {
    engine: &'static str,
    index: &'static str,
    total: &'static str,
    /// What the engine gives the first part.
    first: First,
}

enum First {
    Number(u32),
    /// It says itself.
    Variable(&'static str),
}

const ENGINES: [ShardSource; 5] = [
    ShardSource {
        engine: "GitLab",
        index: "CI_NODE_INDEX",
        total: "CI_NODE_TOTAL",
        first: First::Number(1),
    },
    ShardSource {
        engine: "Bazel",
        index: "TEST_SHARD_INDEX",
        total: "TEST_TOTAL_SHARDS",
        first: First::Number(0),
    },
    ShardSource {
        engine: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        total: "SLURM_ARRAY_TASK_COUNT",
        first: First::Variable("SLURM_ARRAY_TASK_MIN"),
    },
    // An indexed job tells its index alone; the total has to be set in its description.
    ShardSource {
        engine: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        total: "JOB_COMPLETIONS",
        first: First::Number(0),
    },
    ShardSource {
        engine: "the environment",
        index: "SIGPROOF_SHARD_INDEX",
        total: "SIGPROOF_SHARD_TOTAL",
        first: First::Number(1),
    },
];

impl Shard {
    /// The part with this number, from 1.
    pub fn new(index: u32, total: u32) -> Option<Shard> {
        (1..=total)
            .contains(&index)
            .then_some(Shard { index, total })
    }

    /// The part that the engine tells of in the environment, and its name; `None` where that is everything.
    ///
    /// # Errors
    /// Variables that are no part.
    pub fn from_engine(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<(Shard, &'static str)>, ParseError> {
        let told = Shard::told_by_engine(variable)?;
        Ok(told.filter(|(shard, _)| shard.total > 1))
    }

    /// The same, one of one as well. An engine that tells nonsense is an error.
    ///
    /// # Errors
    /// Variables that are no part.
    pub fn told_by_engine(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<(Shard, &'static str)>, ParseError> {
        for source in &ENGINES {
            let (Some(index), Some(total)) = (variable(source.index), variable(source.total))
            else {
                continue;
            };
            let wrong = || {
                ParseError::new(format!(
                    "{} sets {}={index} and {}={total}, which is not a shard",
                    source.engine, source.index, source.total
                ))
                .hint("use --shard I/N, or --shard none")
            };
            let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
            let first = match &source.first {
                First::Number(first) => *first,
                First::Variable(name) => number(&variable(name).unwrap_or_default())?,
            };
            let from_one = number(&index)?.checked_sub(first).ok_or_else(wrong)? + 1;
            let shard = Shard::new(from_one, number(&total)?).ok_or_else(wrong)?;
            return Ok(Some((shard, source.engine)));
        }
        Ok(None)
    }

    /// Whether this name belongs to the part: always the same, whatever other
    /// names there are.
    pub fn takes(self, name: &str) -> bool {
        xxh3_64(name.as_bytes()) % u64::from(self.total) == u64::from(self.index - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn parts_are_read() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, total: 4 }));
        for wrong in ["0/4", "5/4", "2", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_name_is_in_one_part() {
        for name in (0..200).map(|number| format!("scenario-{number}")) {
            let takers = (1..=4).filter(|index| Shard::new(*index, 4).unwrap().takes(&name));
            assert_eq!(takers.count(), 1, "{name}");
        }
        let sizes = (1..=4).map(|index| {
            let shard = Shard::new(index, 4).unwrap();
            (0..200)
                .filter(|number| shard.takes(&format!("scenario-{number}")))
                .count()
        });
        assert!(
            sizes.clone().all(|size| size > 30),
            "{:?}",
            sizes.collect::<Vec<_>>()
        );
    }

    #[test]
    fn engines_tell_their_part() {
        let told = |variables: &[(&str, &str)]| {
            let known: BTreeMap<&str, &str> = variables.iter().copied().collect();
            Shard::from_engine(|name| known.get(name).map(|value| (*value).to_owned()))
                .map(|told| told.map(|(shard, _)| shard.to_string()))
        };
        let part = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(
            told(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")]),
            part("2/4")
        );
        assert_eq!(
            told(&[("TEST_SHARD_INDEX", "0"), ("TEST_TOTAL_SHARDS", "3")]),
            part("1/3")
        );
        assert_eq!(
            told(&[
                ("SLURM_ARRAY_TASK_ID", "7"),
                ("SLURM_ARRAY_TASK_COUNT", "3"),
                ("SLURM_ARRAY_TASK_MIN", "5")
            ]),
            part("3/3")
        );
        assert_eq!(
            told(&[("JOB_COMPLETION_INDEX", "1"), ("JOB_COMPLETIONS", "2")]),
            part("2/2")
        );
        assert_eq!(told(&[("JOB_COMPLETION_INDEX", "1")]), Ok(None));
        assert_eq!(
            told(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "1")]),
            Ok(None)
        );
        assert!(told(&[("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "4")]).is_err());
        assert!(told(&[("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "4")]).is_err());
    }
}
