//! Latencies over repeated runs of one schedule.

use crate::facts::Run;
use crate::oracle::{Contract, Evidence, latencies_ns};

/// Latencies that are promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// How many runs are measured, 1 to 10,000.
    pub runs: u32,
    /// What is promised.
    pub limits: Vec<Limit>,
}

/// A bound on a latency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// From which signal (from 0) to the end; `None` for "from a signal to the
    /// next word", the slowest signal of a run.
    pub exit_after: Option<usize>,
    /// Which share of the runs keeps it, in percent: 50 or 99.
    pub percentile: u8,
    /// The bound, in milliseconds.
    pub limit_ms: u64,
}

/// A limit, and what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was promised.
    pub limit: Limit,
    /// How many runs told.
    pub runs: usize,
    /// Half of them took at most this long, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 took at most this long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Limit {
    /// What is measured, in words.
    pub fn name(&self) -> String {
        match self.exit_after {
            None => "acknowledged".to_owned(),
            Some(signal) => format!("exit after signal {}", signal + 1),
        }
    }

    /// `p50` or `p99`.
    pub fn quantile(&self) -> String {
        format!("p{}", self.percentile)
    }

    fn of_run(&self, contract: &Contract, run: &Run) -> Option<u64> {
        match self.exit_after {
            // One that had to be killed took as long as it was allowed to, at least.
            Some(signal) => {
                let fired = run.fired_ns.get(signal).copied().flatten()?;
                Some(run.end_ns.saturating_sub(fired))
            }
            None => {
                let pattern = contract
                    .acknowledged
                    .as_ref()
                    .and_then(|asked| asked.pattern.as_deref());
                latencies_ns(run, pattern)
                    .into_iter()
                    .map(|latency| latency.unwrap_or(run.end_ns))
                    .max()
            }
        }
    }
}

impl Measured {
    /// Takes the measure of these runs. `None` when none of them tells.
    pub(crate) fn of(limit: &Limit, contract: &Contract, runs: &[Run]) -> Option<Measured> {
        let mut sorted: Vec<u64> = runs
            .iter()
            .filter_map(|run| limit.of_run(contract, run))
            .collect();
        sorted.sort_unstable();
        Some(Measured {
            limit: limit.clone(),
            runs: sorted.len(),
            p50_ms: percentile(&sorted, 50)?,
            p99_ms: percentile(&sorted, 99)?,
            max_ms: percentile(&sorted, 100)?,
        })
    }

    /// The share of the runs that is promised kept the limit.
    pub fn holds(&self) -> bool {
        self.value_ms() <= self.limit.limit_ms as f64
    }

    fn value_ms(&self) -> f64 {
        match self.limit.percentile {
            50 => self.p50_ms,
            _ => self.p99_ms,
        }
    }

    /// What is wrong.
    pub(crate) fn evidence(&self) -> Evidence {
        Evidence::new(
            format!("{} {}", self.limit.name(), self.limit.quantile()),
            format!(
                "{}: {} of {} runs is {:.0} ms, {} ms are allowed (half of them took {:.0} ms, the longest {:.0} ms)",
                self.limit.name(),
                self.limit.quantile(),
                self.runs,
                self.value_ms(),
                self.limit.limit_ms,
                self.p50_ms,
                self.max_ms
            ),
        )
    }
}

/// The nearest rank, in milliseconds.
fn percentile(sorted: &[u64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|ns| *ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(fired_ms: u64, end_ms: u64) -> Run {
        Run {
            fired_ns: vec![Some(fired_ms * 1_000_000)],
            end_ns: end_ms * 1_000_000,
            ..Run::default()
        }
    }

    #[test]
    fn a_limit_is_kept_by_its_share_of_the_runs() {
        let mut runs: Vec<Run> = (1..=99).map(|ms| run(10, 10 + ms)).collect();
        runs.push(run(10, 5_000));
        let limit = |percentile, limit_ms| Limit {
            exit_after: Some(0),
            percentile,
            limit_ms,
        };
        let measured =
            |limit| Measured::of(&limit, &Contract::default(), &runs).expect("runs that tell");
        assert!(measured(limit(50, 50)).holds());
        assert!(!measured(limit(50, 49)).holds());
        assert!(measured(limit(99, 99)).holds());
        assert!(!measured(limit(99, 98)).holds());
        assert_eq!(measured(limit(99, 99)).max_ms, 4990.0);
        let never = Limit {
            exit_after: Some(1),
            ..limit(99, 1)
        };
        assert_eq!(Measured::of(&never, &Contract::default(), &runs), None);
    }
}
