//! A target that is ready to be run with any schedule.

use super::run_options::RunOptions;
use crate::error::Error;
use crate::execute::{Recordings, SupervisorPool, Trial, Trials, learn, refine, trial};
use crate::oracle::Contract;
use crate::schedule::Schedule;
use sigproof_core::StopToken;
use std::sync::Arc;
use std::time::SystemTime;

/// The target, ready to be run with any schedule.
pub(crate) struct RunContext {
    pool: Arc<SupervisorPool>,
    pub(crate) contract: Contract,
    /// With a baseline.
    pub(crate) trials: Option<Arc<Trials>>,
    learned_at: SystemTime,
}

impl RunContext {
    pub(super) fn new(
        pool: &Arc<SupervisorPool>,
        contract: Contract,
        options: &RunOptions,
    ) -> Result<RunContext, Error> {
        let mut trials = None;
        if options.baseline {
            let signal = options.schedule.first_signal().unwrap_or(libc::SIGINT);
            let baseline = learn(pool, &contract, Recordings::of_signal(signal))?;
            let known = Trials::new(Arc::clone(pool), baseline, contract.clone());
            trials = Some(Arc::new(known));
        }
        Ok(RunContext {
            pool: Arc::clone(pool),
            contract,
            trials,
            learned_at: SystemTime::now(),
        })
    }

    pub(crate) fn pool(&self) -> &SupervisorPool {
        &self.pool
    }

    /// Runs and judges a schedule.
    pub(crate) fn run(&self, schedule: &Schedule, traced: bool) -> Result<Trial, Error> {
        let once = || match &self.trials {
            Some(trials) => trials.run(schedule.clone(), traced),
            None => trial::observe(&self.pool, &self.contract, schedule.clone()),
        };
        let trial = once()?;
        if trial.run.all_fired() {
            return Ok(trial);
        }
        // A count can be off once, on a machine under load; not twice.
        once()
    }

    /// Learns what another second of the clock tells.
    pub(super) fn relearn(&mut self, token: &StopToken) -> Result<(), Error> {
        if let Some(trials) = &self.trials
            && let Some(baseline) = refine(
                &self.pool,
                &self.contract,
                &trials.baseline,
                self.learned_at,
                token,
            )?
        {
            self.trials = Some(Arc::new(trials.with_baseline(baseline)));
        }
        Ok(())
    }
}
