//! A stored failure without what it does not need: faults, clients and keys of its script, arguments that are marked
//! optional, variables, input files.
//!
//! Whatever is left out, the target is learned anew, the points are looked up again, and the violation has to show in
//! repeated runs as it did: in every one, if it showed in every one before.

pub(crate) mod ddmin;
mod script;

use crate::error::Error;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::execute::{Trial, Trials};
use crate::explore::fuzz::shrink::{Shown, Shrinker};
use crate::explore::single::replay::{located, mapped};
use crate::failure::StoredFailure;
use crate::failure::{Content, PackedFile, PackedInputs};
use crate::failure::{RestoredFailure, restore};
use crate::target::Source;
use ddmin::{group, minimal_subset, optional};
use globset::GlobMatcher;
use sigproof_core::{Stage as Urgency, StopToken};
use std::sync::Arc;
use std::time::Instant;

/// What to do.
#[derive(Debug, Clone)]
pub struct MinimizeOptions {
    /// Arguments that may be left out: each one or more globs with spaces between, for arguments that follow each other
    /// and go together.
    pub optional: Vec<String>,
    /// Runs that each smaller failure is confirmed by.
    pub times: u32,
    /// Runs at most, baselines not counted.
    pub runs: usize,
}

/// What came of it.
pub struct Minimized {
    /// The smaller failure.
    pub failure: StoredFailure,
    /// What was left out, one a line.
    pub dropped: Vec<String>,
    /// In how many of how many runs the original showed.
    pub seen: (u32, u32),
    /// In how many of how many the smaller one did, when it was confirmed last.
    pub confirmed: (u32, u32),
    /// Runs that it took, baselines not counted.
    pub runs: usize,
    /// It was interrupted: not everything was tried.
    pub interrupted: bool,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Leaves out what is not needed. `say` is told what is tried. A failure that does not show any more comes back with
/// `seen.0` 0. When it is interrupted, what was left out so far stays left out.
///
/// # Errors
/// A failure that cannot be run here, a point that is not reached, a bad glob.
pub fn minimise(
    failure: &StoredFailure,
    options: &MinimizeOptions,
    token: &StopToken,
    say: impl FnMut(&str),
) -> Result<Minimized, Error> {
    let groups = options
        .optional
        .iter()
        .map(|text| group(text))
        .collect::<Result<Vec<_>, Error>>()?;
    let mut work = Work {
        best: failure.clone(),
        confirmed: (0, 0),
        share: 0.0,
        times: options.times.max(1),
        left: options.runs,
        used: 0,
        dropped: Vec::new(),
        token,
        say,
    };
    let stage = RestoredFailure::set(failure)?;
    let seen = work.begin(&stage)?;
    let mut notes = stage.notes.clone();
    drop(stage);
    if seen.0 > 0 {
        work.interruptible(Work::drop_script)?;
        work.interruptible(Work::drop_variables)?;
        work.interruptible(Work::drop_stdin)?;
        work.interruptible(Work::drop_files)?;
        work.interruptible(|work| work.drop_arguments(&groups))?;
    }
    if failure.packed.is_none()
        && matches!(
            failure.target.source,
            Source::View(_) | Source::Directory(_)
        )
    {
        notes.push(
            "the input directory is too large to be stored with the failure, so no file of it was left out; name what is needed with --in FILE"
                .to_owned(),
        );
    }
    if work.left == 0 {
        notes.push(format!(
            "the bound of {} runs was met (--runs)",
            options.runs
        ));
    }
    if work.token.is_interrupted() {
        notes.push("interrupted: not everything was tried".to_owned());
    }
    work.best.system = restore::system();
    Ok(Minimized {
        failure: work.best,
        dropped: work.dropped,
        seen,
        confirmed: work.confirmed,
        runs: work.used,
        interrupted: work.token.is_interrupted(),
        notes,
    })
}

/// What is going on.
struct Work<'a, S> {
    /// The smallest failure so far.
    best: StoredFailure,
    confirmed: (u32, u32),
    /// How often the original shows.
    share: f64,
    times: u32,
    left: usize,
    used: usize,
    dropped: Vec<String>,
    token: &'a StopToken,
    say: S,
}

