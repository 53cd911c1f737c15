//! What a session finds: judged once more, repeated, shrunk and kept; and what earlier ones kept, tried first.

use super::findings::violations;
use super::report::FuzzFinding;
use super::search::Search;
use super::shrink::{Shown, Shrinker};
use crate::error::Error;
use crate::execute::baseline::refine;
use crate::execute::trial::Trial;
use crate::explore::finding::Finding;
use crate::explore::fuzz::FuzzProgress;
use std::sync::Arc;
use std::time::Instant;

impl Search<'_> {
    /// Tries what earlier sessions kept.
    pub(crate) fn try_kept(
        &mut self,
        progress: &mut impl FnMut(FuzzProgress<'_>),
    ) -> Result<(), Error> {
        let Some(regressions) = &self.regressions else {
            return Ok(());
        };
        self.kept.path = regressions.path().to_owned();
        self.kept.other = regressions.made_for_another(&self.trials.pool.target().command);
        let schedules = regressions.schedules(&self.trials.baseline.points)?;
        for (entry, schedule) in schedules {
            if self.token.is_interrupted() {
                return Ok(());
            }
            self.kept.tried += 1;
            progress(FuzzProgress::Again { text: &entry.text });
            let mut shown: Option<(Trial, u32)> = None;
            let times = self.options.confirm + 1;
            for _ in 0..times {
                let Ok(trial) = self.trials.run(schedule.clone(), false) else {
                    break;
                };
                self.repeats += 1;
                if trial.has(&entry.oracle, &entry.subject) {
                    let seen = shown.as_ref().map_or(0, |(_, seen)| *seen);
                    shown = Some((trial, seen + 1));
                }
            }
            let Some((trial, seen)) = shown else {
                continue;
            };
            self.kept.shown += 1;
            let same = |found: &FuzzFinding| {
                (found.finding.oracle, &found.finding.subject) == (&entry.oracle, &entry.subject)
            };
            for mut found in violations(0, &Arc::new(trial)).into_iter().filter(same) {
                found.finding.seen = (seen, times);
                found.kept = Some(entry.seed);
                if self.ledger.wants(&found.finding) {
                    self.ledger.keep(found);
                }
            }
        }
        Ok(())
    }

    /// Judges violations once more, repeats and shrinks what is new.
    pub(crate) fn take(
        &mut self,
        violated: Vec<(usize, Trial)>,
        progress: &mut impl FnMut(FuzzProgress<'_>),
    ) -> Result<(), Error> {
        if !self.relearned {
            progress(FuzzProgress::Relearning);
            self.relearned = true;
            let trials = &self.trials;
            match refine(
                &trials.pool,
                &trials.contract,
                &trials.baseline,
                self.learned_at,
                self.token,
            ) {
                Ok(Some(baseline)) => self.trials = Arc::new(trials.with_baseline(baseline)),
                Ok(None) => {}
                Err(error) if error.is_interrupted() => {}
                Err(error) => return Err(error),
            }
        }
        for (run, trial) in violated {
            let trial = Arc::new(self.trials.judge(trial.schedule, trial.run));
            for mut found in violations(run, &trial) {
                if !self.ledger.wants(&found.finding) {
                    continue;
                }
                let text = found.finding.text.clone();
                progress(FuzzProgress::Confirming { text: &text });
                self.confirm(&mut found.finding);
                if self.options.shrink > 0 && !self.token.is_interrupted() {
                    progress(FuzzProgress::Shrinking { text: &text });
                    self.shrink(&mut found);
                }
                self.ledger.keep(found);
            }
        }
        Ok(())
    }

    /// Runs a finding again, to see whether it shows each time.
    fn confirm(&mut self, finding: &mut Finding) {
        for _ in 0..self.options.confirm {
            if self.token.is_interrupted() {
                return;
            }
            let Ok(trial) = self.trials.run(finding.schedule.clone(), false) else {
                return;
            };
            self.repeats += 1;
            finding.seen.0 += u32::from(trial.has(finding.oracle, &finding.subject));
            finding.seen.1 += 1;
        }
    }

    /// Puts the smallest schedule in place of the one that was found.
    fn shrink(&mut self, found: &mut FuzzFinding) {
        let finding = &mut found.finding;
        let Some(trial) = finding.trial.clone() else {
            return;
        };
        let most = self.options.shrink;
        let sure = finding.seen.0 > 1;
        let mut shrinker = Shrinker {
            trials: &self.trials,
            token: self.token,
            oracle: finding.oracle.to_owned(),
            subject: finding.subject.clone(),
            times: self.options.confirm + 1,
            // What did not show again may never: another schedule of the same finding may be better.
            left: if sure { most } else { most.div_ceil(4) },
            reserve: if sure { 0 } else { most - most.div_ceil(4) },
            used: 0,
            begun: Instant::now(),
        };
        let best = shrinker.shrink(Shown {
            schedule: finding.schedule.clone(),
            seen: finding.seen,
            trial,
        });
        found.shrinking = shrinker.used;
        self.repeats += shrinker.used;
        finding.schedule = best.schedule;
        finding.seen = best.seen;
        let shown = violations(found.run, &best.trial);
        if let Some(again) = shown.into_iter().find(|again| {
            (again.finding.oracle, &again.finding.subject) == (finding.oracle, &finding.subject)
        }) {
            finding.text = again.finding.text;
            finding.points = again.finding.points;
        }
        finding.trial = Some(best.trial);
    }

    /// Keeps what was found for later sessions.
    pub(crate) fn keep_found(&mut self, notes: &mut Vec<String>) {
        let Some(regressions) = &mut self.regressions else {
            return;
        };
        if let Some(other) = &self.kept.other {
            notes.push(format!(
                "{} was made for another command: {other}",
                regressions.path().display()
            ));
        }
        let mut added = 0;
        // What showed once, and never again, is no schedule to try first.
        let worth = self.ledger.found.iter();
        for found in worth.filter(|found| found.finding.seen.0 > 1 && found.kept.is_none()) {
            added += usize::from(regressions.add(found, self.options.seed));
        }
        if added == 0 {
            return;
        }
        match regressions.write() {
            Ok(()) => self.kept.added = added,
            Err(error) => notes.push(format!(
                "cannot keep what was found in {}: {error}",
                regressions.path().display()
            )),
        }
    }
}
