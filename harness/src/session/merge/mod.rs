//! Joining the results of shards to what one session gives.

mod coverage;
mod joint;

use super::case::Case;
use super::model::Results;
use crate::explore::Shard;
use joint::Joint;
use std::collections::BTreeMap;
use std::fmt;

/// Why results cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeError {
    /// This case is in two of the files, and they are no parts of it.
    Twice(String),
    /// These are not parts of one case.
    Different {
        /// The case.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// A part is there twice.
    PartTwice {
        /// The case.
        name: String,
        /// The part, such as `2/4`.
        shard: String,
    },
    /// A part is not there.
    PartMissing {
        /// The case.
        name: String,
        /// The part, such as `2/4`.
        shard: String,
    },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Twice(name) => write!(f, "{name} is in two of these files"),
            MergeError::Different { name, what } => {
                write!(
                    f,
                    "{name}: these are not shards of one session; they differ in the {what}"
                )
            }
            MergeError::PartTwice { name, shard } => {
                write!(f, "{name}: shard {shard} is in two of these files")
            }
            MergeError::PartMissing { name, shard } => {
                write!(f, "{name}: shard {shard} is in none of these files")
            }
        }
    }
}

impl std::error::Error for MergeError {}

/// All cases of these results, in the order of their names; parts of one case become that case.
///
/// # Errors
/// Cases that are there twice, and parts that do not fit together or are missing.
pub fn merged(all: impl IntoIterator<Item = Results>) -> Result<Results, MergeError> {
    let mut by_name: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in all.into_iter().flat_map(|results| results.cases) {
        by_name.entry(case.name.clone()).or_default().push(case);
    }
    let cases = by_name.into_values().map(joined);
    Ok(Results::new(cases.collect::<Result<_, _>>()?))
}

/// One case of one name.
fn joined(mut parts: Vec<Case>) -> Result<Case, MergeError> {
    if parts.len() > 1 || parts.iter().any(|part| part.shard.is_some()) {
        check(&parts)?;
    }
    // A part that could not be carried out may not say which it is.
    parts.sort_by_key(|part| (part.shard.is_none(), part.shard.map(|shard| shard.index)));
    Ok(match parts.len() {
        1 => Case {
            shard: None,
            ..parts.remove(0)
        },
        _ => Joint { parts }.case(),
    })
}

fn check(parts: &[Case]) -> Result<(), MergeError> {
    let name = || parts[0].name.clone();
    let shards: Vec<Shard> = parts.iter().filter_map(|part| part.shard).collect();
    let unknown = parts.iter().filter(|part| part.shard.is_none());
    let Some(total) = shards.first().map(|shard| shard.total) else {
        return Err(MergeError::Twice(name()));
    };
    if unknown.clone().any(|part| part.error.is_none()) {
        return Err(MergeError::Twice(name()));
    }
    let mut unknown = unknown.count();
    let known = || parts.iter().filter(|part| part.shard.is_some());
    let first = known().next().unwrap_or(&parts[0]);
    let differ = |what, differs: bool| match differs {
        true => Err(MergeError::Different { name: name(), what }),
        false => Ok(()),
    };
    differ(
        "number of shards",
        shards.iter().any(|shard| shard.total != total),
    )?;
    differ("command", known().any(|part| part.command != first.command))?;
    differ("fault", known().any(|part| part.fault != first.fault))?;
    for index in 1..=total {
        let shard = format!("{index}/{total}");
        match shards.iter().filter(|shard| shard.index == index).count() {
            1 => {}
            0 if unknown > 0 => unknown -= 1,
            0 => {
                return Err(MergeError::PartMissing {
                    name: name(),
                    shard,
                });
            }
            _ => {
                return Err(MergeError::PartTwice {
                    name: name(),
                    shard,
                });
            }
        }
    }
    Ok(())
}