impl<S: FnMut(&str)> Work<'_, S> {
    /// Repeats the original, and shrinks its schedule. Answers how often it showed.
    fn begin(&mut self, stage: &RestoredFailure) -> Result<(u32, u32), Error> {
        (self.say)("repeating it");
        let failure = self.best.clone();
        let pool = Arc::new(SupervisorPool::open(&stage.target, 1, failure.isolation)?);
        let token = self.token;
        until(&pool, token, Urgency::CancelQueued, || {
            let trials = trials(&pool, &failure)?;
            let schedule = located(&failure.schedule, &trials)?;
            let mut seen = 0;
            let mut shown: Option<Trial> = None;
            for _ in 0..self.times {
                let trial = trials.run(schedule.clone(), false)?;
                self.used += 1;
                self.left = self.left.saturating_sub(1);
                if trial.has(&failure.expected.oracle, &failure.expected.subject) {
                    seen += 1;
                    shown = Some(trial);
                }
            }
            self.confirmed = (seen, self.times);
            self.share = f64::from(seen) / f64::from(self.times);
            let Some(trial) = shown else {
                return Ok((0, self.times));
            };
            (self.say)("faults");
            let mut shrinker = Shrinker {
                trials: &trials,
                token,
                oracle: failure.expected.oracle.clone(),
                subject: failure.expected.subject.clone(),
                times: self.times,
                left: self.left,
                reserve: 0,
                used: 0,
                begun: Instant::now(),
            };
            let best = shrinker.shrink(Shown {
                schedule: schedule.clone(),
                seen: self.confirmed,
                trial: Arc::new(trial),
            });
            self.used += shrinker.used;
            self.left = shrinker.left;
            let before = self.confirmed;
            let gone = schedule.steps.len() - best.schedule.steps.len();
            if best.schedule != schedule {
                if gone > 0 {
                    self.dropped
                        .push(format!("{gone} of {} faults", schedule.steps.len()));
                } else {
                    self.dropped
                        .push("what was not simple in its schedule".to_owned());
                }
                self.best.schedule = best.schedule;
                self.confirmed = best.seen;
                self.share = f64::from(best.seen.0) / f64::from(best.seen.1.max(1));
            }
            Ok(before)
        })
    }

    fn over(&self) -> bool {
        self.left == 0 || self.token.is_interrupted()
    }

    /// What was achieved before an interruption stands.
    fn interruptible(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match work(self) {
            Err(error) if error.is_interrupted() => Ok(()),
            other => other,
        }
    }

    /// Whether a smaller failure shows as surely; then it is the best.
    fn take(&mut self, candidate: StoredFailure) -> Result<bool, Error> {
        if self.over() {
            return Ok(false);
        }
        let need = (f64::from(self.times) * self.share).ceil().max(1.0) as u32;
        match self.shows(&candidate, need) {
            Ok(Some(seen)) => {
                self.best = candidate;
                self.confirmed = (seen, self.times);
                Ok(true)
            }
            // Without it the program does not run at all, or never comes to that point.
            Ok(None) => Ok(false),
            Err(error) if error.is_usage() || error.is_not_reached() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn shows(&mut self, candidate: &StoredFailure, need: u32) -> Result<Option<u32>, Error> {
        let stage = RestoredFailure::set(candidate)?;
        let pool = Arc::new(SupervisorPool::open(&stage.target, 1, candidate.isolation)?);
        until(&pool, self.token, Urgency::CancelQueued, || {
            let trials = trials(&pool, candidate)?;
            let schedule = located(&candidate.schedule, &trials)?;
            let expected = &candidate.expected;
            let mut seen = 0;
            for done in 0..self.times {
                if seen + (self.times - done) < need || self.over() {
                    return Ok(None);
                }
                self.used += 1;
                self.left -= 1;
                let trial = trials.run(schedule.clone(), false)?;
                seen += u32::from(trial.has(&expected.oracle, &expected.subject));
            }
            Ok((seen >= need).then_some(seen))
        })
    }

    fn drop_variables(&mut self) -> Result<(), Error> {
        let all = self.best.target.env.clone();
        let kept = minimal_subset(all.clone(), |kept| {
            (self.say)("variables");
            let mut candidate = self.best.clone();
            candidate.target.env = kept.to_vec();
            self.take(candidate)
        })?;
        let gone = all.iter().filter(|one| !kept.contains(one));
        self.dropped
            .extend(gone.map(|(name, _)| format!("the variable {name}")));
        Ok(())
    }

    fn drop_stdin(&mut self) -> Result<(), Error> {
        if self.best.target.stdin.is_none() {
            return Ok(());
        }
        (self.say)("standard input");
        let mut candidate = self.best.clone();
        let path = candidate.target.stdin.take();
        candidate
            .inputs
            .retain(|input| Some(&input.path) != path.as_ref());
        if let Some(packed) = &mut candidate.packed {
            packed.stdin = None;
        }
        if self.take(candidate)? {
            self.dropped.push("standard input".to_owned());
        }
        Ok(())
    }

    fn drop_files(&mut self) -> Result<(), Error> {
        match self.best.packed.clone() {
            Some(packed) => self.drop_packed(packed),
            None => self.drop_listed(),
        }
    }

    /// Files of the parcel, then directories that nothing is in any more.
    fn drop_packed(&mut self, packed: PackedInputs) -> Result<(), Error> {
        let (directories, files): (Vec<PackedFile>, Vec<PackedFile>) = packed
            .entries
            .iter()
            .cloned()
            .partition(|entry| entry.content == Content::Directory);
        let try_with = |work: &mut Self, files: &[PackedFile], directories: &[PackedFile]| {
            (work.say)("files");
            let mut candidate = work.best.clone();
            let keeps = |entry: &&PackedFile| files.contains(entry) || directories.contains(entry);
            candidate.packed = Some(PackedInputs {
                alone: true,
                entries: packed.entries.iter().filter(keeps).cloned().collect(),
                stdin: candidate.packed.and_then(|packed| packed.stdin),
            });
            work.take(candidate)
        };
        let kept_files = minimal_subset(files.clone(), |kept| try_with(self, kept, &directories))?;
        let kept_directories = minimal_subset(directories.clone(), |kept| {
            try_with(self, &kept_files, kept)
        })?;
        let gone = files.iter().filter(|one| !kept_files.contains(one));
        let gone = gone.chain(
            directories
                .iter()
                .filter(|one| !kept_directories.contains(one)),
        );
        self.dropped.extend(gone.map(|entry| entry.path.clone()));
        Ok(())
    }

    /// Whole inputs, when they were too large to be packed.
    fn drop_listed(&mut self) -> Result<(), Error> {
        let Source::Files(all) = self.best.target.source.clone() else {
            return Ok(());
        };
        let kept = minimal_subset(all.clone(), |kept| {
            (self.say)("files");
            let mut candidate = self.best.clone();
            candidate.target.source = Source::Files(kept.to_vec());
            candidate
                .inputs
                .retain(|input| !all.contains(&input.path) || kept.contains(&input.path));
            self.take(candidate)
        })?;
        let gone = all.iter().filter(|path| !kept.contains(path));
        self.dropped
            .extend(gone.map(|path| path.display().to_string()));
        Ok(())
    }

    fn drop_arguments(&mut self, groups: &[Vec<GlobMatcher>]) -> Result<(), Error> {
        let words = self.best.target.command.clone();
        let optional = optional(&words, groups);
        let kept = minimal_subset(optional.clone(), |kept| {
            (self.say)("arguments");
            let mut candidate = self.best.clone();
            let gone = optional.iter().filter(|group| !kept.contains(group));
            let gone: Vec<usize> = gone.flat_map(|(from, to)| *from..*to).collect();
            let left = words.iter().enumerate();
            candidate.target.command = left
                .filter(|(place, _)| !gone.contains(place))
                .map(|(_, word)| word.clone())
                .collect();
            self.take(candidate)
        })?;
        let gone = optional.iter().filter(|group| !kept.contains(group));
        self.dropped
            .extend(gone.map(|(from, to)| format!("the argument {}", words[*from..*to].join(" "))));
        Ok(())
    }
}

fn trials(pool: &Arc<SupervisorPool>, failure: &StoredFailure) -> Result<Trials, Error> {
    let signal = failure.schedule.first_signal().unwrap_or(libc::SIGINT);
    let wanted = Recordings {
        signal,
        mapped: mapped(&failure.schedule),
        all: failure.all_calls,
        named: false,
        quiet: false,
    };
    let baseline = learn(pool, &failure.contract, wanted)?;
    Ok(Trials::new(
        Arc::clone(pool),
        baseline,
        failure.contract.clone(),
    ))
}
